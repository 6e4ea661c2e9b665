/** What a model records, as it is told; and what it may not declare or record. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ModelMetrics } from "../definition/model-metrics.ts";
import { type MetricUpdate, mostSeries } from "../protocol/custom-metric.ts";
import { MetricsRecorder } from "./metrics-recorder.ts";

interface Recording {
  readonly metrics: MetricsRecorder;
  readonly declared: string[];
  /** What it was told, one entry for each telling. */
  readonly told: (readonly MetricUpdate[])[];
}

function recording(): Recording {
  const declared: string[] = [];
  const told: (readonly MetricUpdate[])[] = [];
  const metrics = new MetricsRecorder({
    declare: ({ name }) => void declared.push(name),
    record: (updates) => void told.push(updates),
  });
  return { metrics, declared, told };
}

test("counters tell by how much they grew, gauges what they are, once", () => {
  const { metrics, declared, told } = recording();
  const words = metrics.counter("words_total", { labels: ["language"] });
  const depth = metrics.gauge("depth");
  words.add(2, { language: "de" });
  words.add(undefined, { language: "de" });
  words.add(1, { language: "fr" });
  depth.set(5);
  depth.add(-2);
  metrics.flush();
  check.deepEqual(told.splice(0), [
    [
      { name: "words_total", labels: ["de"], value: 3 },
      { name: "words_total", labels: ["fr"], value: 1 },
      { name: "depth", labels: [], value: 3 },
    ],
  ]);
  metrics.flush();
  check.deepEqual(told, [], "nothing has changed");
  metrics.counter("words_total", { labels: ["language"] }).add(4, { language: "fr" });
  depth.add(1);
  metrics.flush();
  check.deepEqual(told, [
    [
      { name: "words_total", labels: ["fr"], value: 4 },
      { name: "depth", labels: [], value: 4 },
    ],
  ]);
  check.deepEqual(declared, ["words_total", "depth"], "the same name is the same metric");
});

test("histograms count by bucket, whose bounds are part of them", () => {
  const { metrics, told } = recording();
  const sizes = metrics.histogram("sizes", { buckets: [1, 10] });
  for (const value of [0.5, 1, 2, 10, 11, -3]) sizes.observe(value);
  metrics.flush();
  check.deepEqual(told.splice(0), [[{ name: "sizes", labels: [], counts: [3, 2, 1], sum: 21.5 }]]);
  sizes.observe(4);
  metrics.flush();
  check.deepEqual(told, [[{ name: "sizes", labels: [], counts: [0, 1, 0], sum: 4 }]]);
});

test("outside of a batch all of a turn is told at its end", async () => {
  const { metrics, told } = recording();
  const ticks = metrics.counter("ticks_total");
  for (let index = 0; index < 5; index += 1) ticks.add();
  check.deepEqual(told, []);
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  check.deepEqual(told, [[{ name: "ticks_total", labels: [], value: 5 }]]);
});

test("more series than there is room for are counted, and not kept", () => {
  const { metrics, told } = recording();
  const users = metrics.gauge("users", { labels: ["name"] });
  for (let index = 0; index < mostSeries + 3; index += 1) users.set(index, { name: `${index}` });
  metrics.flush();
  const [updates = []] = told;
  check.equal(updates.length, mostSeries + 1);
  check.deepEqual(updates.at(-1), { name: "users", droppedCount: 3 });
});

const refused: readonly (readonly [use: (metrics: ModelMetrics) => unknown, message: string])[] = [
  [
    (m) => m.counter("a-b"),
    "the name of a metric must be letters, digits, underscores and colons, not beginning with " +
      'a digit; got "a-b"',
  ],
  [
    (m) => m.counter("nv_words"),
    "metric 'nv_words': names that begin with nv_ and shoal_ are the server's own",
  ],
  [(m) => m.counter("a", { help: "" }), `metric 'a': 'help' must be a text; got ""`],
  [
    (m) => m.counter("a", { labels: ["a-b"] }),
    `metric 'a': 'labels' must be letters, digits and underscores; got "a-b"`,
  ],
  [
    (m) => m.counter("a", { labels: ["version"] }),
    "metric 'a': label 'version' is the server's own: it stands there already",
  ],
  [
    (m) => m.counter("a", { labels: ["b", "b"] }),
    `metric 'a': 'labels' must be different names; got ["b", "b"]`,
  ],
  [
    (m) => m.histogram("a", { buckets: [1, 1] }),
    "metric 'a': 'buckets' must be 1 to 100 numbers, ascending; got [1, 1]",
  ],
  [
    (m) => m.gauge("a", { combine: "mean" as "sum" }),
    `metric 'a': 'combine' must be "sum" or "last"; got "mean"`,
  ],
  [
    (m) => m.counter("a", { buckets: [1] } as object),
    "metric 'a': unknown option 'buckets' (there are help, labels)",
  ],
  [
    (m) => [m.counter("a"), m.gauge("a")],
    "metric 'a' contradicts metric 'a': it is a counter there, and a gauge here",
  ],
  [
    (m) => [m.counter("a", { labels: ["b"] }), m.counter("a")],
    "metric 'a' is there already, with other labels or options",
  ],
  [
    (m) => [m.histogram("a"), m.counter("a_count")],
    "metric 'a_count' contradicts metric 'a': both have samples of the name 'a_count'",
  ],
  [(m) => m.counter("a").add(-1), "metric 'a': a number from 0 is added to it; got -1"],
  [(m) => m.gauge("a").add(Number.NaN), "metric 'a': a number is added to it; got NaN"],
  [(m) => m.gauge("a").set("5" as never), "metric 'a': it is set to a number; got 5"],
  [(m) => m.histogram("a").observe(Number.NaN), "metric 'a': it observes numbers; got NaN"],
  [(m) => m.counter("a").add(1, { b: "c" }), "metric 'a': its labels are none; got b"],
  [
    (m) => m.counter("a", { labels: ["b"] }).add(1, { c: 1 }),
    "metric 'a': its labels are b; got c",
  ],
  [(m) => m.counter("a", { labels: ["b"] }).add(), "metric 'a': its labels are b; got none"],
];

for (const [use, message] of refused) {
  test(`refused: ${message}`, () => {
    check.throws(() => use(recording().metrics), { name: "TypeError", message });
  });
}
