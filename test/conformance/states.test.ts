/**
 * What health, index and look-up tell of models that come, go and fail, and of a server that stops.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { createServer, fp32, model, UnrecoverableError } from "shoal";
import { HeldCalls, heldModel } from "../held-model.ts";
import { until } from "../until.ts";
import { ask } from "./raw-client.ts";
import { mount, quietLoopback, startServer } from "./server.ts";

const negative = model("negative", {
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
  infer: ({ x }) => ({ y: x.map((value) => -value) }),
});

const broken = model("broken", {
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
  setup: () => {
    throw new Error("no weights");
  },
  infer: ({ x }) => ({ y: x }),
});

/** Status and text of each path, asked one after another. */
async function told(port: number, paths: readonly string[]): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  for (const path of paths) {
    const method = /\/(index|infer)$/.test(path) ? "POST" : "GET";
    const { status, text } = await ask(port, method, path);
    answers[path] = text === "" ? status : [status, JSON.parse(text)];
  }
  return answers;
}

test("a model that failed to load makes the server not ready, and the others serve", async () => {
  await using started = await startServer([negative, broken]);
  const { port } = started;
  const error = "Request for unknown model: 'broken' has no available versions";
  const notReady = "Request for unknown model: 'broken' version 1 is not at ready state";
  const reason = "Internal: setup of model 'broken' failed: no weights";
  const paths = [
    "/v2/health/live",
    "/v2/health/ready",
    "/v2/models/negative/ready",
    "/v2/models/broken/ready",
    "/v2/models/broken/versions/1/ready",
    "/v2/models/broken",
    "/v2/models/broken/config",
    "/v2/models/broken/infer",
    "/v2/models/broken/stats",
    "/v2/repository/index",
  ];
  check.deepEqual(await told(port, paths), {
    "/v2/health/live": 200,
    "/v2/health/ready": 400,
    "/v2/models/negative/ready": 200,
    "/v2/models/broken/ready": [404, { error }],
    "/v2/models/broken/versions/1/ready": [503, { error: notReady }],
    "/v2/models/broken": [404, { error }],
    "/v2/models/broken/config": [404, { error }],
    "/v2/models/broken/infer": [404, { error }],
    "/v2/models/broken/stats": [400, { error: "requested model 'broken' is not available" }],
    "/v2/repository/index": [
      200,
      [
        { name: "broken", version: "1", state: "UNAVAILABLE", reason },
        { name: "negative", version: "1", state: "READY" },
      ],
    ],
  });
  const ready = await ask(port, "POST", "/v2/repository/index", { body: '{"ready":true}' });
  check.equal(ready.text, '[{"name":"negative","version":"1","state":"READY"}]');

  await started.server.unbind("broken");
  check.equal((await ask(port, "GET", "/v2/health/ready")).status, 200);
  const [index] = JSON.parse((await ask(port, "POST", "/v2/repository/index")).text);
  check.deepEqual(index, {
    name: "broken",
    version: "1",
    state: "UNAVAILABLE",
    reason: "unloaded",
  });
});

test("a model that was taken out is gone for requests, and the server stays ready", async () => {
  const second = model("negative", {
    version: 2,
    inputs: { x: fp32(-1) },
    outputs: { y: fp32(-1) },
    infer: ({ x }) => ({ y: x }),
  });
  await using started = await startServer([negative, second]);
  const { server, port } = started;
  await server.unbind("negative", 2);
  const paths = ["/v2/health/ready", "/v2/models/negative/ready"];
  check.deepEqual(await told(port, paths), {
    "/v2/health/ready": 200,
    "/v2/models/negative/ready": 200,
  });
  const metadata = JSON.parse((await ask(port, "GET", "/v2/models/negative")).text);
  check.deepEqual(metadata.versions, ["1"]);
  await server.unbind("negative");
  const error = "Request for unknown model: 'negative' has no available versions";
  const notReady = "Request for unknown model: 'negative' version 2 is not at ready state";
  check.deepEqual(
    await told(port, [
      "/v2/health/ready",
      "/v2/models/negative/ready",
      "/v2/models/negative/versions/2",
      "/v2/models/stats",
      "/v2/repository/index",
    ]),
    {
      "/v2/health/ready": 200,
      "/v2/models/negative/ready": [404, { error }],
      "/v2/models/negative/versions/2": [503, { error: notReady }],
      "/v2/models/stats": [200, { model_stats: [] }],
      "/v2/repository/index": [
        200,
        [
          { name: "negative", version: "1", state: "UNAVAILABLE", reason: "unloaded" },
          { name: "negative", version: "2", state: "UNAVAILABLE", reason: "unloaded" },
        ],
      ],
    },
  );
});

test("while a model loads, neither it nor the server is ready", async () => {
  let finish = (): void => {};
  const slow = model("slow", {
    inputs: { x: fp32(-1) },
    outputs: { y: fp32(-1) },
    setup: () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
    infer: ({ x }) => ({ y: x }),
  });
  await using server = createServer([negative, slow], quietLoopback);
  await server.listen();
  const port = Number(new URL(server.urls.http!).port);
  const error = "Request for unknown model: 'slow' has no available versions";
  check.deepEqual(await told(port, ["/v2/health/live", "/v2/health/ready", "/v2/models/slow"]), {
    "/v2/health/live": 200,
    "/v2/health/ready": 400,
    "/v2/models/slow": [404, { error }],
  });
  const index = JSON.parse((await ask(port, "POST", "/v2/repository/index")).text);
  check.deepEqual(index[1], { name: "slow", version: "1", state: "LOADING" });
  finish();
  await server.ready;
  check.equal((await ask(port, "GET", "/v2/health/ready")).status, 200);
});

test("a model out of service is UNAVAILABLE, says why, and may be bound anew", async () => {
  const dying = model("dying", {
    inputs: { x: fp32(-1) },
    outputs: { y: fp32(-1) },
    infer: () => {
      throw new UnrecoverableError("the device is gone");
    },
  });
  await using started = await startServer([dying, negative]);
  const { server, port } = started;
  check.equal((await ask(port, "GET", "/v2/models/dying/ready")).status, 200);
  const infer = () => server.infer({ model: dying, inputs: { x: [[1]] } });
  const message = "model 'dying' cannot go on and is out of service: internal error";
  await check.rejects(infer(), { code: "INTERNAL", message });
  await check.rejects(infer(), { code: "UNAVAILABLE", message });
  const index = "/v2/repository/index";
  check.deepEqual(
    await told(port, [
      "/v2/models/dying/ready",
      "/v2/models/negative/ready",
      "/v2/health/ready",
      index,
    ]),
    {
      "/v2/models/dying/ready": [400, { error: "Model version not ready" }],
      "/v2/models/negative/ready": 200,
      "/v2/health/ready": 400,
      [index]: [
        200,
        [
          { name: "dying", version: "1", state: "UNAVAILABLE", reason: `Internal: ${message}` },
          { name: "negative", version: "1", state: "READY" },
        ],
      ],
    },
  );
  const page = (await ask(port, "GET", "/")).text;
  check.ok(page.includes("dying <small>version 1, UNAVAILABLE"), page);

  await check.rejects(server.bind(dying), {
    code: "ALREADY_EXISTS",
    message: "model 'dying' version 1 is there already (out of service: unbind it first)",
  });
  await server.unbind("dying");
  await server.bind(dying);
  check.deepEqual(await told(port, ["/v2/models/dying/ready", "/v2/health/ready"]), {
    "/v2/models/dying/ready": 200,
    "/v2/health/ready": 200,
  });
});

test("while it drains it is alive, not ready, refuses, and finishes what it has", async () => {
  const calls = new HeldCalls();
  const held = heldModel("held", calls);
  await using server = createServer([held, negative], quietLoopback);
  await using mounted = await mount(server);
  const { port } = mounted;
  await server.ready;
  const body = '{"inputs":[{"name":"X","shape":[1,1],"datatype":"FP32","data":[5]}]}';
  const running = ask(port, "POST", "/v2/models/held/infer", { body });
  const call = await calls.next();
  const closing = server.close();
  await until(async () => (await ask(port, "GET", "/v2/health/ready")).status === 503);

  const notReady = { error: "Server not ready" };
  check.deepEqual(
    await told(port, [
      "/v2/health/live",
      "/v2/health/ready",
      "/v2/models/held/ready",
      "/v2/models/negative/ready",
      "/v2/models/nobody/ready",
    ]),
    {
      "/v2/health/live": 200,
      "/v2/health/ready": [503, { error: "Server exiting" }],
      "/v2/models/held/ready": [503, notReady],
      "/v2/models/negative/ready": [503, notReady],
      "/v2/models/nobody/ready": [503, notReady],
    },
  );
  check.ok((await ask(port, "GET", "/v2/health/ready")).headers.has("retry-after"));
  const refused = await ask(port, "POST", "/v2/models/held/infer", { body });
  check.equal(
    JSON.parse(refused.text).error,
    "[request id: <id_unknown>] Server is stopping, scheduler for model has stopped accepting " +
      "new inference requests",
  );
  check.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "1"]);
  const metadata = JSON.parse((await ask(port, "GET", "/v2/models/held")).text);
  check.deepEqual([metadata.name, metadata.versions], ["held", ["1"]]);
  const counters = JSON.parse((await ask(port, "GET", "/v2/models/held/stats")).text);
  check.equal(counters.model_stats[0].name, "held");
  const [entry] = JSON.parse((await ask(port, "POST", "/v2/repository/index")).text);
  check.deepEqual(entry, { name: "held", version: "1", state: "UNLOADING" });

  call.release();
  const answer = await running;
  check.deepEqual([answer.status, JSON.parse(answer.text).outputs[0].data], [200, [5]]);
  await closing;
  check.equal(server.state, "stopped");
  check.equal((await ask(port, "GET", "/v2/health/ready")).status, 503);
});

test("what is mounted elsewhere outlives its server: it is alive, and says that it stops", async () => {
  await using server = createServer([negative, broken], quietLoopback);
  await using mounted = await mount(server);
  const { port } = mounted;
  await server.ready.catch(() => {});
  await server.close();
  const stopping = [503, { error: "Server is stopping" }];
  check.deepEqual(
    await told(port, [
      "/v2/health/live",
      "/v2/health/ready",
      "/v2/models/negative/ready",
      "/v2/models/negative",
      "/v2/models/negative/versions/1",
      "/v2/models/negative/config",
      "/v2/models/negative/stats",
      "/v2/models/negative/infer",
      "/v2/models/broken/infer",
      "/v2/models/nobody/infer",
      "/v2/models/stats",
    ]),
    {
      "/v2/health/live": 200,
      "/v2/health/ready": [503, { error: "Server exiting" }],
      "/v2/models/negative/ready": [503, { error: "Server not ready" }],
      "/v2/models/negative": stopping,
      "/v2/models/negative/versions/1": stopping,
      "/v2/models/negative/config": stopping,
      "/v2/models/negative/stats": stopping,
      "/v2/models/negative/infer": stopping,
      "/v2/models/broken/infer": stopping,
      "/v2/models/nobody/infer": stopping,
      "/v2/models/stats": [200, { model_stats: [] }],
    },
  );
  const { headers } = await ask(port, "POST", "/v2/models/negative/infer");
  check.equal(headers.get("retry-after"), "1");
  await check.rejects(server.infer({ model: negative, inputs: { x: [[1]] } }), {
    code: "UNAVAILABLE",
    message: "Server is stopping",
  });
});
