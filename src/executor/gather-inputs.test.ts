/** Gathering: as slices, which copies nothing; and joined, in one buffer, which is the one copy. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { Datatype } from "../protocol/datatype.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import { batchOf, elementsOf, inSlices, numbers, texts } from "../testing/batch-fixture.ts";
import { modelConfig } from "../testing/core-fixture.ts";
import { gatherInputs, joinInputs } from "./gather-inputs.ts";

const inputs = [
  { name: "x", datatype: "FP32", dims: [2], isOptional: false },
  { name: "text", datatype: "BYTES", dims: [1], isOptional: true },
] as const;
const batching = modelConfig({ inputs });
const whole = modelConfig({ inputs, options: { batching: false } });

test("the inputs of a single request are its own", () => {
  const x = numbers("x", [3, 2], [1, 2, 3, 4, 5, 6]);
  const text = texts("text", [3, 1], "a", "b", "c");
  const gathered = gatherInputs(batchOf([text, x]), batching);
  check.equal(gathered.length, 2);
  check.equal(gathered[0], x, "in the order of the configuration");
  check.equal(gathered[1], text);
});

test("rows of several requests stand one behind another, in their own slices", () => {
  const one = inSlices(numbers("x", [1, 2], [1, 2]), 3);
  const other = numbers("x", [2, 2], [3, 4, 5, 6]);
  const [x] = gatherInputs(batchOf([one], [other]), batching);
  check.ok(x !== undefined);
  check.deepEqual([x.shape, x.byteLength], [[3, 2], 24]);
  check.deepEqual(elementsOf(x), [1, 2, 3, 4, 5, 6]);
  const slices = [...one.chunks, ...other.chunks];
  check.equal(x.chunks.length, 3);
  check.ok(x.chunks.every((chunk, index) => chunk === slices[index]));
  check.deepEqual(
    [one.shape, other.shape],
    [
      [1, 2],
      [2, 2],
    ],
    "theirs are as before",
  );
});

test("an optional input that no request has is missing", () => {
  const batch = batchOf([numbers("x", [1, 2], [1, 2])], [numbers("x", [1, 2], [3, 4])]);
  check.deepEqual(
    gatherInputs(batch, batching).map(({ name }) => name),
    ["x"],
  );
});

test("without batching the shape is the request's", () => {
  const x = numbers("x", [2], [1, 2]);
  check.deepEqual(gatherInputs(batchOf([x]), whole), [x]);
});

test("joined, they lie in one buffer, each from a multiple of eight", () => {
  const one = [numbers("x", [1, 2], [1, 2]), texts("text", [1, 1], "abc")];
  const other = [
    inSlices(numbers("x", [2, 2], [3, 4, 5, 6]), 1, 9),
    texts("text", [2, 1], "", "z"),
  ];
  const gathered = gatherInputs(batchOf(one, other), batching);
  const { tensors, buffer } = joinInputs(gathered);
  const places = tensors.map(({ name, shape, byteLength, chunks }) => {
    const [chunk] = chunks;
    check.ok(chunk !== undefined && chunks.length === 1);
    check.equal(chunk.buffer, buffer);
    check.equal(chunk.byteLength, byteLength);
    return [name, shape, chunk.byteOffset];
  });
  check.deepEqual(places, [
    ["x", [3, 2], 0],
    ["text", [3, 1], 24],
  ]);
  check.equal(buffer.byteLength, 40);
  check.deepEqual(tensors.map(elementsOf), [
    [1, 2, 3, 4, 5, 6],
    ["abc", "", "z"],
  ]);
});

test("joined inputs are a copy: the requests keep theirs", () => {
  const x = numbers("x", [1, 2], [1, 2]);
  const { buffer } = joinInputs([x]);
  structuredClone(buffer, { transfer: [buffer] });
  check.equal(buffer.byteLength, 0);
  check.deepEqual(elementsOf(x), [1, 2]);
});

test("after bytes of an odd length the next input is aligned again", () => {
  const bytes = (name: string, datatype: Datatype, byteLength: number): WireTensor =>
    wireTensor({ name, datatype, shape: [1, byteLength] }, new Uint8Array(byteLength).fill(7));
  const { tensors, buffer } = joinInputs([bytes("a", "UINT8", 3), bytes("b", "FP64", 8)]);
  check.deepEqual(
    tensors.map(({ chunks }) => chunks[0]?.byteOffset),
    [0, 8],
  );
  check.deepEqual([...new Uint8Array(buffer)].slice(0, 9), [7, 7, 7, 0, 0, 0, 0, 0, 7]);
});

test("nothing to join: inputs without bytes, and no inputs", () => {
  const empty = numbers("x", [1, 0], []);
  check.deepEqual(joinInputs([empty]).tensors, [empty]);
  check.equal(joinInputs([]).buffer.byteLength, 0);
});
