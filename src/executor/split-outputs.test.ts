/** Splitting: rows to their requests without a copy, and outputs that are not as declared. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ExecutionBatch, ModelResponse } from "../core/instance.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { InferenceError } from "../protocol/errors.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import {
  batchOf,
  batchOfRequests,
  contentsOf,
  inSlices,
  numbers,
  texts,
} from "../testing/batch-fixture.ts";
import { modelConfig } from "../testing/core-fixture.ts";
import { answersOf } from "./split-outputs.ts";

const outputs = [
  { name: "y", datatype: "FP32", dims: [2], isOptional: false },
  { name: "text", datatype: "BYTES", dims: [-1], isOptional: false },
] as const;
const config = modelConfig({ outputs });
const whole = modelConfig({ outputs, options: { batching: false } });

/** Requests of so many rows. */
function batchOfRows(...rows: readonly number[]): ExecutionBatch {
  return batchOf(...rows.map((count) => [numbers("x", [count, 1], new Array(count).fill(0))]));
}

function split(
  made: readonly WireTensor[],
  batch: ExecutionBatch,
  of: ModelConfig,
): readonly ModelResponse[] {
  const answers = answersOf(made, batch, of);
  if (answers instanceof InferenceError) throw answers;
  return answers;
}

function contents(batch: ExecutionBatch, ...made: readonly WireTensor[]): readonly unknown[] {
  return split(made, batch, config).map(contentsOf);
}

test("each request gets its rows, in the order of the configuration", () => {
  const text = texts("text", [4, 2], "a", "", "ccc", "d", "e", "ffff", "", "");
  const y = numbers("y", [4, 2], [1, 2, 3, 4, 5, 6, 7, 8]);
  check.deepEqual(contents(batchOfRows(1, 2, 1), text, y), [
    [
      ["y", [1, 2], [1, 2]],
      ["text", [1, 2], ["a", ""]],
    ],
    [
      ["y", [2, 2], [3, 4, 5, 6]],
      ["text", [2, 2], ["ccc", "d", "e", "ffff"]],
    ],
    [
      ["y", [1, 2], [7, 8]],
      ["text", [1, 2], ["", ""]],
    ],
  ]);
});

test("nothing is copied: parts are views, and a single request gets the whole", () => {
  const y = numbers("y", [3, 2], [1, 2, 3, 4, 5, 6]);
  const text = texts("text", [3, 1], "a", "b", "c");
  const [buffers] = [y, text].map(({ chunks }) => chunks[0]?.buffer);
  for (const { outputs: own } of split([y, text], batchOfRows(1, 2), config)) {
    check.equal(own[0]?.chunks[0]?.buffer, buffers);
    check.equal(own[1]?.chunks[0]?.buffer, text.chunks[0]?.buffer);
  }
  const [single] = split([y, text], batchOfRows(3), config);
  check.equal(single?.outputs[0], y);
  check.equal(single?.outputs[1], text);
});

test("outputs in slices, cut anywhere: as by requests that are handed through", () => {
  const y = inSlices(numbers("y", [3, 2], [1, 2, 3, 4, 5, 6]), 1, 8, 13);
  const text = inSlices(texts("text", [3, 1], "fish", "", "sea"), 2, 5, 7, 9);
  check.deepEqual(contents(batchOfRows(1, 1, 1), y, text), [
    [
      ["y", [1, 2], [1, 2]],
      ["text", [1, 1], ["fish"]],
    ],
    [
      ["y", [1, 2], [3, 4]],
      ["text", [1, 1], [""]],
    ],
    [
      ["y", [1, 2], [5, 6]],
      ["text", [1, 1], ["sea"]],
    ],
  ]);
});

test("rows without elements", () => {
  const made = [numbers("y", [2, 2], [1, 2, 3, 4]), texts("text", [2, 0])];
  check.deepEqual(contents(batchOfRows(1, 1), ...made)[1], [
    ["y", [1, 2], [3, 4]],
    ["text", [1, 0], []],
  ]);
});

test("without batching shapes are whole", () => {
  const batch = batchOfRequests([{ inputs: [numbers("x", [1], [0])] }]);
  const made = [numbers("y", [2], [1, 2]), texts("text", [3], "a", "b", "c")];
  check.deepEqual(split(made, batch, whole).map(contentsOf), [
    [
      ["y", [2], [1, 2]],
      ["text", [3], ["a", "b", "c"]],
    ],
  ]);
});

test("an output that nobody wants may be missing", () => {
  const inputs = [numbers("x", [1, 1], [0])];
  const batch = batchOfRequests([{ inputs, requestedOutputs: ["text"] }]);
  check.deepEqual(contents(batch, texts("text", [1, 1], "a")), [[["text", [1, 1], ["a"]]]]);
});

const y2 = numbers("y", [2, 2], [1, 2, 3, 4]);
const text2 = texts("text", [2, 1], "a", "b");

/** Outputs for a batch of two rows, and what is wrong with them. */
const faults: readonly [made: readonly WireTensor[], message: string][] = [
  [[y2], "it did not return output 'text'"],
  [[{ ...y2, datatype: "INT32" }, text2], "output 'y' must be FP32; got INT32"],
  [[numbers("y", [1, 2], [1, 2]), text2], "output 'y' must be of shape [2,2]; got [1,2]"],
  [
    [numbers("y", [3, 2], [1, 2, 3, 4, 5, 6]), text2],
    "output 'y' must be of shape [2,2]; got [3,2]",
  ],
  [[numbers("y", [4], [1, 2, 3, 4]), text2], "output 'y' must be of shape [2,2]; got [4]"],
  [
    [numbers("y", [2, 2, 1], [1, 2, 3, 4]), text2],
    "output 'y' must be of shape [2,2]; got [2,2,1]",
  ],
  [
    [numbers("y", [2, 2], [1, 2, 3]), text2],
    "output 'y' must have 4 elements for its shape [2,2]; its 12 bytes are not",
  ],
  [
    [y2, texts("text", [2, 2], "a", "b", "c")],
    "output 'text' must have 4 elements for its shape [2,2]; its 15 bytes are not",
  ],
  [
    [y2, wireTensor({ name: "text", datatype: "BYTES", shape: [2, 1] }, Uint8Array.of(9, 0, 0))],
    "output 'text' must have 2 elements for its shape [2,1]; its 3 bytes are not",
  ],
];

for (const [made, message] of faults) {
  test(`refused: ${message}`, () => {
    check.throws(() => split(made, batchOfRows(1, 1), config), {
      code: "INTERNAL",
      reason: "BACKEND",
      message: `model 'm': ${message}`,
    });
  });
}
