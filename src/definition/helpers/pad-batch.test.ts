/** padBatch: to which size, with what, and what becomes of the surplus rows. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { runBatch } from "../../testing/helper-batch.ts";
import { type Model, model } from "../model.ts";
import { bytes, fp32 } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { padBatch } from "./pad-batch.ts";

const tensors = {
  inputs: { x: fp32(1), text: bytes(1) },
  outputs: { y: fp32(1), text: bytes(1) },
} as const;

const x = Tensor.from("FP32", [[1], [2], [3]]);
const text = Tensor.from("BYTES", [["a"], ["b"], ["ç"]]);
const three = [{ rows: 1 }, { rows: 2 }];

interface Seen {
  x: unknown;
  rows: number;
  requests: unknown;
}

function padded(options: object, sizes?: readonly number[]): { seen: Seen[]; model: Model } {
  const seen: Seen[] = [];
  const built = model("m", {
    ...tensors,
    ...options,
    infer: padBatch(sizes === undefined ? {} : { sizes }, (given, { rows, requests }) => {
      const places = requests.map(({ firstRow, rows: own }) => [firstRow, own]);
      seen.push({ x: given.x.toNested(), rows, requests: places });
      return { y: given.x.map((value) => 10 * value), text: given.text };
    }),
  });
  return { seen, model: built };
}

const sizes: readonly [what: string, options: object, sizes: number[] | undefined, to: number][] = [
  ["the smallest preferred size", { batching: { preferredBatchSizes: [8, 4, 2] } }, undefined, 4],
  ["maxBatchSize without preferred sizes", { maxBatchSize: 5 }, undefined, 5],
  ["maxBatchSize beyond them", { batching: { preferredBatchSizes: [2] } }, undefined, 32],
  ["sizes of its own", { batching: { preferredBatchSizes: [4] } }, [1, 6], 6],
  ["nothing where the size is right", {}, [3, 4], 3],
];

for (const [what, options, own, to] of sizes) {
  test(`filled up to ${what}`, async () => {
    const { seen, model: built } = padded(options, own);
    const { outputs } = await runBatch(built, { x, text }, three);
    check.deepEqual(outputs, { y: [[10], [20], [30]], text: [["a"], ["b"], ["ç"]] });
    const rows = Array.from({ length: to }, (_, row) => [Math.min(row, 2) + 1]);
    const requests = [
      [0, 1],
      [1, to - 1],
    ];
    check.deepEqual(seen, [{ x: rows, rows: to, requests }]);
  });
}

test("outputs may be of any form, and come later", async () => {
  const built = model("m", {
    ...tensors,
    maxBatchSize: 4,
    infer: padBatch(async (given) => {
      const y = await Promise.resolve(Float32Array.from(given.x.data));
      return { y, text: given.text.toNested() as string[][] };
    }),
  });
  const { outputs } = await runBatch(built, { x, text }, three);
  check.deepEqual(outputs, { y: [[1], [2], [3]], text: [["a"], ["b"], ["ç"]] });
});

const inTurns = model("m", {
  ...tensors,
  infer: padBatch(function* (given) {
    yield { y: given.x, text: given.text };
    yield { y: given.x.map((value) => -value), text: given.text };
  }),
});
const later = model("m", {
  ...tensors,
  infer: padBatch(async function* (given) {
    yield { y: given.x, text: given.text };
    yield await Promise.resolve({ y: given.x.map((value) => -value), text: given.text });
  }),
});

for (const [kind, built] of [
  ["a generator", inTurns],
  ["an async generator", later],
] as const) {
  test(`each response of ${kind} is cut`, async () => {
    const { told } = await runBatch(built, { x, text }, three);
    check.deepEqual(told, [
      [undefined, { y: [[1], [2], [3]], text: [["a"], ["b"], ["ç"]] }],
      [undefined, { y: [[-1], [-2], [-3]], text: [["a"], ["b"], ["ç"]] }],
    ]);
  });
}

test("what is sent to the last request is cut, too", async () => {
  const built = model("m", {
    ...tensors,
    decoupled: true,
    maxBatchSize: 8,
    infer: padBatch(async (given, { send, end, requests }) => {
      for (const [index, { firstRow, rows }] of requests.entries()) {
        const [from, to] = [firstRow, firstRow + rows];
        await send(index, { y: given.x.slice(from, to), text: given.text.slice(from, to) });
        end(index);
      }
    }),
  });
  check.deepEqual((await runBatch(built, { x, text }, three)).told, [
    [0, { y: [[1]], text: [["a"]] }],
    [0, "end"],
    [1, { y: [[2], [3]], text: [["b"], ["ç"]] }],
    [1, "end"],
  ]);
});

test("too few rows: told with the rows that it was given", async () => {
  const built = model("m", {
    ...tensors,
    infer: padBatch((given) => ({ y: given.x.slice(0, 3), text: given.text })),
  });
  await check.rejects(runBatch(built, { x, text }, three), {
    message: "model 'm': padBatch: output 'y' must be of shape [32,1]; got [3,1]",
  });
});

for (const [what, run, message] of [
  [
    "no batch",
    () => padded({ batching: false }),
    "model 'm': padBatch fills batches up, and 'batching' is false: leave one of them out",
  ],
  [
    "a size that cannot be",
    () => padded({ maxBatchSize: 4 }, [2, 8]),
    "model 'm': padBatch: 'sizes' must be at most maxBatchSize, which is 4; got 8",
  ],
  [
    "a size that is none",
    () => padBatch({ sizes: [0] }, () => ({})),
    "padBatch(): 'sizes[0]' must be an integer from 1; got 0",
  ],
  [
    "an option that does not exist",
    () => padBatch({ size: 1 } as never, () => ({})),
    "padBatch(): unknown option 'size' (did you mean 'sizes'?)",
  ],
  [
    "no function",
    () => padBatch(5 as never),
    "padBatch(): 'fn' must be a function, or an object with a method 'infer'; got 5",
  ],
] as const) {
  test(`refused: ${what}`, () => check.throws(run, { name: "TypeError", message }));
}
