/** requestList: what it gets for each request, what it must return, and lists of responses. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { InferenceError } from "../../protocol/errors.ts";
import { failuresOf, runBatch } from "../../testing/helper-batch.ts";
import { model } from "../model.ts";
import { bytes, fp32, optional } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { padWith } from "./pad-with.ts";
import { requestList } from "./request-list.ts";

const tensors = {
  inputs: { x: fp32(1), text: bytes(1), shift: optional(fp32(1)) },
  outputs: { y: fp32(-1) },
} as const;
const x = Tensor.from("FP32", [[1], [2], [3]]);
const text = Tensor.from("BYTES", [["a"], ["b"], ["c"]]);
const requests = [
  { rows: 2, parameters: { times: 10 } },
  { rows: 1, parameters: { times: 100 }, hasGone: () => true },
];

const waiting = requests.map(({ rows }) => ({ rows }));

test("each request has its inputs, and all that is known of it", async () => {
  const seen: unknown[] = [];
  const built = model("m", {
    ...tensors,
    setup: () => 1,
    infer: requestList((list, { state, rows }) => {
      check.equal(rows, 3);
      return list.map(({ inputs, parameters, isAborted, ...others }) => {
        seen.push({ ...others, gone: isAborted(), text: inputs.text.data, shift: inputs.shift });
        return { y: inputs.x.map((value) => value * Number(parameters["times"]) + state) };
      });
    }),
  });
  const { outputs } = await runBatch(built, { x, text }, requests);
  // Nobody reads what is missing.
  check.deepEqual(outputs, { y: [[11], [21], [0]] });
  const same = { headers: {}, deadlineMs: undefined, requestedOutputs: [], shift: undefined };
  check.deepEqual(seen, [
    { id: "0", rows: 2, firstRow: 0, gone: false, text: ["a", "b"], ...same },
    { id: "1", rows: 1, firstRow: 2, gone: true, text: ["c"], ...same },
  ]);
});

test("async, and outputs of any form", async () => {
  const built = model("m", {
    ...tensors,
    infer: requestList(async (list) => {
      await Promise.resolve();
      return list.map(({ inputs }) => ({ y: inputs.x.data.slice() }));
    }),
  });
  check.deepEqual((await runBatch(built, { x, text }, waiting)).outputs, { y: [[1], [2], [3]] });
});

test("without batching: a list of the one request", async () => {
  const built = model("m", {
    ...tensors,
    inputs: { x: fp32(2) },
    batching: false,
    infer: requestList((list) => list.map(({ inputs }) => ({ y: inputs.x }))),
  });
  const { outputs } = await runBatch(built, { x: Tensor.from("FP32", [1, 2]) }, [{ rows: 1 }]);
  check.deepEqual(outputs, { y: [1, 2] });
});

/** One value more from request to request. */
function widening(x: Tensor<"FP32">, index: number): { readonly y: number[][] } {
  return { y: Array.from(x.data, (value) => new Array<number>(index + 1).fill(value)) };
}

test("rows of different shapes: refused, or padded", async () => {
  const ragged = model("m", {
    ...tensors,
    infer: requestList((list) => list.map(({ inputs }, index) => widening(inputs.x, index))),
  });
  await check.rejects(runBatch(ragged, { x, text }, waiting), {
    message:
      "model 'm': requestList: rows of output 'y' must have one shape: got [1] and [2]: " +
      "say how to pad them (option 'pad')",
  });
  const padded = model("m", {
    ...tensors,
    infer: requestList({ pad: padWith(9) }, (list) =>
      list.map(({ inputs }, index) => widening(inputs.x, index)),
    ),
  });
  const { outputs } = await runBatch(padded, { x, text }, waiting);
  check.deepEqual(outputs, {
    y: [
      [1, 9],
      [2, 9],
      [3, 3],
    ],
  });
});

const lists: readonly [what: string, returned: unknown, got: string][] = [
  ["one too few", [{ y: [[1], [2]] }], "1"],
  ["none", [], "0"],
  ["no list", { y: [[1], [2], [3]] }, "no list, but object"],
  ["nothing", undefined, "no list, but undefined"],
];

for (const [what, returned, got] of lists) {
  test(`refused: ${what}`, async () => {
    const infer = requestList(() => returned as never);
    await check.rejects(runBatch(model("m", { ...tensors, infer }), { x, text }, requests), {
      message:
        "model 'm': requestList: infer must return as many outputs as requests, a list of 2; " +
        `got ${got}`,
    });
  });
}

test("an error in the place of outputs, or wrong outputs, fail their request alone", async () => {
  const built = model("m", {
    ...tensors,
    infer: requestList((list) =>
      list.map(({ inputs }, index) => {
        if (index === 1) return new InferenceError("NOT_FOUND", "no such text");
        return index === 2 ? { y: [[1], [2]] } : { y: inputs.x };
      }),
    ),
  });
  const three = [{ rows: 1 }, { rows: 1 }, { rows: 1 }];
  const { outputs, told } = await runBatch(built, { x, text }, three);
  check.deepEqual(outputs, { y: [[1], [0], [0]] });
  const wrong = "model 'm': requestList, request 2: output 'y' must be of shape [1,-1]; got [2,1]";
  check.deepEqual(failuresOf(told), [
    [1, "NOT_FOUND", "no such text"],
    [2, "INTERNAL", wrong],
  ]);
});

test("an error for the only request is that of the batch", async () => {
  const infer = requestList(() => [new InferenceError("NOT_FOUND", "no such text")]);
  const one = { x: Tensor.from("FP32", [[1]]), text: Tensor.from("BYTES", [["a"]]) };
  const built = model("m", { ...tensors, infer });
  await check.rejects(runBatch(built, one, [{ rows: 1 }]), { code: "NOT_FOUND" });
});

const streaming = { ...tensors, inputs: { x: fp32(1) } };

test("a generator yields lists: each element is a response to its request", async () => {
  const inTurns = model("m", {
    ...streaming,
    infer: requestList(function* (list) {
      for (const k of [0, 10]) {
        // Responses of different shapes are no matter: they are not joined.
        yield list.map(({ inputs }, index) => {
          return widening(
            inputs.x.map((value) => value + k),
            index,
          );
        });
      }
    }),
  });
  const later = model("m", {
    ...streaming,
    infer: requestList(async function* (list) {
      yield await Promise.resolve(list.map(({ inputs }) => ({ y: inputs.x })));
    }),
  });
  check.equal(later.isDecoupled, true);
  check.deepEqual((await runBatch(inTurns, { x }, waiting)).told, [
    [0, { y: [[1], [2]] }],
    [1, { y: [[3, 3]] }],
    [0, { y: [[11], [12]] }],
    [1, { y: [[13, 13]] }],
  ]);
  check.deepEqual((await runBatch(later, { x }, waiting)).told, [
    [0, { y: [[1], [2]] }],
    [1, { y: [[3]] }],
  ]);
});

test("a generator goes on without a request whose response is an error, or wrong", async () => {
  let count = 0;
  const built = model("m", {
    ...streaming,
    infer: requestList(function* (list) {
      for (; count < 9; count += 1) {
        yield list.map(({ inputs }, index) => {
          if (index === 0 && count === 1) return new InferenceError("NOT_FOUND", "no more");
          return index === 1 && count === 2 ? ({} as never) : { y: inputs.x };
        });
      }
    }),
  });
  const { told } = await runBatch(built, { x }, waiting);
  const wrong = "model 'm': infer did not return output 'y'";
  check.deepEqual(
    told.map(([request, what]) => [request, what instanceof Error ? what.message : what]),
    [
      [0, { y: [[1], [2]] }],
      [1, { y: [[3]] }],
      [0, "no more"],
      [1, { y: [[3]] }],
      [1, wrong],
    ],
  );
  check.equal(count, 2, "nobody waits for a fourth list");
});

test("a generator is ended when nobody waits, and after a wrong list", async () => {
  let endedCount = 0;
  const endless = model("m", {
    ...streaming,
    infer: requestList(function* (list) {
      try {
        for (;;) yield list.slice(1).map(({ inputs }) => ({ y: inputs.x }));
      } finally {
        endedCount += 1;
      }
    }),
  });
  await check.rejects(runBatch(endless, { x }, waiting), /a list of 2; got 1$/);
  check.equal(endedCount, 1);
  const gone = waiting.map((request) => ({ ...request, hasGone: () => true }));
  check.deepEqual((await runBatch(endless, { x }, gone)).told, []);
});
