/** padWith: every datatype and rank, and results that need nothing. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { int64, type TensorSpec } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { type PadValue, padWith } from "./pad-with.ts";

function padded(value: PadValue | undefined, ...nested: readonly Tensor[]): unknown {
  const results = padWith(value)(nested.map((y) => ({ y })));
  return results.map(({ y }) => y?.toNested());
}

test("past the rows each dimension grows to the largest", () => {
  const one = Tensor.from("FP32", [[[1, 2]], [[7, 8]]]);
  const other = Tensor.from("FP32", [[[3], [4]]]);
  check.deepEqual(padded(9, one, other), [
    [
      [
        [1, 2],
        [9, 9],
      ],
      [
        [7, 8],
        [9, 9],
      ],
    ],
    [
      [
        [3, 9],
        [4, 9],
      ],
    ],
  ]);
});

test("each datatype has the value in its own form; 0 by default", () => {
  const wide: TensorSpec<"INT64", "number", false> = int64(-1, { as: "number" });
  check.deepEqual(padded(2n, Tensor.from("UINT64", [[1n]]), Tensor.from("UINT64", [[1n, 1n]])), [
    [[1n, 2n]],
    [[1n, 1n]],
  ]);
  check.deepEqual(
    padded(2, Tensor.from(wide, [[1]]) as never, Tensor.from(wide, [[1, 1]]) as never),
    [[[1, 2]], [[1, 1]]],
  );
  check.deepEqual(
    padded(true, Tensor.from("BOOL", [[false]]), Tensor.from("BOOL", [[true, false]])),
    [[[false, true]], [[true, false]]],
  );
  check.deepEqual(padded(0.5, Tensor.from("FP16", [[1]]), Tensor.from("FP16", [[1, 1]])), [
    [[1, 0.5]],
    [[1, 1]],
  ]);
  check.deepEqual(padded(undefined, Tensor.from("INT8", [[1]]), Tensor.from("INT8", [[1, 1]])), [
    [[1, 0]],
    [[1, 1]],
  ]);
  check.deepEqual(padded(5, Tensor.from("BYTES", [["é"]]), Tensor.from("BYTES", [["a", "b"]])), [
    [["é", ""]],
    [["a", "b"]],
  ]);
});

test("one that is the largest stays as it is", () => {
  const y = Tensor.from("FP32", [[1, 2]]);
  check.equal(padWith(0)([{ y }])[0]?.["y"], y);
});

test("a part without elements grows, too", () => {
  check.deepEqual(padded(7, Tensor.zeros("FP32", [1, 0]), Tensor.from("FP32", [[1, 2]])), [
    [[7, 7]],
    [[1, 2]],
  ]);
});
