/** Fields by the words of an error, and their lines in a configuration. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { fieldOf, lineOf } from "./findings.ts";

const texts: readonly [message: string, field: string | undefined][] = [
  ["unexpected directory name 'd' for model 'm', directory name must equal model name", "name"],
  ["must specify 'platform' or 'backend' for 'm'", "backend"],
  ["unable to find backend library for backend 'B', try specifying runtime on the", "backend"],
  ["'max_batch_size' must be non-negative value for m", "max_batch_size"],
  ["model input must specify 'name' for m", "input.name"],
  ["model input 'X' must specify 'dims' for m", "input 'X'.dims"],
  ["model output 'Y' has different size for dims and reshape for m", "output 'Y'.reshape"],
  ["instance group G of model m has kind KIND_GPU but no GPUs are available", "instance_group"],
  ["unexpected inference output 'X', allowed outputs are: A, B", "output 'X'"],
  [
    "autofill failed for model 'm': ... while non-zero max_batch_size is specified",
    "max_batch_size",
  ],
  ["something else", undefined],
];

for (const [message, field] of texts) {
  test(message, () => check.equal(fieldOf(message), field));
}

test("the line of a field is told if the field is there once", () => {
  const text = [
    "# max_batch_size: 3",
    "max_batch_size: 4",
    'input { name: "max_batch_size" data_type: TYPE_FP32 dims: 1 }',
    "input { name: 'b' data_type: TYPE_FP32 dims: 1 }",
    "dynamic_batching {",
    "  preferred_batch_size: 4 }",
  ].join("\n");
  check.equal(lineOf("max_batch_size", text), 2);
  check.equal(lineOf("dynamic_batching.preferred_batch_size", text), 6);
  check.equal(lineOf("input 'b'.dims", text), 4);
  check.equal(lineOf("input.dims", text), undefined);
  check.equal(lineOf("instance_group", text), undefined);
});
