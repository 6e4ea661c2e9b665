/** Sums over instances, what a restart and an unload do to them, and names that contradict. */
import { strict as check } from "node:assert";
import test from "node:test";
import { type MetricDeclaration, mostSeries } from "../protocol/custom-metric.ts";
import { CustomMetrics } from "./custom-metrics.ts";

interface Fixture {
  readonly metrics: CustomMetrics;
  readonly there: Set<string>;
  readonly warnings: string[];
}

function fixture(): Fixture {
  const there = new Set(["a", "b"]);
  const warnings: string[] = [];
  const log = {
    verbose() {},
    info() {},
    warning: (message: string) => void warnings.push(message),
    error() {},
  };
  const metrics = new CustomMetrics({ log, isThere: (model) => there.has(model) });
  return { metrics, there, warnings };
}

function metric(
  name: string,
  kind: MetricDeclaration["kind"],
  more: Partial<MetricDeclaration> = {},
): MetricDeclaration {
  const buckets = kind === "histogram" ? [1, 2] : [];
  return { name, kind, help: name, labels: [], buckets, combine: "sum", ...more };
}

/** Each series with its labels and value. */
function shown(metrics: CustomMetrics): readonly unknown[] {
  return metrics.families().map(({ name, series }) => {
    return [name, series.map(({ model, labels, value }) => [model, ...labels.flat(), value])];
  });
}

test("counters and histograms are sums over instances, and never go back", () => {
  const { metrics } = fixture();
  const store = metrics.open("a", 1);
  for (let instance = 0; instance < 2; instance += 1) {
    store.instanceStarted(instance);
    store.declare(metric("n", "counter", { labels: ["l"] }));
    store.declare(metric("h", "histogram"));
    store.record(instance, [
      { name: "n", labels: ["x"], value: 2 },
      { name: "h", labels: [], counts: [1, 0, 1], sum: 9.5 },
    ]);
  }
  store.instanceStarted(0);
  store.record(0, [{ name: "n", labels: ["x"], value: 1 }]);
  const snapshot = { upperBounds: [1, 2], counts: [2, 2, 4], sum: 19, count: 4 };
  check.deepEqual(shown(metrics), [
    ["n", [["a", "l", "x", 5]]],
    ["h", [["a", snapshot]]],
  ]);
});

test("a gauge is what the living instances make together", () => {
  const { metrics } = fixture();
  const store = metrics.open("a", 1);
  store.declare(metric("sum", "gauge"));
  store.declare(metric("last", "gauge", { combine: "last" }));
  check.deepEqual(shown(metrics), [
    ["sum", []],
    ["last", []],
  ]);
  for (const [instance, value] of [
    [0, 5],
    [1, 7],
    [0, 6],
  ] as const) {
    store.record(instance, [
      { name: "sum", labels: [], value },
      { name: "last", labels: [], value },
    ]);
  }
  check.deepEqual(shown(metrics), [
    ["sum", [["a", 13]]],
    ["last", [["a", 6]]],
  ]);
  store.instanceStarted(0);
  check.deepEqual(shown(metrics), [
    ["sum", [["a", 7]]],
    ["last", [["a", 7]]],
  ]);
});

test("without labels a counter is there, at zero, before anybody counts", () => {
  const { metrics } = fixture();
  metrics.open("a", 1).declare(metric("n", "counter"));
  check.deepEqual(shown(metrics), [["n", [["a", 0]]]]);
});

test("a name that two models have is one family; what is gone has no series", () => {
  const { metrics, there } = fixture();
  metrics.open("a", 1).declare(metric("n", "counter"));
  metrics.open("b", 1).declare(metric("n", "counter"));
  check.deepEqual(shown(metrics), [
    [
      "n",
      [
        ["a", 0],
        ["b", 0],
      ],
    ],
  ]);
  there.delete("a");
  check.deepEqual(shown(metrics), [["n", [["b", 0]]]]);
});

test("a load begins anew", () => {
  const { metrics } = fixture();
  const before = metrics.open("a", 1);
  before.declare(metric("n", "counter"));
  before.record(0, [{ name: "n", labels: [], value: 3 }]);
  metrics.open("a", 1).declare(metric("n", "counter"));
  check.deepEqual(shown(metrics), [["n", [["a", 0]]]]);
});

test("contradictions, with other models and other instances, as long as they are there", () => {
  const { metrics, there } = fixture();
  metrics.open("a", 1).declare(metric("n", "counter", { help: "Things" }));
  const store = metrics.open("b", 1);
  const refuses = (declaration: MetricDeclaration, message: string): void => {
    check.throws(() => store.declare(declaration), { name: "TypeError", message });
  };
  const whose = "metric 'n' contradicts metric 'n' of model 'a'";
  refuses(metric("n", "gauge"), `${whose}: it is a counter there, and a gauge here`);
  refuses(metric("n", "counter"), `${whose}: its help is "Things" there`);
  store.declare(metric("n", "counter", { help: "Things", labels: ["l"] }));
  refuses(
    metric("n", "counter", { help: "Things" }),
    "metric 'n' has other labels or options in another instance of model 'b'",
  );
  store.record(0, [{ name: "unknown", labels: [], value: 1 }]);
  there.delete("a");
  metrics.open("b", 1).declare(metric("n", "gauge"));
});

test("series beyond the limit are dropped, counted, and told once", () => {
  const { metrics, warnings } = fixture();
  const store = metrics.open("a", 1);
  store.declare(metric("n", "counter", { labels: ["l"] }));
  store.declare(metric("h", "histogram", { labels: ["l"] }));
  for (let index = 0; index <= mostSeries + 1; index += 1) {
    store.record(0, [{ name: "n", labels: [`${index}`], value: 1 }]);
  }
  check.equal(metrics.droppedCount("a", 1), 2);
  store.record(0, [{ name: "n", droppedCount: 5 }]);
  for (let index = 0; index <= mostSeries; index += 1) {
    store.record(0, [{ name: "h", labels: [`${index}`], counts: [2, 1, 0], sum: 1 }]);
  }
  check.equal(metrics.droppedCount("a", 1), 10);
  check.equal(metrics.droppedCount("b", 1), 0);
  const why = "has more than 1000 sets of label values: what comes beyond is dropped";
  check.deepEqual(warnings, [`metric 'n' of model 'a' ${why}`, `metric 'h' of model 'a' ${why}`]);
  store.record(0, [{ name: "n", labels: ["0"], value: 1 }]);
  const [family] = metrics.families();
  check.deepEqual(family?.series[0]?.value, 2, "those that are there go on");
});
