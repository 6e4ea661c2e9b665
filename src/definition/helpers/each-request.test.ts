/** eachRequest: what each call sees, how calls follow one another, and streams of their own. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { InferenceError } from "../../protocol/errors.ts";
import { runBatch } from "../../testing/helper-batch.ts";
import { model } from "../model.ts";
import { fp32 } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { UnrecoverableError } from "../unrecoverable-error.ts";
import { eachRequest } from "./each-request.ts";
import { padWith } from "./pad-with.ts";

const tensors = { inputs: { x: fp32(1) }, outputs: { y: fp32(-1) } } as const;
const x = Tensor.from("FP32", [[1], [2], [3], [4]]);
const requests = [
  { rows: 1, parameters: { times: 10 } },
  { rows: 2, parameters: { times: 100 } },
  { rows: 1, parameters: {} },
];

test("each call has one request: rows, parameters, place", async () => {
  const seen: unknown[] = [];
  const built = model("m", {
    ...tensors,
    setup: () => ({ shift: 1 }),
    infer: eachRequest((given, { rows, requests: all, state, instance, device, ...others }) => {
      const [request] = all;
      check.ok(request !== undefined);
      const { id, firstRow, rows: own, parameters } = request;
      seen.push({ id, firstRow, own, rows, count: all.length, instance: instance.index, device });
      check.deepEqual(Object.keys(others), []);
      const times = Number(parameters["times"] ?? 1);
      return { y: given.x.map((value) => value * times + state.shift) };
    }),
  });
  const { outputs } = await runBatch(built, { x }, requests);
  check.deepEqual(outputs, { y: [[11], [201], [301], [5]] });
  const same = { firstRow: 0, count: 1, instance: 0, device: "cpu" };
  check.deepEqual(seen, [
    { id: "0", own: 1, rows: 1, ...same },
    { id: "1", own: 2, rows: 2, ...same },
    { id: "2", own: 1, rows: 1, ...same },
  ]);
});

for (const [options, most] of [
  [{}, 1],
  [{ concurrency: 2 }, 2],
  [{ concurrency: 9 }, 3],
] as const) {
  test(`async: ${most} at a time with ${JSON.stringify(options)}`, async () => {
    let running = 0;
    let mostRunning = 0;
    const built = model("m", {
      ...tensors,
      infer: eachRequest(options, async (given) => {
        running += 1;
        mostRunning = Math.max(mostRunning, running);
        for (let turn = 0; turn < 5; turn += 1) await Promise.resolve();
        running -= 1;
        return { y: given.x };
      }),
    });
    const { outputs } = await runBatch(built, { x }, requests);
    check.deepEqual([outputs, mostRunning], [{ y: [[1], [2], [3], [4]] }, most]);
  });
}

for (const kind of ["sync", "async"] as const) {
  test(`${kind} generator: each request streams by itself`, async () => {
    const left: string[] = [];
    const built = model("m", {
      ...tensors,
      infer: eachRequest(async function* (given, { requests: [request] }) {
        const count = given.x.data[0] ?? 0;
        try {
          for (let k = 0; k < count; k += 1) {
            yield await Promise.resolve({ y: given.x.map((value) => value + 10 * k) });
          }
        } finally {
          left.push(request?.id ?? "");
        }
      }),
    });
    const inTurns = model("m", {
      ...tensors,
      infer: eachRequest(function* (given, { requests: [request] }) {
        const count = given.x.data[0] ?? 0;
        for (let k = 0; k < count; k += 1) yield { y: given.x.map((value) => value + 10 * k) };
        left.push(request?.id ?? "");
      }),
    });
    const { told } = await runBatch(kind === "sync" ? inTurns : built, { x }, requests);
    const of = (index: number) => told.filter(([request]) => request === index).map(([, y]) => y);
    check.deepEqual(of(0), [{ y: [[1]] }, "end"]);
    check.deepEqual(of(1), [{ y: [[2], [3]] }, { y: [[12], [13]] }, "end"]);
    check.deepEqual(
      of(2),
      [4, 14, 24, 34].map((value): unknown => ({ y: [[value]] })).concat("end"),
    );
    check.deepEqual(left.sort(), ["0", "1", "2"]);
  });
}

test("a stream that throws fails its own request", async () => {
  const built = model("m", {
    ...tensors,
    infer: eachRequest(async function* (given) {
      yield await Promise.resolve({ y: given.x });
      if (given.x.rows === 2) throw new InferenceError("INVALID_ARGUMENT", "two are too many");
      yield { y: given.x };
    }),
  });
  const { told } = await runBatch(built, { x }, requests);
  const ends = told.filter(([, what]) => what === "end" || what instanceof Error);
  check.deepEqual(
    ends.map(([request, end]) => [request, end instanceof Error ? end.message : end]),
    [
      [1, "two are too many"],
      [0, "end"],
      [2, "end"],
    ],
  );
});

test("one that cannot go on takes all with it", async () => {
  const built = model("m", {
    ...tensors,
    infer: eachRequest(function* (given) {
      yield { y: given.x };
      throw new UnrecoverableError("no device");
    }),
  });
  await check.rejects(runBatch(built, { x }, requests), /cannot go on/);
});

test("a stream whose caller has gone is ended, the others go on", async () => {
  const counts = new Map<string, number>();
  const ended: string[] = [];
  const built = model("m", {
    ...tensors,
    infer: eachRequest(function* (given, { requests: [request] }) {
      const id = request?.id ?? "";
      try {
        for (let k = 1; k <= 5; k += 1) {
          counts.set(id, k);
          yield { y: given.x };
        }
      } finally {
        ended.push(id);
      }
    }),
  });
  const gone = requests.map((request, index) => {
    return { ...request, hasGone: () => index === 1 && counts.get("1") === 2 };
  });
  await runBatch(built, { x }, gone);
  check.deepEqual([...counts].sort(), [
    ["0", 5],
    ["1", 2],
    ["2", 5],
  ]);
  check.deepEqual(ended.sort(), ["0", "1", "2"]);
});

test("what a function sends goes to its request; all run at a time", async () => {
  const built = model("m", {
    ...tensors,
    decoupled: true,
    infer: eachRequest(async (given, { send, end, requests: own }) => {
      await send(0, { y: given.x }, { isFinal: own.length === 2 });
      await check.rejects(send(1, { y: given.x }), {
        message: "model 'm': eachRequest: there is no request 1 of 1",
      });
      end(0);
    }),
  });
  const { told } = await runBatch(built, { x }, requests);
  check.deepEqual(
    told.filter(([, what]) => what !== "end"),
    [
      [0, { y: [[1]] }],
      [1, { y: [[2], [3]] }],
      [2, { y: [[4]] }],
    ],
  );
});

test("rows of different shapes: refused, or padded", async () => {
  const repeat = (given: { x: Tensor<"FP32"> }, { rows }: { rows: number }) => ({
    y: Array.from(given.x.data, (value) => new Array<number>(rows).fill(value)),
  });
  const ragged = model("m", { ...tensors, infer: eachRequest(repeat) });
  await check.rejects(runBatch(ragged, { x }, requests), {
    message:
      "model 'm': eachRequest: rows of output 'y' must have one shape: got [1] and [2]: " +
      "say how to pad them (option 'pad')",
  });
  const padded = model("m", { ...tensors, infer: eachRequest({ pad: padWith(-1) }, repeat) });
  const { outputs } = await runBatch(padded, { x }, requests);
  check.deepEqual(outputs, {
    y: [
      [1, -1],
      [2, 2],
      [3, 3],
      [4, -1],
    ],
  });
});

test("wrong outputs name the helper, the output, what was expected and what came", async () => {
  const wrong = async (infer: (given: { x: Tensor<"FP32"> }) => { y: Tensor<"FP32"> }) => {
    const built = model("m", { ...tensors, infer: eachRequest(infer) });
    const { told } = await runBatch(built, { x }, requests);
    return told.map(([request, error]) => [request, error instanceof Error && error.message]);
  };
  const shape = "model 'm': eachRequest: output 'y' must be of shape";
  check.deepEqual(await wrong(() => ({ y: x })), [
    [0, `${shape} [1,-1]; got [4,1]`],
    [1, `${shape} [2,-1]; got [4,1]`],
    [2, `${shape} [1,-1]; got [4,1]`],
  ]);
  const [first] = await wrong(() => ({}) as never);
  check.deepEqual(first, [0, "model 'm': infer did not return output 'y'"]);
});

test("one request is the batch itself, and so is that of a model without batching", async () => {
  const seen: unknown[] = [];
  const alone = model("m", {
    ...tensors,
    batching: false,
    infer: eachRequest((given, { requests: all }) => {
      seen.push(all.length, given.x.shape);
      return { y: given.x };
    }),
  });
  const { outputs } = await runBatch(alone, { x: Tensor.from("FP32", [7]) }, [{ rows: 1 }]);
  check.deepEqual([outputs, seen], [{ y: [7] }, [1, [1]]]);
});

test("refused: a concurrency that is none, a padding that the output does not have", () => {
  const infer = (given: { x: Tensor<"FP32"> }) => ({ y: given.x });
  check.throws(() => eachRequest({ concurrency: 0 }, infer), {
    message: "eachRequest(): 'concurrency' must be an integer from 1; got 0",
  });
  check.throws(() => model("m", { ...tensors, infer: eachRequest({ pad: padWith(1n) }, infer) }), {
    name: "TypeError",
    message: "model 'm': eachRequest: output 'y' cannot be padded: 1 is not a value of FP32",
  });
});
