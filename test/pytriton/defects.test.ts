/**
 * What is known to go wrong in PyTriton does not go wrong here. Numbered as in
 * docs/from-pytriton.md; what concerns its clients is not here.
 */
import { strict as check } from "node:assert";
import { EventEmitter, once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { bytes, createServer, fp32, int32, type Model, model, type Outputs } from "shoal";
import { modelFolder } from "../cli/model-folder.ts";
import { post, quietLoopback, startServer } from "../conformance/server.ts";
import { LoggedServer } from "../instances/logged-server.ts";
import { Program, shoalCommand } from "../program.ts";
import { until } from "../until.ts";

const folder = modelFolder({
  "m.mjs": "export const m = negative('m');",
  "my models/spaced out.mjs": "export const m = negative('m');",
});

const tensors = { inputs: { x: fp32(1) }, outputs: { y: int32(1) } } as const;

/** A model that returns what its types forbid. */
function returning(value: unknown): Model {
  return model("m", { ...tensors, infer: () => value as Outputs<typeof tensors.outputs> });
}

const one = { inputs: [{ name: "x", shape: [1, 1], datatype: "FP32", data: [1] }] };

async function answer(served: Model, body: object = one): Promise<string> {
  await using started = await startServer(served);
  const { status, text } = await post(`${started.url}/v2/models/${served.name}/infer`, body);
  return `${status} ${text}`;
}

test("1: an output that does not fit is an error, and the instance goes on", async () => {
  let isWrong = true;
  const sometimes = model("m", {
    ...tensors,
    infer: () => {
      const given = isWrong ? { y: "five" } : { y: [[5]] };
      isWrong = false;
      return given as unknown as { y: number[][] };
    },
  });
  await using started = await startServer(sometimes);
  const url = `${started.url}/v2/models/m/infer`;
  check.equal((await post(url, one)).status, 500);
  check.equal((await post(url, one)).status, 200);
});

test("1: an execution that never ends has a limit", async () => {
  const hangs = model("m", {
    ...tensors,
    limits: { executionTimeoutMs: 50 },
    infer: () => new Promise<never>(() => {}),
  });
  check.match(await answer(hangs), /^504 .*did not answer within 50 ms/);
});

test("2: nothing is cast with loss", async () => {
  check.match(await answer(returning({ y: [[1.5]] })), /^500 .*1\.5 is not a value of INT32/);
  check.match(await answer(returning({ y: [[2 ** 31]] })), /^500 .*is not a value of INT32/);
  check.match(await answer(returning({ y: Float32Array.of(1) })), /^500 .*must be a Int32Array/);
});

test("3: no stack and no path reaches a caller", async (t) => {
  const leaky = model("m", {
    ...tensors,
    infer: () => {
      throw new Error("cannot open /etc/weights");
    },
  });
  const served = await LoggedServer.start(t, leaky);
  const { text } = await served.call("m", "");
  check.equal(text, `{"error":"model 'm' failed: internal error"}`);
  await until(() => served.log.includes("cannot open /etc/weights"));
  check.match(served.log, /defects\.test/);
});

test("5: a boolean in the environment is read as one", async () => {
  const program = new Program([shoalCommand, "serve", join(folder, "m.mjs")], {
    env: { SHOAL_ALLOW_METRICS: "false" },
  });
  try {
    await program.listening(8000);
    check.equal(program.addressOf(8002), undefined);
  } finally {
    await program.stop();
  }
});

test("6: a datatype has one spelling, and any other is refused where it stands", () => {
  const wrong = { ...tensors, inputs: { x: "float32" as never }, infer: () => ({ y: [[1]] }) };
  check.throws(() => model("m", wrong), /'inputs.x' must be a tensor specification, such as fp32/);
});

test("14: empty texts and empty tensors", async () => {
  const echo = model("m", {
    inputs: { text: bytes(1), x: fp32(-1) },
    outputs: { text: bytes(1), x: fp32(-1) },
    infer: ({ text, x }) => ({ text, x }),
  });
  const text = { name: "text", shape: [2, 1], datatype: "BYTES", data: ["", ""] };
  const x = { name: "x", shape: [2, 0], datatype: "FP32", data: [] };
  check.match(await answer(echo, { inputs: [text, x] }), /^200 .*"data":\["",""\].*"data":\[\]/);
});

test("15: the log is written at once, and kept nowhere", async (t) => {
  const served = await LoggedServer.start(t, returning({ y: [[1]] }));
  await until(() => served.log.includes("loaded model 'm'"));
});

test("16: a start with many instances takes the time it takes", async () => {
  const events = new EventEmitter();
  const all = once(events, "all");
  let settingUp = 0;
  const many = model("m", {
    ...tensors,
    instances: 32,
    setup: async () => {
      settingUp += 1;
      if (settingUp === 32) events.emit("all");
      await all;
    },
    infer: () => ({ y: [[1]] }),
  });
  check.match(await answer(many), /^200/);
});

test("17: versions of one model stand side by side", async () => {
  const version = (number: number): Model =>
    model("m", { ...tensors, version: number, infer: () => ({ y: [[number]] }) });
  await using started = await startServer([version(1), version(3)]);
  const ask = async (path: string): Promise<unknown> => {
    const { text } = await post(`${started.url}/v2/models/m${path}/infer`, one);
    return JSON.parse(text).outputs[0].data[0];
  };
  const answers = await Promise.all([ask("/versions/1"), ask("/versions/3"), ask("")]);
  check.deepEqual(answers, [1, 3, 3]);
});

test("19: not ready before every model is", async () => {
  const events = new EventEmitter();
  const opened = once(events, "opened");
  const slow = model("slow", {
    ...tensors,
    setup: () => opened,
    infer: () => ({ y: [[1]] }),
  });
  const server = createServer([returning({ y: [[1]] }), slow], quietLoopback);
  await server.listen();
  const url = server.urls.http;
  check.equal((await fetch(`${url}/v2/health/ready`)).status, 400);
  events.emit("opened");
  await server.ready;
  check.equal((await fetch(`${url}/v2/health/ready`)).status, 200);
  await server.close();
});

test("22: bytes are exact, zeros at their end too", async () => {
  const echo = model("m", {
    inputs: { x: bytes(1, { as: "bytes" }) },
    outputs: { x: bytes(1, { as: "bytes" }) },
    infer: ({ x }) => ({ x: x.map((each) => each.slice()) }),
  });
  await using server = createServer(echo, quietLoopback);
  await server.ready;
  const given = Uint8Array.of(1, 0, 0);
  const { outputs } = await server.infer({ model: echo, inputs: { x: [[given]] } });
  check.deepEqual(outputs.x.data, [given]);
});

test("23: paths may hold spaces, and nothing is copied into a work folder", async () => {
  const program = new Program([shoalCommand, "serve", join(folder, "my models", "spaced out.mjs")]);
  try {
    const url = `http://${await program.listening(8000)}/v2/models/m/infer`;
    check.equal((await post(url, one)).status, 200);
  } finally {
    await program.stop();
  }
});

test("25: why a start fails is said: a port, a model", async () => {
  const taken = createTcpServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const options = { ...quietLoopback, httpPort: port };
  await check.rejects(createServer(returning({ y: [[1]] }), options).listen(), {
    message: new RegExp(`'127\\.0\\.0\\.1:${port}' already in use, for HTTP: stop what listens`),
  });
  taken.close();
  const broken = model("broken", {
    ...tensors,
    setup: () => {
      throw new Error("no weights at /models/w.bin");
    },
    infer: () => ({ y: [[1]] }),
  });
  await check.rejects(createServer(broken, quietLoopback).ready, {
    message: /setup of model 'broken' failed: no weights at \/models\/w\.bin/,
  });
});
