/**
 * The life of a server in somebody's program: from its making to its last answer. Under signals, as
 * a program of its own: ../cli/stopping.test.ts.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { createServer, fp32, type Models, model, type ServerOptions } from "shoal";
import { ask } from "../conformance/raw-client.ts";
import { mount, quietLoopback } from "../conformance/server.ts";
import { HeldCalls, heldModel } from "../held-model.ts";
import { until } from "../until.ts";

const tensors = { inputs: { x: fp32(-1) }, outputs: { y: fp32(-1) } } as const;

const negative = model("negative", {
  ...tensors,
  infer: ({ x }) => ({ y: x.map((value) => -value) }),
});

const broken = model("broken", {
  ...tensors,
  setup: () => {
    throw new Error("no weights");
  },
  infer: ({ x }) => ({ y: x }),
});

const withMetrics = { ...quietLoopback, allowMetrics: true };
const one = { inputs: { x: [[1]] } };
const oneX = '{"inputs":[{"name":"X","shape":[1,1],"datatype":"FP32","data":[5]}]}';

function portOf(url: string | undefined): number {
  return Number(new URL(url ?? "").port);
}

test("it begins at once, listens when told to, and leaves signals to others", async () => {
  const signals = ["SIGINT", "SIGTERM", "uncaughtException"];
  const listeners = (): number[] => signals.map((signal) => process.listenerCount(signal));
  const before = listeners();
  const server = createServer(negative, withMetrics);
  const nowhere = { http: undefined, grpc: undefined, metrics: undefined };
  check.deepEqual([server.state, server.urls], ["starting", nowhere]);

  await server.ready;
  check.deepEqual([server.state, server.urls], ["running", nowhere]);
  const { outputs } = await server.infer({ model: negative, ...one });
  check.deepEqual(outputs.y.toNested(), [[-1]]);

  await Promise.all([server.listen(), server.listen()]);
  await server.listen();
  const { http = "", metrics = "" } = server.urls;
  for (const url of [http, metrics]) check.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
  check.equal((await fetch(`${http}/v2/health/ready`)).status, 200);
  check.match(await (await fetch(`${metrics}/metrics`)).text(), /^nv_inference_count\{/m);
  check.deepEqual(listeners(), before);

  await server.close();
  check.deepEqual([server.state, server.urls], ["stopped", nowhere]);
  for (const url of [http, metrics]) await check.rejects(fetch(url));
});

test("its states follow each other, and it drains within the call of close()", async () => {
  const calls = new HeldCalls();
  const held = heldModel("held", calls);
  const server = createServer(held, quietLoopback);
  check.equal(server.state, "starting");
  await server.ready;
  check.equal(server.state, "running");
  const answer = server.infer({ model: held, inputs: { X: [[1]] } });
  const call = await calls.next();
  const closing = server.close();
  check.equal(server.state, "draining");
  call.release();
  await answer;
  await closing;
  check.equal(server.state, "stopped");
});

const refused: readonly [models: unknown, options: object, message: string][] = [
  [undefined, {}, "expected a model, made by model() or onnx(); got undefined"],
  ["linear", {}, "expected a model, made by model() or onnx(); got string"],
  [{ infer: () => ({}) }, {}, "expected a model, made by model() or onnx(); got another object"],
  [[negative, null], {}, "expected a model at position 1, made by model() or onnx(); got null"],
  [[negative, negative], {}, "model 'negative' is there twice in version 1"],
  [
    negative,
    { httpPrt: 1 },
    "createServer(): there is no option 'httpPrt'; did you mean 'httpPort'?",
  ],
  [negative, { httpPort: "80" }, "createServer(): 'httpPort' must be a port, 0 to 65535; got '80'"],
];

for (const [models, options, message] of refused) {
  test(`refused on the spot: ${message}`, () => {
    const create = (): unknown => createServer(models as Models, options as ServerOptions);
    check.throws(create, { name: "TypeError", message });
  });
}

test("ready rejects when a model fails to load; the others serve", async () => {
  await using server = createServer([broken, negative], quietLoopback);
  const message = "setup of model 'broken' failed: no weights";
  await check.rejects(server.ready, { name: "InferenceError", code: "INTERNAL", message });
  await until(() => server.state === "running");
  await server.infer({ model: negative, ...one });
  await check.rejects(server.infer({ model: broken, ...one }), { code: "UNAVAILABLE" });
});

test("nobody has to ask whether it is ready", async () => {
  const server = createServer(broken, quietLoopback);
  await until(() => server.state === "running");
  await server.close();
});

test("a log that cannot be written is why it is not ready", async () => {
  await using server = createServer(negative, { ...quietLoopback, logFile: "/nowhere/log" });
  await check.rejects(server.ready, { name: "TypeError", message: /^'logFile' cannot be written/ });
  await check.rejects(server.listen(), { name: "TypeError" });
});

for (const [what, option] of [
  ["HTTP", "httpPort"],
  ["metrics", "metricsPort"],
] as const) {
  test(`a port in use is told, and may be tried again: ${what}`, async () => {
    await using other = createServer(negative, quietLoopback);
    await other.listen();
    const port = portOf(other.urls.http);
    await using server = createServer(negative, { ...withMetrics, [option]: port });
    const flag = option.replace("Port", "-port");
    const message =
      `Socket '127.0.0.1:${port}' already in use, for ${what}: stop what listens there, or choose ` +
      `another with '${option}' or --${flag}`;
    await check.rejects(server.listen(), { message });
    await other.close();
    await server.listen();
    check.equal(portOf(what === "HTTP" ? server.urls.http : server.urls.metrics), port);
  });
}

test("ports that are switched off stay shut", async () => {
  await using server = createServer(negative, { ...withMetrics, allowHttp: false });
  await server.listen();
  check.equal(server.urls.http, undefined);
  check.equal((await fetch(`${server.urls.metrics}/metrics`)).status, 200);
});

test("close() answers what runs and what waits, refuses what is new, and shuts its port", async () => {
  const calls = new HeldCalls();
  const held = heldModel("held", calls);
  await using server = createServer(held, quietLoopback);
  await server.ready;
  await server.listen();
  const port = portOf(server.urls.http);
  const path = "/v2/models/held/infer";
  const running = ask(port, "POST", path, { body: oneX });
  const first = await calls.next();
  const waiting = server.infer({ model: held, inputs: { X: [[2]] } });

  const closing = server.close();
  const stopping = /^\[request id: .*\] Server is stopping, scheduler for model has stopped/;
  const late = server.infer({ model: held, inputs: { X: [[3]] } });
  await check.rejects(late, { code: "UNAVAILABLE", message: stopping });
  await until(() => server.urls.http === undefined);
  await check.rejects(ask(port, "GET", "/v2/health/live"), { code: "ECONNREFUSED" });

  first.release();
  const { status, text } = await running;
  check.deepEqual([status, JSON.parse(text).outputs[0].data], [200, [5]]);
  (await calls.next()).release();
  check.deepEqual((await waiting).outputs.X.toNested(), [[2]]);
  await closing;
  check.equal(calls.seen.length, 2);
});

for (const [how, options, closeOptions] of [
  ["as close() says", {}, { timeoutMs: 20 }],
  ["as exitTimeoutSecs says", { exitTimeoutSecs: 0.02 }, undefined],
] as const) {
  test(`what hangs is not waited for beyond the limit, and everybody hears: ${how}`, async () => {
    const calls = new HeldCalls();
    const held = heldModel("held", calls);
    const server = createServer(held, { ...quietLoopback, ...options });
    await server.ready;
    await server.listen();
    const overHttp = ask(portOf(server.urls.http), "POST", "/v2/models/held/infer", { body: oneX });
    const call = await calls.next();
    const waiting = server.infer({ model: held, inputs: { X: [[1]] } });
    const [end] = await Promise.allSettled([waiting, server.close(closeOptions)]);
    const message = "Server is stopping, and did not finish within 20 ms";
    check.ok(end.status === "rejected");
    check.deepEqual([end.reason.code, end.reason.message], ["UNAVAILABLE", message]);
    const { status, text } = await overHttp;
    check.deepEqual([status, JSON.parse(text)], [503, { error: message }]);
    check.equal(server.state, "stopped");
    check.ok(call.signal.aborted);
    call.release();
  });
}

test("close() twice is once, whenever", async () => {
  const calls = new HeldCalls();
  const held = heldModel("held", calls);
  const server = createServer(held, quietLoopback);
  await server.ready;
  const answer = server.infer({ model: held, inputs: { X: [[1]] } });
  const call = await calls.next();
  const closings = [server.close(), server.close({ timeoutMs: 0 })];
  call.release();
  await Promise.all([answer, ...closings]);
  await server.close();
  check.equal(server.state, "stopped");
});

test("close() right after createServer()", async () => {
  const server = createServer([negative, broken], withMetrics);
  await server.close();
  check.equal(server.state, "stopped");
  await check.rejects(server.ready);
});

test("close() while a model loads: its setup hears, and whoever waits for it", async () => {
  let hasStarted = false;
  const loading = model("loading", {
    ...tensors,
    setup: ({ signal }) => {
      hasStarted = true;
      return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    },
    infer: ({ x }) => ({ y: x }),
  });
  const server = createServer([loading, negative], quietLoopback);
  await until(() => hasStarted);
  check.equal(server.state, "starting");
  const closing = server.close();
  await check.rejects(server.ready, {
    message: "model 'loading' was unloaded while it was loading",
  });
  await closing;
  check.equal(server.state, "stopped");
});

test("close() while a setup hangs: not beyond the limit", async () => {
  let hasStarted = false;
  const hanging = model("hanging", {
    ...tensors,
    setup: () => {
      hasStarted = true;
      return new Promise<void>(() => {});
    },
    infer: ({ x }) => ({ y: x }),
  });
  const server = createServer(hanging, quietLoopback);
  await until(() => hasStarted);
  await Promise.all([check.rejects(server.ready), server.close({ timeoutMs: 20 })]);
  check.equal(server.state, "stopped");
});

test("close() while the ports open: nothing listens afterwards", async () => {
  const server = createServer(negative, withMetrics);
  await server.ready;
  const opening = server.listen().catch(() => {});
  await server.close();
  await opening;
  check.deepEqual(server.urls, { http: undefined, grpc: undefined, metrics: undefined });
});

test("a closed server is good for nothing, and says so", async () => {
  const server = createServer(negative, quietLoopback);
  await server.close();
  await check.rejects(server.listen(), { message: "the server was closed: it cannot listen" });
  await check.rejects(server.bind(broken), { code: "UNAVAILABLE", message: "Server is stopping" });
  await check.rejects(server.infer({ model: negative, ...one }), { code: "UNAVAILABLE" });
  await server.unbind("negative");
  await using mounted = await mount(server);
  check.equal((await ask(mounted.port, "GET", "/v2/health/live")).status, 200);
  check.equal((await ask(mounted.port, "GET", "/v2/health/ready")).status, 503);
});

test("await using closes it", async () => {
  const servers = [];
  {
    await using server = createServer(negative, quietLoopback);
    await server.listen();
    servers.push(server);
    check.notEqual(server.urls.http, undefined);
  }
  check.deepEqual(
    servers.map(({ state, urls }) => [state, urls.http]),
    [["stopped", undefined]],
  );
});
