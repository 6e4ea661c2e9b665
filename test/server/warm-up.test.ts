/**
 * Warm-up in a server: nobody counts it, and one that fails keeps its model from being ready, which
 * the index and the log say.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { createServer, fp32, type Model, model, type Warmup } from "shoal";
import { modelConfigMessage } from "../../dist/frontends/grpc/model-config-message.js";
import { modelConfig } from "../../dist/testing/core-fixture.js";
import { ask } from "../conformance/raw-client.ts";
import { quietLoopback } from "../conformance/server.ts";
import { LoggedServer } from "../instances/logged-server.ts";

const twice: Warmup = { name: "twice", inputs: "random", batchSizes: [1, 4], count: 2 };

function counting(limit: number): Model {
  return model("counting", {
    inputs: { x: fp32(1) },
    outputs: { calls: fp32(1) },
    warmup: twice,
    setup: () => ({ calls: 0 }),
    infer: ({ x }, { state }) => {
      state.calls += 1;
      if (state.calls > limit) throw new Error(`call ${state.calls} is one too many`);
      return { calls: new Float32Array(x.rows).fill(state.calls) };
    },
  });
}

test("a model is warm before it is ready, and its counters are at zero", async (t) => {
  const served = await LoggedServer.start(t, counting(9));
  const { success } = await served.statistics("counting");
  check.equal(success?.count, 0);
  check.match(await served.metrics(), /^nv_inference_exec_count\{model="counting",.*\} 0$/m);
  const body = '{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[1]}]}';
  const { text } = await ask(served.port, "POST", "/v2/models/counting/infer", { body });
  check.match(text, /"data":\[5\]/);
  const config = await ask(served.port, "GET", "/v2/models/counting/config");
  const entry = '{"name":"twice","batch_size":4,"inputs":{"x":{"data_type":"TYPE_FP32",';
  check.ok(config.text.includes(`${entry}"dims":[1],"random_data":true}},"count":2}]`));
});

test("a failed warm-up: the model is not ready, and the index says why", async (t) => {
  const why =
    "model 'counting' failed its warm-up, sample 'twice' with batch size 4: " +
    "call 4 is one too many";
  const server = createServer(counting(3), { ...quietLoopback, logError: false });
  t.after(() => server.close());
  await check.rejects(server.ready, { code: "INTERNAL", message: why });
  await server.listen();
  const port = Number(new URL(server.urls.http ?? "").port);
  const index = await ask(port, "POST", "/v2/repository/index", { body: "{}" });
  const [entry] = JSON.parse(index.text) as readonly { state: string; reason: string }[];
  check.deepEqual([entry?.state, entry?.reason], ["UNAVAILABLE", `Internal: ${why}`]);
  check.equal((await ask(port, "GET", "/v2/models/counting/ready")).status, 404);
});

test("over gRPC the configuration has the samples, too", () => {
  const warmup: Warmup = { inputs: { x: { random: 3 } }, batchSizes: 2 };
  const { modelWarmup } = modelConfigMessage(modelConfig({ options: { warmup } }));
  check.deepEqual(modelWarmup, [
    {
      name: "warmup",
      batchSize: 2,
      inputs: { x: { dataType: 11, dims: [1], randomData: true } },
      count: 1,
    },
  ]);
});

test("the limit of a load holds for its warm-up, too", async (t) => {
  const endless = model("endless", {
    inputs: { x: fp32(1) },
    outputs: { y: fp32(1) },
    limits: { loadTimeoutMs: 20 },
    warmup: { inputs: "zero" },
    infer: () => new Promise<{ readonly y: Float32Array }>(() => {}),
  });
  const server = createServer(endless, { ...quietLoopback, logError: false });
  t.after(() => server.close());
  const message = "model 'endless' did not load within 20 ms (limits.loadTimeoutMs)";
  await check.rejects(server.ready, { code: "DEADLINE_EXCEEDED", message });
});
