/** What a declared tensor may not be, each with the words of Triton. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { Datatype } from "../protocol/datatype.ts";
import { type ConfigTensor, findTensorMistakes } from "./check-tensors.ts";

function tensor(changes: Partial<ConfigTensor> = {}): ConfigTensor {
  return { name: "x", datatype: "FP32", dims: [4], isOptional: false, ...changes };
}

/** Of a model 'm' with these inputs. */
function mistakesIn(inputs: readonly ConfigTensor[], isBatching = true): readonly string[] {
  return findTensorMistakes({ name: "m", inputs, outputs: [tensor()] }, { isBatching });
}

const fine: readonly Partial<ConfigTensor>[] = [
  {},
  { dims: [1] },
  { dims: [-1, 3, -1] },
  { dims: [1], reshape: [] },
  { dims: [2, 3], reshape: [6] },
  { dims: [2, 3, -1, 4], reshape: [6, -1, 2, 2] },
  { dims: [-1], reshape: [-1, 1] },
  { isOptional: true },
];

for (const changes of fine) {
  test(`fine: ${JSON.stringify(changes)}`, () =>
    check.deepEqual(mistakesIn([tensor(changes)]), []));
}

const dimension = "an integer from 1, or -1 for any size";
const rule = "must be integer >= 1, or -1 to indicate a variable-size dimension for m";

const wrong: readonly [Partial<ConfigTensor>, ...lines: string[]][] = [
  [{ name: "" }, `'inputs' must have names; got "" (model input must specify 'name' for m)`],
  [
    { datatype: "FP8" as Datatype },
    `'inputs.x.datatype' must be a datatype, such as FP32; got "FP8" ` +
      "(model input 'x' must specify 'data_type' for m)",
  ],
  [
    { dims: [] },
    "'inputs.x.dims' must be at least one dimension; got [] " +
      "(model input 'x' must specify 'dims' for m)",
  ],
  [
    { dims: [0, 4, -2, 1.5] },
    `'inputs.x.dims[0]' must be ${dimension}; got 0 (model input 'x' dimension ${rule})`,
    `'inputs.x.dims[2]' must be ${dimension}; got -2 (model input 'x' dimension ${rule})`,
    `'inputs.x.dims[3]' must be ${dimension}; got 1.5 (model input 'x' dimension ${rule})`,
  ],
  [
    { dims: [0], reshape: [6] },
    `'inputs.x.dims[0]' must be ${dimension}; got 0 (model input 'x' dimension ${rule})`,
  ],
  [
    { reshape: [0] },
    `'inputs.x.reshape[0]' must be ${dimension}; got 0 ` +
      `(model input 'x' reshape dimensions ${rule})`,
  ],
  [
    { dims: [2, 3], reshape: [3, 3] },
    "'inputs.x.reshape' must be of as many elements as dims, [2, 3]; got [3, 3] " +
      "(model input 'x' has different size for dims and reshape for m)",
  ],
  [
    { dims: [2, -1, 3], reshape: [3, -1, 2] },
    "'inputs.x.reshape' must be of as many elements as dims, [2, -1, 3]; got [3, -1, 2] " +
      "(model input 'x' has different size for dims and reshape for m)",
  ],
  [
    { dims: [-1, 4], reshape: [4] },
    "'inputs.x.reshape' must be with as many -1 as dims, [-1, 4]; got [4] (model input 'x' has " +
      "different number of variable-size dimensions for dims and reshape for m)",
  ],
];

for (const [changes, ...lines] of wrong) {
  test(`refused: ${JSON.stringify(changes)}`, () => {
    check.deepEqual(mistakesIn([tensor(changes)]), lines);
  });
}

test("a scalar needs a batch dimension", () => {
  check.deepEqual(mistakesIn([tensor({ dims: [1], reshape: [] })], false), [
    "'inputs.x.reshape' must be at least one dimension without batching; got [] (model input 'x' " +
      "cannot have empty reshape for non-batching model as scalar tensors are not supported for m)",
  ]);
});

test("a name is told once, however often it comes; an output may be called as an input is", () => {
  const line = `'inputs' must have different names; got "x" twice`;
  check.deepEqual(mistakesIn([tensor(), tensor(), tensor()]), [line]);
});

test("outputs are checked as inputs are, and must be there", () => {
  const outputs = [tensor({ name: "y", dims: [0] }), tensor({ name: "z", isOptional: true })];
  check.deepEqual(findTensorMistakes({ name: "m", inputs: [], outputs }, { isBatching: true }), [
    `'outputs.y.dims[0]' must be ${dimension}; got 0 (model output 'y' dimension ${rule})`,
    "'outputs.z' must not be optional: a model returns all its outputs",
  ]);
  const none = { name: "m", inputs: [tensor()], outputs: [] };
  check.deepEqual(findTensorMistakes(none, { isBatching: true }), [
    "'outputs' must be at least one tensor; got none",
  ]);
});
