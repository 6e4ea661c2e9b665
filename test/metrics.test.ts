/**
 * The metrics page: its form, its names, and that its figures are those of the statistics.
 */
import { strict as check } from "node:assert";
import { after, test } from "node:test";
import { createServer, fp32, InferenceError, model, type Server } from "shoal";
import { quietLoopback } from "./conformance/server.ts";
import { HeldCalls, heldModel } from "./held-model.ts";
import { MetricsPage } from "./prometheus-text.ts";
import { until } from "./until.ts";

const quiet = { ...quietLoopback, allowMetrics: true } as const;

async function pageOf(server: Server): Promise<MetricsPage> {
  const response = await fetch(`${server.urls.metrics}/metrics`);
  check.equal(response.status, 200);
  check.equal(response.headers.get("content-type"), "text/plain; charset=utf-8");
  return new MetricsPage(await response.text());
}

interface Duration {
  readonly count: number;
  readonly ns: number;
}

interface Statistics {
  readonly name: string;
  readonly version: string;
  readonly inference_count: number;
  readonly execution_count: number;
  readonly inference_stats: Readonly<Record<string, Duration>>;
  readonly batch_stats: readonly { readonly batch_size: number; compute_infer: Duration }[];
}

async function statisticsOf(server: Server): Promise<readonly Statistics[]> {
  const response = await fetch(`${server.urls.http}/v2/models/stats`);
  return ((await response.json()) as { model_stats: readonly Statistics[] }).model_stats;
}

const picky = model("picky", {
  inputs: { X: fp32(1) },
  outputs: { X: fp32(1) },
  maxBatchSize: 8,
  infer: ({ X }) => {
    if (X.data.some((value) => value < 0)) throw new InferenceError("INVALID_ARGUMENT", "below 0");
    return { X };
  },
});

const calls = new HeldCalls();
const held = heldModel("held", calls, {
  maxBatchSize: 4,
  batching: { queue: { maxSize: 3 } },
});

const server = createServer([picky, held], quiet);
const started = server.listen().then(() => server.ready);
after(() => server.close());

const modelNames = {
  nv_inference_request_success: "counter",
  nv_inference_request_failure: "counter",
  nv_inference_count: "counter",
  nv_inference_exec_count: "counter",
  nv_inference_request_duration_us: "counter",
  nv_inference_queue_duration_us: "counter",
  nv_inference_compute_input_duration_us: "counter",
  nv_inference_compute_infer_duration_us: "counter",
  nv_inference_compute_output_duration_us: "counter",
  nv_inference_pending_request_count: "gauge",
  nv_model_load_duration_secs: "gauge",
  shoal_request_duration_seconds: "histogram",
  shoal_queue_duration_seconds: "histogram",
  shoal_compute_duration_seconds: "histogram",
  shoal_batch_rows: "histogram",
  shoal_batch_closed_total: "counter",
  shoal_isolated_batches_total: "counter",
  shoal_isolated_parts_total: "counter",
  shoal_running_requests: "gauge",
  shoal_shared_requests_total: "counter",
  shoal_following_requests: "gauge",
  shoal_instances: "gauge",
  shoal_instance_restarts_total: "counter",
  shoal_metric_updates_dropped_total: "counter",
} as const;

/** Their series are those of models with a cache, and here is none. */
const cacheNames = {
  nv_cache_num_hits_per_model: "counter",
  nv_cache_num_misses_per_model: "counter",
  nv_cache_hit_duration_per_model: "counter",
  nv_cache_miss_duration_per_model: "counter",
} as const;

const serverNames = {
  nv_cache_util: "gauge",
  nv_cache_num_entries: "gauge",
  nv_cache_num_hits: "gauge",
  nv_cache_num_misses: "gauge",
  nv_cache_num_lookups: "gauge",
  nv_cache_num_evictions: "gauge",
  nv_cache_lookup_duration: "gauge",
  nv_cache_insertion_duration: "gauge",
  nv_cpu_utilization: "gauge",
  nv_cpu_memory_total_bytes: "gauge",
  nv_cpu_memory_used_bytes: "gauge",
  nv_pinned_memory_pool_total_bytes: "gauge",
  nv_pinned_memory_pool_used_bytes: "gauge",
  shoal_event_loop_lag_seconds: "histogram",
} as const;

/** Labels beside the model's, with all their values. */
const moreLabels: Readonly<Record<string, readonly [label: string, values: readonly string[]]>> = {
  nv_inference_request_failure: ["reason", ["REJECTED", "CANCELED", "BACKEND", "OTHER"]],
  shoal_batch_closed_total: ["why", ["full", "preferred", "delay", "shape", "no_delay", "expiry"]],
  shoal_instances: ["state", ["ready", "busy", "loading", "dead"]],
};

test("every name is there from the start, and no other", async () => {
  await started;
  const { families } = await pageOf(server);
  const types = Object.fromEntries([...families].map(([name, { type }]) => [name, type]));
  check.deepEqual(types, { ...modelNames, ...cacheNames, ...serverNames });
});

test("every series of a model is there, with the labels of its family", async () => {
  await started;
  const { families } = await pageOf(server);
  for (const name of Object.keys(modelNames)) {
    const samples = families.get(name)?.samples ?? [];
    const [label, values] = moreLabels[name] ?? [];
    const known = ["model", "version", ...(label === undefined ? [] : [label])].sort();
    for (const { labels } of samples) {
      check.deepEqual(Object.keys({ ...labels, le: "" }).sort(), [...known, "le"].sort(), name);
      check.equal(labels["version"], "1");
    }
    const models = new Set(samples.map(({ labels }) => labels["model"]));
    check.deepEqual([...models].sort(), ["held", "picky"], name);
    if (label === undefined) continue;
    const own = samples.filter(({ labels }) => labels["model"] === "held");
    check.deepEqual(
      own.map(({ labels }) => labels[label]),
      values,
    );
  }
});

test("counters begin at zero", async () => {
  await started;
  const { families } = await pageOf(server);
  const counters = [...families.values()].filter(({ type }) => type === "counter");
  for (const { name, samples } of counters) {
    check.deepEqual(
      samples.filter(({ value }) => value !== 0),
      [],
      name,
    );
  }
});

test("labels stand in alphabetical order, but the bound of a bucket at the end", async () => {
  await started;
  const { families } = await pageOf(server);
  for (const { samples } of families.values()) {
    for (const { labels } of samples) {
      const keys = Object.keys(labels);
      const sorted = keys.filter((key) => key !== "le").sort();
      check.deepEqual(keys, "le" in labels ? [...sorted, "le"] : sorted);
    }
  }
});

test("a loaded model has ready instances, and says how long it took", async () => {
  await started;
  const page = await pageOf(server);
  check.equal(page.value("shoal_instances", { model: "picky", state: "ready" }), 1);
  check.equal(page.value("shoal_instances", { model: "picky", state: "busy" }), 0);
  check.ok((page.value("nv_model_load_duration_secs", { model: "picky" }) ?? 0) > 0);
});

/** Every figure that both have, as the page and as the statistics tell it. */
function checkAgreement(page: MetricsPage, statistics: Statistics): void {
  const { name, version, inference_stats: stats } = statistics;
  const labels = { model: name, version };
  const figure = (metric: string): number | undefined => page.value(metric, labels);
  check.equal(figure("nv_inference_request_success"), stats["success"]?.count);
  const failures = moreLabels["nv_inference_request_failure"]?.[1] ?? [];
  const failed = failures.map((reason) => {
    return page.value("nv_inference_request_failure", { ...labels, reason }) ?? 0;
  });
  check.equal(
    failed.reduce((sum, count) => sum + count, 0),
    stats["fail"]?.count,
  );
  check.equal(figure("nv_inference_count"), statistics.inference_count);
  check.equal(figure("nv_inference_exec_count"), statistics.execution_count);
  for (const [metric, of] of [
    ["request", "success"],
    ["queue", "queue"],
    ["compute_input", "compute_input"],
    ["compute_infer", "compute_infer"],
    ["compute_output", "compute_output"],
  ]) {
    const micros = figure(`nv_inference_${metric}_duration_us`);
    check.equal(micros, Math.round((stats[of ?? ""]?.ns ?? 0) / 1000), metric);
    check.equal(stats[of ?? ""]?.count, stats["success"]?.count, of);
  }
  const rows = statistics.batch_stats.map((batch) => batch.batch_size * batch.compute_infer.count);
  check.equal(figure("shoal_batch_rows_count"), statistics.execution_count);
  check.equal(
    figure("shoal_batch_rows_sum"),
    rows.reduce((sum, count) => sum + count, 0),
  );
  check.equal(figure("shoal_request_duration_seconds_count"), stats["success"]?.count);
  const seconds = figure("shoal_request_duration_seconds_sum") ?? 0;
  check.ok(Math.abs(seconds - (stats["success"]?.ns ?? 0) / 1e9) < 1e-9);
}

async function checkAllAgree(): Promise<MetricsPage> {
  const [page, statistics] = [await pageOf(server), await statisticsOf(server)];
  check.equal(statistics.length, 2);
  for (const each of statistics) checkAgreement(page, each);
  return page;
}

test("the figures are those of the statistics, whatever happens to requests", async () => {
  await started;
  const infer = (rows: readonly number[], signal?: AbortSignal): Promise<unknown> => {
    const request = { model: held, inputs: { X: rows.map((value) => [value]) } };
    return server.infer(request, signal === undefined ? {} : { signal });
  };
  await Promise.all([
    server.infer({ model: picky, inputs: { X: [[1], [2], [3]] } }),
    server.infer({ model: picky, inputs: { X: [[4]] } }),
  ]);
  await checkAllAgree();

  await check.rejects(server.infer({ model: picky, inputs: { X: [[-1]] } }), /below 0/);
  await check.rejects(
    server.infer({ model: "picky", inputs: { X: [[1, 2]] } }),
    /unexpected shape/,
    "what is refused before the scheduler is in no statistics",
  );
  const failed = await checkAllAgree();
  const failures = (model: string, reason: string): number | undefined =>
    failed.value("nv_inference_request_failure", { model, reason });
  check.deepEqual(
    ["REJECTED", "CANCELED", "BACKEND", "OTHER"].map((reason) => failures("picky", reason)),
    [0, 0, 1, 0],
  );

  const first = infer([1]);
  const call = await calls.next();
  const leaving = new AbortController();
  const left = check.rejects(infer([2], leaving.signal), { code: "CANCELLED" });
  const waiting = [infer([3, 4]), infer([5])];
  const rejected = check.rejects(infer([6]), /Exceeds maximum queue size/);
  await rejected;
  const busy = await pageOf(server);
  const heldFigure = (name: string, labels = {}): number | undefined =>
    busy.value(name, { model: "held", ...labels });
  check.equal(heldFigure("nv_inference_pending_request_count"), 3);
  check.equal(heldFigure("shoal_running_requests"), 1);
  check.equal(heldFigure("shoal_instances", { state: "busy" }), 1);
  check.equal(heldFigure("shoal_instances", { state: "ready" }), 0);
  leaving.abort();
  await left;
  call.release();
  await first;
  (await calls.next()).release();
  await Promise.all(waiting);

  const page = await checkAllAgree();
  const figure = (name: string, labels = {}): number | undefined =>
    page.value(name, { model: "held", ...labels });
  check.equal(figure("nv_inference_pending_request_count"), 0);
  check.equal(figure("shoal_running_requests"), 0);
  check.equal(figure("nv_inference_request_failure", { reason: "CANCELED" }), 1);
  check.equal(figure("nv_inference_request_failure", { reason: "REJECTED" }), 1);
  check.equal(figure("nv_inference_request_success"), 3);
  check.equal(figure("nv_inference_count"), 4);
  check.equal(figure("nv_inference_exec_count"), 2);
  check.equal(figure("shoal_batch_rows_bucket", { le: "1" }), 1);
  check.equal(figure("shoal_batch_rows_bucket", { le: "4" }), 2);
});

test("asking changes nothing, however often", async () => {
  await started;
  const models = async (): Promise<string> => {
    const text = await (await fetch(`${server.urls.metrics}/metrics`)).text();
    return text
      .split("\n")
      .filter((line) => line.includes("model="))
      .join("\n");
  };
  const before = await models();
  const pages = await Promise.all(Array.from({ length: 20 }, models));
  for (const page of pages) check.equal(page, before);
});

test("only the page itself is there, and only to be read", async () => {
  await started;
  const url = server.urls.metrics ?? "";
  for (const path of ["/metrics", "/metrics/", "/metrics?x=1"]) {
    check.equal((await fetch(url + path)).status, 200, path);
  }
  for (const path of ["/", "/metrics/x", "/v2", "/v2/health/live"]) {
    const answer = await fetch(url + path);
    check.deepEqual([answer.status, await answer.text()], [404, "Not Found\n"], path);
  }
  const head = await fetch(`${url}/metrics`, { method: "HEAD" });
  check.deepEqual([head.status, await head.text()], [200, ""]);
  check.equal((await fetch(`${url}/metrics`, { method: "POST" })).status, 405);
  check.equal((await fetch(`${server.urls.http}/metrics`)).status, 404, "it has its own port");
});

test("series vanish with their model, and begin again at zero", async () => {
  await using other = createServer([picky, held], quiet);
  await other.listen();
  await other.ready;
  await other.infer({ model: picky, inputs: { X: [[1]] } });
  await other.unbind("picky");
  const without = await pageOf(other);
  for (const { name, samples } of without.families.values()) {
    check.equal(
      samples.some(({ labels }) => labels["model"] === "picky"),
      false,
      name,
    );
  }
  check.equal(without.value("nv_inference_request_success", { model: "held" }), 0);
  await other.bind(picky);
  const again = await pageOf(other);
  check.equal(again.value("nv_inference_request_success", { model: "picky" }), 0);
});

test("a server without models has a page all the same", async () => {
  await using empty = createServer([], { ...quiet, allowCpuMetrics: false });
  await empty.listen();
  await empty.ready;
  const { families } = await pageOf(empty);
  check.equal(families.has("nv_cpu_utilization"), false);
  check.equal(families.get("nv_inference_count")?.samples.length, 0);
});

test("the machine's figures are plausible, and the event loop is watched", async () => {
  await started;
  const page = await pageOf(server);
  const total = page.value("nv_cpu_memory_total_bytes") ?? 0;
  const used = page.value("nv_cpu_memory_used_bytes") ?? 0;
  const utilization = page.value("nv_cpu_utilization") ?? -1;
  check.ok(used > 0 && used < total);
  check.ok(utilization >= 0 && utilization <= 1);
  check.equal(page.value("nv_pinned_memory_pool_total_bytes"), 0);
  await until(async () => {
    return ((await pageOf(server)).value("shoal_event_loop_lag_seconds_count") ?? 0) > 0;
  });
});

const wrongPages: readonly [what: string, text: string][] = [
  ["no end", "# HELP a b\n# TYPE a counter\na 1"],
  ["no help", "# TYPE a counter\na 1\n"],
  ["no type", "# HELP a b\na 1\n"],
  ["the type of another", "# HELP a b\n# TYPE b counter\n"],
  ["a family twice", "# HELP a b\n# TYPE a gauge\n# HELP a b\n# TYPE a gauge\n"],
  ["a series twice", '# HELP a b\n# TYPE a gauge\na{x="1"} 1\na{x="1"} 2\n'],
  ["a stranger", "# HELP a b\n# TYPE a gauge\nb 1\n"],
  ["a label without quotes", "# HELP a b\n# TYPE a gauge\na{x=1} 1\n"],
  ["a label that is not escaped", '# HELP a b\n# TYPE a gauge\na{x="""} 1\n'],
  ["a counter below zero", "# HELP a b\n# TYPE a counter\na -1\n"],
  ["no number", "# HELP a b\n# TYPE a gauge\na NaN1\n"],
  ["no +Inf", '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 1\na_sum 1\na_count 1\n'],
  [
    "buckets that are not cumulative",
    '# HELP a b\n# TYPE a histogram\na_bucket{le="1"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n',
  ],
  ["another count", '# HELP a b\n# TYPE a histogram\na_bucket{le="+Inf"} 1\na_sum 1\na_count 2\n'],
];

for (const [what, text] of wrongPages) {
  test(`the reader of this test refuses ${what}`, () => {
    check.throws(() => new MetricsPage(text));
  });
}
