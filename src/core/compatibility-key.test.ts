/** Which requests may share a batch. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { InferRequest } from "../protocol/infer.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { inferRequest, modelConfig } from "../testing/core-fixture.ts";
import type { ConfigTensor } from "./check-tensors.ts";
import { compatibilityKeyFor } from "./compatibility-key.ts";

type Shapes = Readonly<Record<string, readonly number[]>>;

interface Case {
  readonly what: string;
  readonly inputs: readonly Partial<ConfigTensor>[];
  readonly one: Shapes;
  readonly other: Shapes;
  readonly isShared: boolean;
}

const variable = { name: "a", dims: [-1] };
const fixed = { name: "b", dims: [4] };
const optional = { name: "c", dims: [4], isOptional: true };
const image = { name: "d", dims: [3, -1, -1] };

const cases: readonly Case[] = [
  {
    what: "rows do not count",
    inputs: [fixed],
    one: { b: [1, 4] },
    other: { b: [7, 4] },
    isShared: true,
  },
  {
    what: "equal lengths",
    inputs: [variable],
    one: { a: [1, 5] },
    other: { a: [2, 5] },
    isShared: true,
  },
  {
    what: "other lengths",
    inputs: [variable],
    one: { a: [1, 5] },
    other: { a: [1, 6] },
    isShared: false,
  },
  {
    what: "rows do not count where lengths do",
    inputs: [variable, fixed],
    one: { a: [1, 5], b: [1, 4] },
    other: { a: [3, 5], b: [3, 4] },
    isShared: true,
  },
  {
    what: "other lengths of one of two inputs",
    inputs: [variable, fixed],
    one: { a: [1, 5], b: [1, 4] },
    other: { a: [1, 6], b: [1, 4] },
    isShared: false,
  },
  {
    what: "lengths are of inputs, not of the request as a whole",
    inputs: [variable, image],
    one: { a: [1, 5], d: [1, 3, 6, 7] },
    other: { a: [1, 6], d: [1, 3, 5, 7] },
    isShared: false,
  },
  {
    what: "digits of neighbouring dimensions do not run together",
    inputs: [image],
    one: { d: [1, 3, 1, 11] },
    other: { d: [1, 3, 11, 1] },
    isShared: false,
  },
  {
    what: "the order of the inputs does not count",
    inputs: [variable, image],
    one: { a: [1, 5], d: [1, 3, 6, 7] },
    other: { d: [1, 3, 6, 7], a: [1, 5] },
    isShared: true,
  },
  {
    what: "an optional input in one of them only",
    inputs: [fixed, optional],
    one: { b: [1, 4], c: [1, 4] },
    other: { b: [1, 4] },
    isShared: false,
  },
  {
    what: "an optional input in both",
    inputs: [fixed, optional],
    one: { b: [1, 4], c: [1, 4] },
    other: { c: [2, 4], b: [2, 4] },
    isShared: true,
  },
  {
    what: "an optional input in neither",
    inputs: [fixed, optional],
    one: { b: [1, 4] },
    other: { b: [2, 4] },
    isShared: true,
  },
  {
    what: "which of two optional inputs is there",
    inputs: [fixed, optional, { ...optional, name: "e" }],
    one: { b: [1, 4], c: [1, 4] },
    other: { b: [1, 4], e: [1, 4] },
    isShared: false,
  },
  {
    what: "an optional input of a free length",
    inputs: [{ ...variable, isOptional: true }],
    one: { a: [1, 5] },
    other: { a: [1, 6] },
    isShared: false,
  },
  {
    what: "an empty input is not a missing one",
    inputs: [{ ...variable, isOptional: true }, fixed],
    one: { a: [1, 0], b: [1, 4] },
    other: { b: [1, 4] },
    isShared: false,
  },
];

function requestOf(shapes: Shapes): InferRequest {
  const inputs = Object.entries(shapes).map(
    ([name, shape]): WireTensor => ({ name, datatype: "INT8", shape, chunks: [], byteLength: 0 }),
  );
  return inferRequest({ inputs });
}

for (const { what, inputs, one, other, isShared } of cases) {
  test(`${what}: ${isShared ? "together" : "apart"}`, () => {
    const tensor = { name: "y", datatype: "INT8", dims: [1], isOptional: false } as const;
    const config = modelConfig({ inputs: inputs.map((input) => ({ ...tensor, ...input })) });
    const keyOf = compatibilityKeyFor(config);
    check.equal(keyOf(requestOf(one)) === keyOf(requestOf(other)), isShared);
  });
}
