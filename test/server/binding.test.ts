/**
 * Models that come and go while a server runs.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { createServer, fp32, model, type Server } from "shoal";
import { ask } from "../conformance/raw-client.ts";
import { mount, quietLoopback, startServer } from "../conformance/server.ts";
import { HeldCalls, heldModel } from "../held-model.ts";
import { until } from "../until.ts";

/** Multiplies. */
function times(factor: number, version = 1, name = "times") {
  return model(name, {
    version,
    inputs: { x: fp32(-1) },
    outputs: { y: fp32(-1) },
    infer: ({ x }) => ({ y: x.map((value) => factor * value) }),
  });
}

/** As its setup says. */
function prepared(setup: () => Promise<void>) {
  return model("times", {
    inputs: { x: fp32(-1) },
    outputs: { y: fp32(-1) },
    setup,
    infer: ({ x }) => ({ y: x }),
  });
}

async function product(server: Pick<Server, "infer">, version?: number): Promise<unknown> {
  const which = version === undefined ? {} : { version };
  const { outputs } = await server.infer({ model: "times", ...which, inputs: { x: [[2]] } });
  return outputs["y"]?.toNested();
}

async function indexOf(port: number): Promise<unknown> {
  return JSON.parse((await ask(port, "POST", "/v2/repository/index")).text);
}

test("bind() adds a model, which serves when it resolves, beside those that are there", async () => {
  await using started = await startServer(times(2, 1));
  const { server, port } = started;
  await server.bind(times(3, 3));
  check.deepEqual(await Promise.all([1, 3, undefined].map((at) => product(server, at))), [
    [[4]],
    [[6]],
    [[6]],
  ]);
  const body = '{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[5]}]}';
  const { text } = await ask(port, "POST", "/v2/models/times/versions/3/infer", { body });
  check.deepEqual(JSON.parse(text).outputs[0].data, [15]);
  const message = "model 'times' version 3 is there already (READY)";
  await check.rejects(server.bind(times(4, 3)), { code: "ALREADY_EXISTS", message });
  check.deepEqual(await product(server, 3), [[6]]);
});

test("a server may begin with no model, and takes a list as well", async () => {
  await using server = createServer([], quietLoopback);
  await server.ready;
  await check.rejects(product(server), { code: "NOT_FOUND" });
  const list = [times(2), times(3, 2)];
  await server.bind(list as never);
  check.deepEqual([await product(server, 1), await product(server, 2)], [[[4]], [[6]]]);
});

test("what is no model is refused, and changes nothing", async () => {
  await using server = createServer(times(2), quietLoopback);
  await check.rejects(server.bind({ name: "times" } as never), {
    name: "TypeError",
    message: "expected a model, made by model() or onnx(); got another object",
  });
  await server.ready;
  check.deepEqual(await product(server), [[4]]);
});

test("a model that fails to load can be bound again, mended", async () => {
  await using started = await startServer(times(2, 1, "other"));
  const { server, port } = started;
  const broken = prepared(() => Promise.reject(new Error("no weights")));
  const message = "setup of model 'times' failed: no weights";
  await check.rejects(server.bind(broken), { code: "INTERNAL", message });
  check.deepEqual(await indexOf(port), [
    { name: "other", version: "1", state: "READY" },
    { name: "times", version: "1", state: "UNAVAILABLE", reason: `Internal: ${message}` },
  ]);
  check.equal((await ask(port, "GET", "/v2/health/ready")).status, 400);
  await server.bind(times(3));
  check.deepEqual(await product(server), [[6]]);
  check.equal((await ask(port, "GET", "/v2/health/ready")).status, 200);
});

test("unbind() waits for what runs and what waits, and refuses what is new", async () => {
  const calls = new HeldCalls();
  const held = heldModel("held", calls);
  await using server = createServer(held, quietLoopback);
  await using mounted = await mount(server);
  await server.ready;
  const infer = async (value: number): Promise<unknown> => {
    return (await server.infer({ model: held, inputs: { X: [[value]] } })).outputs.X.toNested();
  };
  const running = infer(1);
  const call = await calls.next();
  const waiting = infer(2);

  let isGone = false;
  const unbinding = Promise.all([server.unbind("held"), server.unbind("held", 1)]).then(() => {
    isGone = true;
  });
  const message = "Request for unknown model: 'held' version 1 is not at ready state";
  await check.rejects(infer(3), { code: "UNAVAILABLE", message });
  const unloading = [{ name: "held", version: "1", state: "UNLOADING" }];
  check.deepEqual(await indexOf(mounted.port), unloading);
  await check.rejects(server.bind(held), {
    code: "ALREADY_EXISTS",
    message: "model 'held' version 1 is there already (UNLOADING)",
  });

  call.release();
  check.deepEqual(await running, [[1]]);
  const last = await calls.next();
  check.equal(isGone, false);
  last.release();
  check.deepEqual(await waiting, [[2]]);
  await unbinding;
  check.equal(server.state, "running");
  await check.rejects(infer(4), { code: "UNAVAILABLE", message });
});

test("a name that was unbound may be bound to something else", async () => {
  await using server = createServer(times(2), quietLoopback);
  await server.ready;
  for (const factor of [3, 4, 5]) {
    await server.unbind("times");
    await server.bind(times(factor));
    check.deepEqual(await product(server), [[2 * factor]]);
  }
});

test("unbind() takes one version, all of them, or what is not there", async () => {
  await using server = createServer([times(2, 1), times(3, 2), times(4, 3)], quietLoopback);
  await server.ready;
  await server.unbind("times", 3);
  check.deepEqual(await product(server), [[6]]);
  await server.unbind("times", 9);
  await server.unbind("nobody");
  check.deepEqual(await product(server), [[6]]);
  await server.unbind("times");
  for (const version of [1, 2, undefined]) await check.rejects(product(server, version));
});

for (const how of ["unbind", "close"] as const) {
  test(`${how}() while a model is being bound: bind() rejects`, async () => {
    let hasStarted = false;
    const endless = model("times", {
      inputs: { x: fp32(-1) },
      outputs: { y: fp32(-1) },
      setup: ({ signal }) => {
        hasStarted = true;
        return new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      },
      infer: ({ x }) => ({ y: x }),
    });
    await using server = createServer([], quietLoopback);
    await server.ready;
    const binding = server.bind(endless);
    await until(() => hasStarted);
    const leaving = how === "close" ? server.close() : server.unbind("times");
    await check.rejects(binding, {
      code: "UNAVAILABLE",
      message: "model 'times' was unloaded while it was loading",
    });
    await leaving;
  });
}

test("while one model is being bound, the others serve", async () => {
  let finish: (() => void) | undefined;
  const slow = prepared(
    () =>
      new Promise<void>((resolve) => {
        finish = resolve;
      }),
  );
  await using server = createServer(times(2, 1, "other"), quietLoopback);
  await server.ready;
  const binding = server.bind(slow);
  await until(() => finish !== undefined);
  const other = await server.infer({ model: "other", inputs: { x: [[2]] } });
  check.deepEqual(other.outputs["y"]?.toNested(), [[4]]);
  await check.rejects(product(server), { code: "NOT_FOUND" });
  finish?.();
  await binding;
  check.deepEqual(await product(server), [[2]]);
});
