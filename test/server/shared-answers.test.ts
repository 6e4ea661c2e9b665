/**
 * Answers that are shared, end to end: over HTTP, gRPC and in process, in statistics and metrics.
 */
import { strict as check } from "node:assert";
import { after, test } from "node:test";
import { createServer, fp32, InferenceError, model } from "shoal";
import { GrpcClient } from "../conformance/grpc-client.ts";
import { quietLoopback } from "../conformance/server.ts";
import { HeldCalls, heldModel } from "../held-model.ts";
import { MetricsPage } from "../prometheus-text.ts";
import { until } from "../until.ts";

let runCount = 0;

const doubled = model("doubled", {
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
  cache: true,
  infer: ({ x }, { requests }) => {
    runCount += 1;
    if (x.data.includes(0)) throw new InferenceError("INVALID_ARGUMENT", "no zero");
    const factor = Number(requests[0]?.parameters["factor"] ?? 2);
    return { y: x.data.map((value) => value * factor) };
  },
});

const cachedCalls = new HeldCalls();
const cached = heldModel("cached", cachedCalls, { cache: true });

const flightCalls = new HeldCalls();
const flight = heldModel("flight", flightCalls, { singleFlight: true });

const bothCalls = new HeldCalls();
const both = heldModel("both", bothCalls, { singleFlight: true, cache: true });

const server = createServer([doubled, cached, flight, both], {
  ...quietLoopback,
  allowMetrics: true,
  allowGrpc: true,
  cacheBytes: 100_000,
  httpHeaderForwardPattern: "x-.*",
});
const started = server.listen().then(() => server.ready);
after(() => server.close());

interface Duration {
  readonly count: number;
  readonly ns: number;
}

async function post(
  name: string,
  value: number,
  more: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly id?: string; readonly outputs: readonly { readonly data: number[] }[] }> {
  const inputName = name === "doubled" ? "x" : "X";
  const inputs = [{ name: inputName, datatype: "FP32", shape: [1, 1], data: [value] }];
  const response = await fetch(`${server.urls.http}/v2/models/${name}/infer`, {
    method: "POST",
    headers,
    body: JSON.stringify({ inputs, ...more }),
  });
  return (await response.json()) as Awaited<ReturnType<typeof post>>;
}

async function statisticsOf(name: string): Promise<Readonly<Record<string, Duration>>> {
  const response = await fetch(`${server.urls.http}/v2/models/${name}/stats`);
  const { model_stats } = (await response.json()) as {
    model_stats: readonly [{ inference_count: number; inference_stats: Record<string, Duration> }];
  };
  const [{ inference_stats, inference_count }] = model_stats;
  return { ...inference_stats, inference: { count: inference_count, ns: 0 } };
}

async function metrics(): Promise<MetricsPage> {
  return new MetricsPage(await (await fetch(`${server.urls.metrics}/metrics`)).text());
}

test("an equal request is answered without running the model, under its own id", async () => {
  await started;
  const first = await post("doubled", 21, { id: "one" });
  const ran = runCount;
  const second = await post("doubled", 21, { id: "two" });
  check.equal(runCount, ran);
  check.deepEqual([first.id, second.id], ["one", "two"]);
  check.deepEqual(second.outputs, first.outputs);
  check.deepEqual(second.outputs[0]?.data, [42]);
});

test("parameters and forwarded headers tell requests apart", async () => {
  check.deepEqual(
    (await post("doubled", 21, { parameters: { factor: 3 } })).outputs[0]?.data,
    [63],
  );
  const ran = runCount;
  await post("doubled", 21, {}, { "x-user": "a" });
  await post("doubled", 21, {}, { "x-user": "b" });
  await post("doubled", 21, {}, { "x-user": "b" });
  check.equal(runCount, ran + 2);
});

test("what failed is computed again", async () => {
  const ran = runCount;
  await post("doubled", 0);
  await post("doubled", 0);
  check.equal(runCount, ran + 2);
});

test("statistics and metrics count hits and misses as Triton does", async () => {
  const { success, queue, cache_hit, cache_miss, compute_infer, inference, fail } =
    await statisticsOf("doubled");
  check.deepEqual([success?.count, queue?.count, fail?.count], [6, 6, 2]);
  check.deepEqual([cache_hit?.count, cache_miss?.count], [2, 4]);
  check.deepEqual([compute_infer?.count, inference?.count], [4, 4]);
  check.ok((cache_miss?.ns ?? 0) > 0 && (cache_hit?.ns ?? 0) > 0);
  const page = await metrics();
  const labels = { model: "doubled", version: "1" };
  check.equal(page.value("nv_cache_num_hits_per_model", labels), 2);
  check.equal(page.value("nv_cache_num_misses_per_model", labels), 4);
  check.equal(page.value("nv_inference_request_success", labels), 6);
  check.equal(page.value("nv_inference_count", labels), 4);
  check.equal(page.value("nv_cache_num_entries", {}), 4);
  check.equal(page.value("nv_cache_num_hits", {}), 2);
  check.equal(page.value("nv_cache_num_lookups", {}), 8);
  const use = page.value("nv_cache_util", {}) ?? 0;
  check.ok(use > 0.02 && use < 0.1, `${use}`);
  check.equal(page.value("nv_cache_num_hits_per_model", { ...labels, model: "flight" }), undefined);
});

test("a hit is answered while all instances are busy", async () => {
  const first = post("cached", 1);
  (await cachedCalls.next()).release();
  await first;
  const busy = post("cached", 2);
  const call = await cachedCalls.next();
  check.deepEqual((await post("cached", 1)).outputs[0]?.data, [1]);
  call.release();
  await busy;
});

test("who is given an answer in process may write to it", async () => {
  const ask = async () => {
    const { outputs } = await server.infer({ model: doubled, inputs: { x: [[100]] } });
    const before = [...outputs.y.data];
    outputs.y.data.fill(5);
    return before;
  };
  check.deepEqual([await ask(), await ask(), await ask()], [[200], [200], [200]]);
});

test("a model that is taken out leaves nothing behind in the cache", async () => {
  const before = (await metrics()).value("nv_cache_num_entries", {}) ?? 0;
  const guest = model("guest", {
    inputs: { x: fp32(1) },
    outputs: { y: fp32(1) },
    cache: { maxBytes: 2100 },
    infer: ({ x }) => ({ y: x }),
  });
  await server.bind(guest);
  for (const value of [1, 2, 3]) await server.infer({ model: guest, inputs: { x: [[value]] } });
  check.equal((await metrics()).value("nv_cache_num_entries", {}), before + 2);
  await server.unbind("guest");
  check.equal((await metrics()).value("nv_cache_num_entries", {}), before);
});

test("equal requests in flight are computed once; who leaves leaves alone", async () => {
  const leaving = new AbortController();
  const ask = (id: string, signal?: AbortSignal) =>
    server.infer(
      { model: flight, id, inputs: { X: [[7]] } },
      signal === undefined ? {} : { signal },
    );
  const first = ask("first", leaving.signal);
  const call = await flightCalls.next();
  const others = [ask("second"), ask("third")];
  await until(async () => {
    return (
      (await metrics()).value("shoal_following_requests", { model: "flight", version: "1" }) === 2
    );
  });
  leaving.abort();
  await check.rejects(first, { code: "CANCELLED" });
  check.equal(call.signal.aborted, false);
  call.release();
  const answers = await Promise.all(others);
  check.deepEqual(
    answers.map(({ id }) => id),
    ["second", "third"],
  );
  answers[0]?.outputs.X.data.fill(0);
  check.deepEqual([...(answers[1]?.outputs.X.data ?? [])], [7]);
  const { success, fail, compute_infer, inference } = await statisticsOf("flight");
  check.deepEqual([success?.count, fail?.count], [2, 1]);
  check.deepEqual([compute_infer?.count, inference?.count], [1, 1]);
  const labels = { model: "flight", version: "1" };
  check.equal((await metrics()).value("shoal_shared_requests_total", labels), 1);
});

test("all who wait are told of an error of the model", async () => {
  const ask = () => server.infer({ model: flight, inputs: { X: [[8]] } });
  const all = [ask(), ask(), ask()];
  (await flightCalls.next()).fail(new InferenceError("UNAVAILABLE", "not today"));
  for (const { reason } of (await Promise.allSettled(all)) as PromiseRejectedResult[]) {
    check.deepEqual([reason.code, reason.message], ["UNAVAILABLE", "not today"]);
  }
  check.equal((await statisticsOf("flight"))["fail"]?.count, 4);
});

test("when the last one leaves, the model is told", async () => {
  const leaving = new AbortController();
  const { signal } = leaving;
  const all = [1, 2].map(() => server.infer({ model: flight, inputs: { X: [[9]] } }, { signal }));
  const call = await flightCalls.next();
  leaving.abort();
  for (const { status } of await Promise.allSettled(all)) check.equal(status, "rejected");
  check.equal(call.signal.aborted, true);
  call.release();
});

test("both: who comes during the run shares it, who comes later gets what was kept", async () => {
  const ask = () => server.infer({ model: both, inputs: { X: [[1]] } });
  const during = [ask(), ask()];
  (await bothCalls.next()).release();
  await Promise.all(during);
  await ask();
  check.equal(bothCalls.seen.length, 1);
  const { success, cache_hit, cache_miss } = await statisticsOf("both");
  check.deepEqual([success?.count, cache_hit?.count, cache_miss?.count], [3, 1, 1]);
});

test("over gRPC the same answers are shared, and told in statistics and configuration", async () => {
  using client = new GrpcClient(server.urls.grpc ?? "");
  const ran = runCount;
  const contents = { fp32Contents: [21] };
  const inputs = [{ name: "x", datatype: "FP32", shape: [1, 1], contents }];
  const response = await client.call("ModelInfer", { modelName: "doubled", id: "grpc", inputs });
  check.equal(runCount, ran);
  check.equal(response.id, "grpc");
  const [bytes = new Uint8Array()] = response.rawOutputContents;
  check.equal(new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true), 42);
  const { modelStats } = await client.call("ModelStatistics", { name: "doubled" });
  const counted = await statisticsOf("doubled");
  check.equal(Number(modelStats[0]?.inferenceStats?.cacheHit?.count), counted["cache_hit"]?.count);
  check.equal(
    Number(modelStats[0]?.inferenceStats?.cacheMiss?.count),
    counted["cache_miss"]?.count,
  );
  const { config } = await client.call("ModelConfig", { name: "doubled" });
  check.equal(config?.responseCache?.enable, true);
});
