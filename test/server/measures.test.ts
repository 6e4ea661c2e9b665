/**
 * Cost and buckets: which requests share a batch when the model has an opinion of them.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { bytes, createServer, fp32, type InferenceError, int64, model } from "shoal";
import { onnx } from "shoal/onnx";
import { testServer } from "shoal/testing";
import { quietLoopback } from "../conformance/server.ts";

/** Gives back how many characters the longest text of its batch has. */
function lengths(options: { readonly maxQueueDelayMs?: number }) {
  return model("lengths", {
    inputs: { text: bytes(1) },
    outputs: { longest: fp32(1) },
    batching: { maxCost: 20, ...options },
    cost: ({ inputs }) => inputs.text.data[0]?.length ?? 0,
    bucket: ({ inputs, parameters }) => {
      return Number(parameters["bucket"] ?? ((inputs.text.data[0]?.length ?? 0) > 4 ? 1 : 0));
    },
    infer: ({ text }) => {
      const longest = Math.max(...text.data.map(({ length }) => length));
      return { longest: new Float32Array(text.rows).fill(longest) };
    },
  });
}

test("requests of one bucket share a batch, whatever came between them", async () => {
  const texts = lengths({});
  await using server = await testServer(texts);
  const given = ["ab", "a long one", "abc", "longer ones", "a", "the longest"];
  const answers = await Promise.all(
    given.map((text) => server.infer({ model: texts, inputs: { text: [[text]] } })),
  );
  check.deepEqual(
    answers.map(({ outputs }) => outputs.longest.data[0]),
    [3, 10, 3, 11, 3, 11],
  );
  // Of long ones, at most 20 characters.
  check.deepEqual(
    server.batches.map(({ requestCount }) => requestCount),
    [3, 1, 1, 1],
  );
});

test("each bucket waits for company of its own", async () => {
  const texts = lengths({ maxQueueDelayMs: 5 });
  await using server = await testServer(texts);
  const send = (text: string) => server.infer({ model: texts, inputs: { text: [[text]] } });
  const first = send("ab");
  await server.advance(3);
  const others = [send("a long one"), send("cd"), send("one more")];
  await server.advance(10);
  await Promise.all([first, ...others]);
  check.deepEqual(
    server.batches.map(({ atMs, requestCount }) => [atMs, requestCount]),
    [
      [5, 2],
      [8, 2],
    ],
  );
});

test("what no batch could hold is refused, and what is no measure too", async () => {
  const texts = lengths({});
  await using server = await testServer(texts);
  const text = [["x".repeat(21)]];
  await check.rejects(server.infer({ model: texts, inputs: { text } }), {
    code: "INVALID_ARGUMENT",
    message: /inference request cost must be <= 20 for 'lengths'; got 21$/,
  });
  const wrong = { model: texts, inputs: { text: [["a"]] }, parameters: { bucket: "x" } };
  await check.rejects(server.infer(wrong), {
    code: "INTERNAL",
    message: "model 'lengths': bucket must return a string or a number; got NaN",
  });
});

test("an ONNX model may have measures, which run here and not in its thread", async () => {
  const seen: unknown[] = [];
  const path = new URL("../../examples/vad/none.onnx", import.meta.url);
  check.throws(() => onnx("m", { path, cost: () => 1 }), /'cost' needs 'batching.maxCost'/);
  const failing = onnx("m", { path, bucket: (request) => seen.push(request) });
  const server = createServer(failing, quietLoopback);
  await check.rejects(server.ready, ({ message }: InferenceError) => /none\.onnx/.test(message));
});

const least = {
  inputs: { ids: int64(-1) },
  outputs: { y: fp32(1) },
  infer: () => ({ y: [[1]] }),
};

for (const [what, definition, line] of [
  ["cost alone", { cost: () => 1 }, /'cost' needs 'batching.maxCost'/],
  ["maxCost alone", { batching: { maxCost: 5 } }, /'batching.maxCost' needs 'cost'/],
  [
    "a limit of 0",
    { batching: { maxCost: 0 }, cost: () => 1 },
    /'batching.maxCost' must be a number above 0/,
  ],
  [
    "without batching",
    { batching: false, bucket: () => 1 },
    /'bucket' must be left out beside batching: false/,
  ],
  ["no function", { bucket: 5 }, /'bucket' must be a function; got 5/],
] as const) {
  test(`refused where it is defined: ${what}`, () => {
    check.throws(() => model("m", { ...least, ...(definition as object) }), line);
  });
}
