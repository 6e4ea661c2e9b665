/** groupByValues: which rows come together, in which order, and where their results go. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { runBatch } from "../../testing/helper-batch.ts";
import { model } from "../model.ts";
import { bytes, fp32, int64, optional } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { groupByValues } from "./group-by-values.ts";
import type { Pad } from "./join-parts.ts";
import { padWith } from "./pad-with.ts";

const tensors = {
  inputs: { x: fp32(1), language: bytes(1), size: optional(int64(2)) },
  outputs: { y: fp32(-1), who: bytes(-1) },
} as const;

const x = Tensor.from("FP32", [[0], [1], [2], [3], [4]]);
const language = Tensor.from("BYTES", [["en"], ["de"], ["en"], ["zh"], ["de"]]);
const size = Tensor.from("INT64", [
  [1n, 1n],
  [1n, 2n],
  [1n, 2n],
  [1n, 1n],
  [1n, 2n],
]);
const requests = [{ rows: 2 }, { rows: 2 }, { rows: 1 }];

test("rows with equal values come together, and results go back to their rows", async () => {
  const seen: unknown[] = [];
  const built = model("m", {
    ...tensors,
    infer: groupByValues(["language"], (given, { rows, requests: own }) => {
      const [first = ""] = given.language.data;
      const places = own.map(({ id, firstRow, rows: of }) => [id, firstRow, of]);
      seen.push([first, [...given.x.data], rows, places]);
      return {
        y: given.x.map((value) => value * 10),
        who: given.language.map((each) => `${each}!`),
      };
    }),
  });
  const { outputs } = await runBatch(built, { x, language }, requests);
  check.deepEqual(outputs, {
    y: [[0], [10], [20], [30], [40]],
    who: [["en!"], ["de!"], ["en!"], ["zh!"], ["de!"]],
  });
  check.deepEqual(seen, [
    [
      "de",
      [1, 4],
      2,
      [
        ["0", 0, 1],
        ["2", 1, 1],
      ],
    ],
    [
      "en",
      [0, 2],
      2,
      [
        ["0", 0, 1],
        ["1", 1, 1],
      ],
    ],
    ["zh", [3], 1, [["1", 0, 1]]],
  ]);
});

const groupings: readonly [names: ("language" | "size" | "x")[], groups: number[][]][] = [
  [
    ["size"],
    [
      [0, 3],
      [1, 2, 4],
    ],
  ],
  [
    ["language", "size"],
    [[1, 4], [0], [2], [3]],
  ],
  [
    ["size", "language"],
    [[0], [3], [1, 4], [2]],
  ],
  [["x"], [[0], [2], [3], [1], [4]]],
];

for (const [names, groups] of groupings) {
  test(`by ${names.join(" and ")}`, async () => {
    const seen: number[][] = [];
    const built = model("m", {
      ...tensors,
      infer: groupByValues(names, async (given) => {
        seen.push([...given.x.data]);
        return await Promise.resolve({ y: given.x, who: given.language });
      }),
    });
    const { outputs } = await runBatch(built, { x, language, size }, requests);
    check.deepEqual(outputs, { y: x.toNested(), who: language.toNested() });
    check.deepEqual(seen, groups);
  });
}

test("an input that nobody has is no difference, and one group is the batch itself", async () => {
  const seen: unknown[] = [];
  const built = model("m", {
    ...tensors,
    infer: groupByValues(["size"], (given) => {
      seen.push(given.x.rows);
      return { y: given.x, who: given.language };
    }),
  });
  await runBatch(built, { x, language }, requests);
  check.deepEqual(seen, [5]);
});

/** As wide as the group has rows. */
function widths(given: { readonly x: Tensor<"FP32">; readonly language: Tensor<"BYTES"> }) {
  const { rows } = given.x;
  return {
    y: Array.from(given.x.data, (value) => new Array<number>(rows).fill(value)),
    who: Array.from(given.language.data, (each) => new Array<string>(rows).fill(each)),
  };
}

test("results of different shapes are refused without a way to pad them", async () => {
  const built = model("m", { ...tensors, infer: groupByValues(["language"], widths) });
  await check.rejects(runBatch(built, { x, language }, requests), {
    message:
      "model 'm': groupByValues: rows of output 'y' must have one shape: got [2] and [1]: " +
      "say how to pad them (option 'pad')",
  });
});

test("padWith: the value, and empty texts", async () => {
  const infer = groupByValues(["language"], { pad: padWith(-1) }, widths);
  const { outputs } = await runBatch(model("m", { ...tensors, infer }), { x, language }, requests);
  check.deepEqual(outputs, {
    y: [
      [0, 0],
      [1, 1],
      [2, 2],
      [3, -1],
      [4, 4],
    ],
    who: [
      ["en", "en"],
      ["de", "de"],
      ["en", "en"],
      ["zh", ""],
      ["de", "de"],
    ],
  });
});

test("a padding of one's own gets the results of the groups", async () => {
  const seen: unknown[] = [];
  const pad: Pad = (results) => {
    seen.push(results.map(({ y, who }) => [y?.shape, who?.shape]));
    return results.map(({ y, who }) => ({
      y: Array.from({ length: y?.rows ?? 0 }, () => [7]),
      who: Array.from({ length: who?.rows ?? 0 }, () => ["p"]),
    }));
  };
  const built = model("m", { ...tensors, infer: groupByValues(["language"], { pad }, widths) });
  const { outputs } = await runBatch(built, { x, language }, requests);
  check.deepEqual(outputs, { y: [[7], [7], [7], [7], [7]], who: new Array(5).fill(["p"]) });
  check.deepEqual(seen, [
    [
      [
        [2, 2],
        [2, 2],
      ],
      [
        [2, 2],
        [2, 2],
      ],
      [
        [1, 1],
        [1, 1],
      ],
    ],
  ]);
});

for (const [what, pad, message] of [
  ["the wrong number", () => [], "pad must return 3 objects of outputs; got 0"],
  ["no list", () => 5, "pad must return 3 objects of outputs; got number"],
  [
    "results that still differ",
    (results: readonly object[]) => results,
    "rows of output 'y' must have one shape: got [2] and [1], after pad",
  ],
] as const) {
  test(`a padding that returns ${what}`, async () => {
    const options = { pad: pad as unknown as Pad };
    const built = model("m", { ...tensors, infer: groupByValues(["language"], options, widths) });
    await check.rejects(runBatch(built, { x, language }, requests), {
      message: `model 'm': groupByValues: ${message}`,
    });
  });
}

test("groups that share a request stream in step, others by themselves", async () => {
  const built = model("m", {
    ...tensors,
    infer: groupByValues(["language"], function* (given) {
      const count = given.language.data[0] === "zh" ? 3 : 1;
      for (let k = 0; k < count; k += 1) yield { y: given.x, who: given.language };
    }),
  });
  const { told } = await runBatch(built, { x, language }, [{ rows: 3 }, { rows: 1 }, { rows: 1 }]);
  const of = (index: number) => told.filter(([request]) => request === index).map(([, y]) => y);
  const response = (from: number, to: number) => ({
    y: x.slice(from, to).toNested(),
    who: language.slice(from, to).toNested(),
  });
  check.deepEqual(of(0), [response(0, 3), "end"]);
  check.deepEqual(of(1), [response(3, 4), response(3, 4), response(3, 4), "end"]);
  check.deepEqual(of(2), [response(4, 5), "end"]);
});

/** Called as a user without types would. */
const untyped = groupByValues as unknown as (...given: unknown[]) => never;

for (const [what, run, message] of [
  [
    "an input that does not exist",
    () => model("m", { ...tensors, infer: untyped(["z"], widths) }),
    "model 'm': groupByValues: 'z' is no input here (there are x, language, size)",
  ],
  [
    "no batch",
    () => model("m", { ...tensors, batching: false, infer: untyped(["x"], widths) }),
    "model 'm': groupByValues groups rows, and here is no batch ('batching' is false, or sample " +
      "is around it): leave it out",
  ],
  [
    "a value that no output has",
    () => {
      const pad = padWith(1n);
      return model("m", { ...tensors, infer: untyped(["x"], { pad }, widths) });
    },
    "model 'm': groupByValues: output 'y' cannot be padded: 1 is not a value of FP32",
  ],
  [
    "no names",
    () => untyped([], widths),
    "groupByValues(): 'names' must be names of inputs; got none",
  ],
  [
    "names that are none",
    () => untyped("x", widths),
    `groupByValues(): 'names' must be names of inputs; got "x"`,
  ],
  [
    "a text to pad with",
    () => padWith("" as never),
    "padWith(): the value must be a number, a bigint or a boolean; texts are padded with empty " +
      "ones",
  ],
] as const) {
  test(`refused: ${what}`, () => check.throws(run, { name: "TypeError", message }));
}
