/** Operations on tensors: what they make, whose memory that is, and what they refuse. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { Datatype } from "../protocol/datatype.ts";
import { packBytes } from "../protocol/packed-bytes.ts";
import { bytes, type ElementForm, int64, type TensorSpec } from "./specifications.ts";
import { giveAway, release, returnedBytes, Tensor } from "./tensor.ts";

type Type = Datatype | TensorSpec<Datatype, ElementForm>;
type AnyTensor = Tensor<Datatype, ElementForm>;

function make(type: Type, nested: unknown): AnyTensor {
  return Tensor.from(type, nested as never);
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Two elements of each kind, and what fills where nothing is. */
const kinds: readonly (readonly [
  what: string,
  Type,
  one: unknown,
  other: unknown,
  none: unknown,
])[] = [
  ["BOOL", "BOOL", true, true, false],
  ["UINT8", "UINT8", 255, 1, 0],
  ["UINT16", "UINT16", 65_535, 1, 0],
  ["UINT32", "UINT32", 2 ** 32 - 1, 1, 0],
  ["UINT64", "UINT64", 2n ** 64n - 1n, 1n, 0n],
  ["INT8", "INT8", -128, 127, 0],
  ["INT16", "INT16", -32_768, 1, 0],
  ["INT32", "INT32", -(2 ** 31), 1, 0],
  ["INT64", "INT64", -(2n ** 63n), 1n, 0n],
  ["INT64 as number", int64(-1, { as: "number" }), 2 ** 53 - 1, -1, 0],
  ["FP16", "FP16", -2, 0.5, 0],
  ["BF16", "BF16", -2, 0.5, 0],
  ["FP32", "FP32", -2, 0.5, 0],
  ["FP64", "FP64", Math.PI, 0.5, 0],
  ["BYTES as string", "BYTES", "魚", "a", ""],
  ["BYTES as bytes", bytes(-1, { as: "bytes" }), utf8("魚"), utf8("a"), utf8("")],
];

for (const [what, type, one, other, none] of kinds) {
  test(`${what}: stacked, concatenated, padded, reshaped, row by row`, () => {
    const first = make(type, [one, other]);
    const second = make(type, [other, one]);
    const stack = Tensor.stack([first, second]);
    const rows = [
      [one, other],
      [other, one],
    ];
    check.deepEqual([stack.shape, stack.toNested(), stack.as], [[2, 2], rows, first.as]);
    check.deepEqual(Tensor.concatenate([first, second]).toNested(), [one, other, other, one]);
    check.deepEqual(stack.pad([-1, 3]).toNested(), [
      [one, other, none],
      [other, one, none],
    ]);
    check.deepEqual(stack.pad([3, -1], other as never).toNested(), [...rows, [other, other]]);
    check.deepEqual(stack.reshape([4]).toNested(), [one, other, other, one]);
    check.deepEqual(
      [...stack.eachRow()].map((row) => row.toNested()),
      rows,
    );
    // And all of it as it goes over the wire.
    const { datatype, as } = first;
    const copy = Tensor.concatenate([stack, stack.slice(1)]);
    const read = new Tensor({ datatype, as, shape: copy.shape, bytes: copy.bytes.slice() });
    check.deepEqual(read.toNested(), [...rows, rows[1]]);
  });
}

/** [[[0,1,2],[3,4,5]]] with other numbers. */
function counted(shape: readonly number[], start = 0): Tensor<"INT32", "number"> {
  const count = shape.reduce((product, size) => product * size, 1);
  return Tensor.from(
    "INT32",
    Int32Array.from({ length: count }, (_, index) => start + index),
    shape,
  );
}

test("concatenate: along each axis", () => {
  const [one, two] = [counted([2, 2]), counted([2, 2], 10)];
  check.deepEqual(Tensor.concatenate([one, two], 0).toNested(), [
    [0, 1],
    [2, 3],
    [10, 11],
    [12, 13],
  ]);
  check.deepEqual(Tensor.concatenate([one, two], 1).toNested(), [
    [0, 1, 10, 11],
    [2, 3, 12, 13],
  ]);
  const deep = Tensor.concatenate([counted([2, 1, 2]), counted([2, 2, 2], 10)], 1);
  check.deepEqual(deep.toNested(), [
    [
      [0, 1],
      [10, 11],
      [12, 13],
    ],
    [
      [2, 3],
      [14, 15],
      [16, 17],
    ],
  ]);
});

test("stack: along each axis, the one behind the last too", () => {
  const [one, two] = [counted([2, 2]), counted([2, 2], 10)];
  check.deepEqual(Tensor.stack([one, two], 1).toNested(), [
    [
      [0, 1],
      [10, 11],
    ],
    [
      [2, 3],
      [12, 13],
    ],
  ]);
  check.deepEqual(Tensor.stack([one, two], 2).shape, [2, 2, 2]);
  check.deepEqual(Tensor.stack([one, two], 2).row(1).toNested(), [
    [2, 12],
    [3, 13],
  ]);
  const scalars = [Tensor.from("FP32", 1), Tensor.from("FP32", 2)];
  check.deepEqual(Tensor.stack(scalars).toNested(), [1, 2]);
});

test("stack undoes eachRow, and concatenate undoes slice", () => {
  const tensor = counted([3, 2, 2]);
  check.deepEqual(Tensor.stack([...tensor.eachRow()]).toNested(), tensor.toNested());
  const parts = [tensor.slice(0, 1), tensor.slice(1)];
  check.deepEqual(Tensor.concatenate(parts).toNested(), tensor.toNested());
});

test("empty tensors: nothing is joined to something, and grows out of nothing", () => {
  const none = Tensor.zeros("FP32", [0, 2]);
  check.deepEqual(Tensor.concatenate([none, none]).shape, [0, 2]);
  check.deepEqual(Tensor.concatenate([none, Tensor.from("FP32", [[1, 2]])]).toNested(), [[1, 2]]);
  check.deepEqual(Tensor.concatenate([none, none], 1).shape, [0, 4]);
  check.deepEqual(Tensor.stack([none, none]).shape, [2, 0, 2]);
  check.deepEqual(none.pad([1, 3], 7).toNested(), [[7, 7, 7]]);
  check.deepEqual(Tensor.zeros("BYTES", [0]).pad([2], "x").toNested(), ["x", "x"]);
  check.deepEqual([...none.eachRow()], []);
  check.deepEqual(none.reshape([5, 0]).shape, [5, 0]);
  check.deepEqual(Tensor.from("FP32", 3).pad([]).toNested(), 3);
});

test("pad: behind the elements of each axis that grows", () => {
  const padded = counted([2, 1, 2]).pad([3, 2, 3], 9);
  check.deepEqual(padded.toNested(), [
    [
      [0, 1, 9],
      [9, 9, 9],
    ],
    [
      [2, 3, 9],
      [9, 9, 9],
    ],
    [
      [9, 9, 9],
      [9, 9, 9],
    ],
  ]);
  check.deepEqual(counted([2, 2]).pad([3, -1], 9).toNested(), [
    [0, 1],
    [2, 3],
    [9, 9],
  ]);
  const same = counted([2, 2]);
  const copy = same.pad([2, 2]);
  check.notEqual(copy.data.buffer, same.data.buffer);
  check.deepEqual(copy.toNested(), same.toNested());
});

test("reshape is a view, and one dimension may be what is left", () => {
  const tensor = counted([2, 3]);
  const view = tensor.reshape([3, -1]);
  check.deepEqual(view.shape, [3, 2]);
  view.data[0] = 7;
  check.equal(tensor.data[0], 7);
  check.equal(view.data.buffer, tensor.data.buffer);
  check.deepEqual(tensor.reshape([-1]).shape, [6]);
  check.deepEqual(tensor.slice(1).reshape([3, 1]).toNested(), [[3], [4], [5]]);
  check.deepEqual(Tensor.from("FP32", [5]).reshape([]).toNested(), 5);
  const wide = Tensor.from(int64(2, { as: "number" }), [[1, 2]]);
  wide.reshape([2]).data[1] = 3;
  check.deepEqual(wide.toNested(), [[1, 3]]);
});

test("what is made has memory of its own, and views have that of the whole", () => {
  const tensor = counted([2, 2]);
  const made = [Tensor.stack([tensor]), Tensor.concatenate([tensor]), tensor.pad([-1, -1])];
  for (const { data } of made) check.notEqual(data.buffer, tensor.data.buffer);
  check.deepEqual(
    made.map((copy) => returnedBytes(copy as AnyTensor).isOwn),
    [true, true, true],
  );
  const ofWhole = returnedBytes(tensor.reshape([4]) as AnyTensor);
  check.deepEqual([ofWhole.isOwn, ofWhole.isPart], [true, false]);
  const ofPart = returnedBytes(tensor.slice(1).reshape([2, 1]) as AnyTensor);
  check.deepEqual([ofPart.isOwn, ofPart.isPart], [true, true]);
});

test("views are gone with their whole, and take it along", () => {
  const input = counted([2, 2]);
  const views = [input.reshape([4]), input.row(0).reshape([1, 2]), input.reshape([4]).slice(1)];
  const [row] = input.eachRow();
  release(input as AnyTensor);
  for (const view of [...views, row]) check.throws(() => view?.data, /is gone: it was an input/);
  const output = counted([2, 2]);
  giveAway(output.reshape([4]) as AnyTensor);
  check.throws(() => output.data, /is gone: it was returned from infer/);
});

const ofGone: Readonly<Record<string, (gone: Tensor<"INT32", "number">) => unknown>> = {
  stack: (gone) => Tensor.stack([counted([2]), gone]),
  concatenate: (gone) => Tensor.concatenate([gone, gone]),
  pad: (gone) => gone.pad([3]),
  reshape: (gone) => gone.reshape([1, 2]),
  eachRow: (gone) => [...gone.eachRow()],
};

for (const [name, use] of Object.entries(ofGone)) {
  test(`a tensor that is gone is told by ${name}`, () => {
    const gone = counted([2]);
    release(gone as AnyTensor);
    check.throws(() => use(gone), { name: "TypeError", message: /^this tensor .* is gone: / });
  });
}

test("an empty tensor that is gone has no rows to go through", () => {
  const gone = Tensor.zeros("FP32", [0, 2]);
  release(gone as AnyTensor);
  check.throws(() => [...gone.eachRow()], /is gone/);
});

test("elements of BYTES in the other form are brought into that of the tensor", () => {
  const asBytes = Tensor.from(bytes(1, { as: "bytes" }), ["a", utf8("b")] as never);
  check.deepEqual(asBytes.data, [utf8("a"), utf8("b")]);
  const asText = Tensor.from("BYTES", ["a", utf8("b")] as never);
  check.deepEqual([asText.data, asText.bytes], [["a", "b"], packBytes([utf8("a"), utf8("b")])]);
});

const two = counted([2]);
const text = Tensor.from("BYTES", ["a"]);
const raw = Tensor.from(bytes(1, { as: "bytes" }), [utf8("a")]);
const table = counted([3, 2]);

const refusals: Readonly<Record<string, readonly [message: string, use: () => unknown]>> = {
  "nothing to stack": ["Tensor.stack: expected tensors; got none", () => Tensor.stack([])],
  "nothing to concatenate": [
    "Tensor.concatenate: expected tensors; got none",
    () => Tensor.concatenate([]),
  ],
  "what is no tensor": [
    "Tensor.stack: expected tensors; got [1, 2] at index 1",
    () => Tensor.stack([two, [1, 2] as never]),
  ],
  "tensors of two datatypes": [
    "Tensor.concatenate: expected tensors of INT32 as number, as the first; got FP32 as number at index 1",
    () => Tensor.concatenate([two, Tensor.zeros("FP32", [2]) as never]),
  ],
  "tensors of two forms": [
    "Tensor.stack: expected tensors of BYTES as string, as the first; got BYTES as bytes at index 1",
    () => Tensor.stack([text, raw as never]),
  ],
  "shapes that differ": [
    "Tensor.stack: expected tensors of shape [2]; got [3] at index 2",
    () => Tensor.stack([two, two, counted([3])]),
  ],
  "shapes that differ beside the axis": [
    "Tensor.concatenate: expected tensors of shape [-1,2]; got [3,1] at index 1",
    () => Tensor.concatenate([table, counted([3, 1])]),
  ],
  "another rank": [
    "Tensor.concatenate: expected tensors of shape [3,-1]; got [2] at index 1",
    () => Tensor.concatenate([table, two], 1),
  ],
  "an axis that is not there": [
    "Tensor.concatenate: expected an axis below 2; got axis 2",
    () => Tensor.concatenate([table], 2),
  ],
  "an axis of scalars": [
    "Tensor.concatenate: expected tensors with an axis; got axis 0",
    () => Tensor.concatenate([Tensor.from("FP32", 1)]),
  ],
  "an axis further behind": [
    "Tensor.stack: expected an axis below 2; got axis 2",
    () => Tensor.stack([two], 2),
  ],
  "a negative axis": [
    "Tensor.stack: expected an axis below 2; got axis -1",
    () => Tensor.stack([two], -1),
  ],
  "a shape that is smaller": [
    "pad: expected a shape of at least [3,2], with -1 for what stays; got [2, 2]",
    () => table.pad([2, 2]),
  ],
  "a shape of another rank": [
    "pad: expected a shape of at least [3,2], with -1 for what stays; got [4]",
    () => table.pad([4]),
  ],
  "half a row": [
    "pad: expected a shape of at least [3,2], with -1 for what stays; got [3.5, 2]",
    () => table.pad([3.5, 2]),
  ],
  "padding that the datatype does not have": [
    "2147483648 is not a value of INT32",
    () => table.pad([4, 2], 2 ** 31),
  ],
  "padding beyond 2^53": [
    "9007199254740992 is beyond 2^53, where numbers are not exact: use bigint",
    () => Tensor.from(int64(1, { as: "number" }), [1]).pad([2], 2 ** 53),
  ],
  "padding of texts with bytes": [
    "pad: expected a string for BYTES as string; got an object",
    () => text.pad([2], utf8("") as never),
  ],
  "padding of bytes with a text": [
    'pad: expected a Uint8Array for BYTES as bytes; got ""',
    () => raw.pad([2], "" as never),
  ],
  "more elements": [
    "reshape: expected a shape of 6 elements, or with one dimension -1; got [4,2]",
    () => table.reshape([4, 2]),
  ],
  "a rest that is no whole number": [
    "reshape: expected a shape of 6 elements, or with one dimension -1; got [4,-1]",
    () => table.reshape([4, -1]),
  ],
  "two rests": [
    "reshape: expected a shape of 6 elements, or with one dimension -1; got [-1,-1]",
    () => table.reshape([-1, -1]),
  ],
  "two minuses": [
    "reshape: expected a shape of 6 elements, or with one dimension -1; got [-2,-3]",
    () => table.reshape([-2, -3]),
  ],
  "a rest of nothing": [
    "reshape: expected a shape of 0 elements, or with one dimension -1; got [0,-1]",
    () => Tensor.zeros("FP32", [0]).reshape([0, -1]),
  ],
  "a text that map makes no text of": [
    "map: expected a string for BYTES as string; got 1",
    () => text.map((element) => element.length as never),
  ],
  "bytes that map makes a text of": [
    'map: expected a Uint8Array for BYTES as bytes; got "1"',
    () => raw.map(({ length }) => `${length}` as never),
  ],
  "zeros of a free dimension": [
    "Tensor.zeros: expected a shape of integers from 0; got [-1, 2]",
    () => Tensor.zeros("FP32", [-1, 2]),
  ],
  "minus times minus": [
    "Tensor.from: 2 elements are not of shape [-1,-2]",
    () => Tensor.from("FP32", [1, 2], [-1, -2]),
  ],
};

for (const [what, [message, use]] of Object.entries(refusals)) {
  test(`refused: ${what}`, () => check.throws(use, { name: "TypeError", message }));
}

test("refused: half a row", () => {
  const message = "rows 0.5 to 1 are not within rows 0 to 3 of a tensor of shape [3,2]";
  check.throws(() => table.slice(0.5, 1), { name: "RangeError", message });
});
