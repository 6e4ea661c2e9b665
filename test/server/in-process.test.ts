/**
 * Inference in process: what goes in, what comes out, and who may stop it. Types:
 * in-process.test-d.ts; on a virtual clock: ../test-server.test.ts.
 */
import { strict as check } from "node:assert";
import { getEventListeners } from "node:events";
import { after, before, test } from "node:test";
import {
  bytes,
  createServer,
  fp32,
  InferenceError,
  int64,
  model,
  optional,
  type Server,
  Tensor,
} from "shoal";
import { quietLoopback } from "../conformance/server.ts";
import { HeldCalls, heldModel } from "../held-model.ts";

const pair = model("pair", {
  inputs: { x: fp32(2), shift: optional(fp32(1)) },
  outputs: { sum: fp32(1), same: fp32(2) },
  maxBatchSize: 8,
  infer: ({ x, shift }) => ({
    sum: Float32Array.from({ length: x.rows }, (_, row) => {
      const [one = 0, other = 0] = x.data.subarray(2 * row);
      return one + other + (shift?.data[row] ?? 0);
    }),
    same: x.clone(),
  }),
});

const newer = model("pair", {
  version: 2,
  inputs: { x: fp32(2) },
  outputs: { sum: fp32(1) },
  infer: ({ x }) => ({ sum: new Float32Array(x.rows) }),
});

const told = model("told", {
  inputs: { text: bytes(1), count: int64(1) },
  outputs: { told: bytes(1) },
  infer: (_inputs, { requests }) => ({
    told: requests.map(({ id, parameters }) => [JSON.stringify({ id, ...parameters })]),
  }),
});

const failure = new Error("secret path /etc/model");
const failing = model("failing", {
  inputs: { x: fp32(1) },
  outputs: { x: fp32(1) },
  infer: ({ x }) => {
    if (x.data[0] === 0) throw new InferenceError("INVALID_ARGUMENT", "x must not be 0");
    throw failure;
  },
});

const calls = new HeldCalls();
const held = heldModel("held", calls, { batching: { queue: { allowTimeoutOverride: true } } });

let server: Server;
before(async () => {
  server = createServer([pair, newer, told, failing, held], quietLoopback);
  await server.ready;
});
after(() => server.close());

const flat = Float32Array.of(1, 2, 3, 4);
const rows = [
  [1, 2],
  [3, 4],
];
const forms: readonly [what: string, x: number[][] | Float32Array | Tensor<"FP32">][] = [
  ["nested arrays", rows],
  ["a flat typed array, where one dimension is free", flat],
  ["a tensor", Tensor.from("FP32", flat, [2, 2])],
];

for (const [what, x] of forms) {
  test(`inputs may be ${what}`, async () => {
    const { outputs, modelName, modelVersion, id } = await server.infer({
      model: pair,
      inputs: { x, shift: [[10], [20]] },
    });
    check.deepEqual(outputs.sum.toNested(), [[13], [27]]);
    check.deepEqual(outputs.same.toNested(), rows);
    check.deepEqual([modelName, modelVersion, id], ["pair", 1, ""]);
  });
}

test("inputs are copied within the call: the caller keeps his", async () => {
  const x = Float32Array.of(1, 2);
  const answer = server.infer({ model: pair, inputs: { x } });
  x.fill(9);
  check.deepEqual((await answer).outputs.sum.toNested(), [[3]]);
  check.deepEqual([...x], [9, 9]);
});

test("an optional input may be undefined", async () => {
  const inputs = { x: [[1, 2]], shift: undefined } as never;
  check.deepEqual((await server.infer({ model: pair, inputs })).outputs.sum.toNested(), [[3]]);
});

test("a definition means its version, a name the highest, and both can be told", async () => {
  const inputs = { x: [[1, 2]] };
  const sums: unknown[] = [];
  for (const request of [
    { model: pair, inputs },
    { model: newer, inputs },
    { model: "pair", inputs },
    { model: "pair", version: 1, inputs },
    { model: pair, version: 2, inputs },
  ]) {
    const { outputs, modelVersion } = await server.infer(request);
    sums.push([modelVersion, outputs["sum"]?.data[0]]);
  }
  check.deepEqual(sums, [
    [1, 3],
    [2, 0],
    [2, 0],
    [1, 3],
    [2, 0],
  ]);
});

test("only outputs that were asked for come back", async () => {
  const inputs = { x: [[1, 2]] };
  const { outputs } = await server.infer({ model: pair, inputs, outputs: ["sum"] });
  check.deepEqual(Object.keys(outputs), ["sum"]);
});

test("id and parameters reach the model, and the id comes back", async () => {
  const parameters = { beam: 4, greedy: true, note: "hi" };
  const { id, outputs, timing } = await server.infer({
    model: told,
    inputs: { text: [["a"]], count: [[2n ** 60n]] },
    id: "seven",
    parameters,
  });
  check.equal(id, "seven");
  check.deepEqual(JSON.parse(String(outputs.told.data[0])), { id: "seven", ...parameters });
  for (const name of ["queueMs", "batchMs", "computeMs"] as const) check.ok(timing[name] >= 0);
});

const good = { model: pair, inputs: { x: [[1, 2]] } };

/** What is wrong with an otherwise good request, and what it is told. */
const wrong: readonly [change: object, message: string][] = [
  [{ inputs: { y: [[1, 2]] } }, "unexpected inference input 'y' for model 'pair'"],
  [{ inputs: { x: [[1, 2]], y: "what" } }, "unexpected inference input 'y' for model 'pair'"],
  [{ outputs: ["z"] }, "unexpected inference output 'z' for model 'pair'"],
  [
    { inputs: { x: "1, 2" } },
    "input 'x' must be a tensor, a typed array or nested arrays; got string",
  ],
  [{ inputs: { x: [["1", "2"]] } }, "input 'x' a string is not a value of FP32"],
  [
    { inputs: { x: [[1, 2], [3]] } },
    "input 'x' ragged arrays: 1 elements at depth 1 of shape [2,2]",
  ],
  [
    { model: { name: "pair" } },
    "infer(): 'request.model' must be a model or its name; got an object",
  ],
  [{ version: "1" }, `infer(): 'request.version' must be an integer from 1; got "1"`],
  [{ inputs: [] }, "infer(): 'request.inputs' must be an object of values by input; got []"],
  [{ outputs: "sum" }, `infer(): 'request.outputs' must be a list of names; got "sum"`],
  [{ id: 7 }, "infer(): 'request.id' must be a text; got 7"],
  [
    { parameters: { a: [] } },
    "infer(): 'request.parameters' must be an object of texts, numbers and booleans; got an object",
  ],
  [{ priority: -1 }, "infer(): 'request.priority' must be an integer from 0; got -1"],
  [
    { timeoutMs: "5", input: {} },
    "infer(): unknown option 'request.input' (did you mean 'inputs'?); 'request.timeoutMs' must " +
      `be a number of milliseconds from 0; got "5"`,
  ],
];

for (const [change, message] of wrong) {
  test(`a wrong request: ${message}`, async () => {
    const refused = server.infer({ ...good, ...change });
    await check.rejects(refused, { name: "InferenceError", code: "INVALID_ARGUMENT", message });
  });
}

const wrongOptions: readonly [options: object, message: string][] = [
  [{ deadlineMs: Number.NaN }, "infer(): 'options.deadlineMs' must be a number; got NaN"],
  [{ signal: {} }, "infer(): 'options.signal' must be an AbortSignal; got an object"],
  [{ timeoutMs: 5 }, "infer(): unknown option 'options.timeoutMs' (there are signal, deadlineMs)"],
];

for (const [options, message] of wrongOptions) {
  test(`a wrong option: ${message}`, async () => {
    const refused = server.infer(good, options);
    await check.rejects(refused, { name: "InferenceError", code: "INVALID_ARGUMENT", message });
  });
}

test("no request at all, an unknown model, an unknown version", async () => {
  const message = "infer(): 'request' must be an object; got undefined";
  await check.rejects(server.infer(undefined as never), { code: "INVALID_ARGUMENT", message });
  await check.rejects(server.infer({ ...good, model: "nobody" }), {
    code: "NOT_FOUND",
    message: "Request for unknown model: 'nobody' is not found",
  });
  await check.rejects(server.infer({ ...good, version: 3 }), {
    code: "NOT_FOUND",
    message: "Request for unknown model: 'pair' version 3 is not found",
  });
});

test("how a model fails: its own error is the cause, and what it meant for its caller is told", async () => {
  const infer = (x: number) => server.infer({ model: failing, inputs: { x: [[x]] } });
  const message = "model 'failing' failed: internal error";
  await check.rejects(infer(1), { code: "INTERNAL", message, cause: failure });
  await check.rejects(infer(0), { code: "INVALID_ARGUMENT", message: "x must not be 0" });
});

const wait = { model: held, inputs: { X: [[1]] } };
const cancelled = { name: "InferenceError", code: "CANCELLED" };

test("a signal that has fired before: the model is not called", async () => {
  const { length } = calls.seen;
  const signal = AbortSignal.abort();
  await check.rejects(server.infer(wait, { signal }), cancelled);
  check.equal(calls.seen.length, length);
  check.deepEqual(getEventListeners(signal, "abort"), []);
});

test("a signal cancels what runs, and the model hears; nothing is left on the signal", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const answer = server.infer(wait, { signal });
  const call = await calls.next();
  check.equal(call.signal.aborted, false);
  controller.abort();
  await check.rejects(answer, cancelled);
  check.ok(call.signal.aborted);
  check.deepEqual(getEventListeners(signal, "abort"), []);
  call.release();
});

test("a signal cancels what waits: it never reaches the model", async () => {
  const controller = new AbortController();
  const running = server.infer({ ...wait, id: "runs" });
  const call = await calls.next();
  const waiting = server.infer({ ...wait, id: "left" }, { signal: controller.signal });
  const next = server.infer({ ...wait, id: "next" });
  controller.abort();
  await check.rejects(waiting, cancelled);
  call.release();
  await running;
  const after = await calls.next();
  check.deepEqual(after.ids, ["next"]);
  after.release();
  await next;
});

test("after the answer a signal does nothing, and holds nothing", async () => {
  const controller = new AbortController();
  const answer = server.infer(wait, { signal: controller.signal });
  (await calls.next()).release();
  await answer;
  check.deepEqual(getEventListeners(controller.signal, "abort"), []);
  controller.abort();
});

test("a deadline and a timeout end what waits", async () => {
  const running = server.infer(wait);
  const call = await calls.next();
  const { length } = calls.seen;
  const late = server.infer(wait, { deadlineMs: performance.now() + 5 });
  await check.rejects(late, { code: "DEADLINE_EXCEEDED" });
  const impatient = server.infer({ ...wait, timeoutMs: 5 });
  await check.rejects(impatient, { code: "UNAVAILABLE", message: "Request timeout expired" });
  call.release();
  await running;
  check.equal(calls.seen.length, length);
});
