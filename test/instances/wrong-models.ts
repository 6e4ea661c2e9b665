/**
 * Models that return the wrong thing, which one their requests say. Threads import this file again.
 */
import { bytes, fp32, int64, type Model, model, Tensor } from "shoal";

/** Of a batch of two rows. */
const wrong: Readonly<Record<string, unknown>> = {
  nothing: undefined,
  null: null,
  "a list": [[1], [2]],
  "a number": 5,
  "a missing output": { y: [[1], [2]], n: [[1n], [2n]] },
  "an output of undefined": { y: [[1], [2]], n: [[1n], [2n]], text: undefined },
  "a surplus output": { y: [[1], [2]], n: [[1n], [2n]], text: [["a"], ["b"]], z: [[1], [2]] },
};

/** In place of one output. */
const wrongOutputs: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "too few rows": { y: [[1]] },
  "too many rows": { y: [[1], [2], [3]] },
  "too few rows in a typed array": { y: Float32Array.of(1) },
  "too few rows in a tensor": { y: Tensor.from("FP32", [[1]]) },
  "no rows": { y: [] },
  "the wrong rank": { y: Tensor.from("FP32", [[[1]], [[2]]]) },
  "rows that are too long": {
    y: [
      [1, 2],
      [3, 4],
    ],
  },
  "ragged rows": { y: [[1], [2, 3]] },
  "the wrong typed array": { y: Float64Array.of(1, 2) },
  "a tensor of the wrong datatype": { y: Tensor.from("FP64", [[1], [2]]) },
  "texts for numbers": { y: [["1"], ["2"]] },
  "numbers for texts": { text: [[1], [2]] },
  "a fraction for an integer": { n: [[1.5], [2]] },
  "an integer beyond its range": { n: [[2n ** 63n], [1n]] },
  "a function": { y: () => [[1], [2]] },
  "a number for rows": { y: 5 },
  "a map": { y: new Map([[0, 1]]) },
};

export const mistakes: readonly string[] = [...Object.keys(wrong), ...Object.keys(wrongOutputs)];

export function wrongModel(kind: "inline" | "thread"): Model {
  return model("wrong", {
    module: import.meta.url,
    instances: { kind },
    inputs: { x: fp32(1) },
    outputs: { y: fp32(1), n: int64(1), text: bytes(1) },
    infer: ({ x }, { requests }) => {
      const right = { y: x, n: x.toNested() as number[][], text: [["a"], ["b"]] };
      const mistake = String(requests[0]?.parameters["mistake"]);
      if (mistake in wrong) return wrong[mistake] as typeof right;
      return { ...right, ...wrongOutputs[mistake] };
    },
  });
}

/** A thread looks for it here. */
wrongModel("thread");
