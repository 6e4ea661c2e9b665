/** Given inputs: in every form that is right, and each mistake named with its model and input. */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { PlainTensor } from "../definition/plain-tensor.ts";
import type { Datatype } from "../protocol/datatype.ts";
import { ClientError } from "./client-error.ts";
import type { WireInput } from "./connection.ts";
import { type Form, type GivenInputs, toWireInputs } from "./given-inputs.ts";
import type { KnownTensor, ModelShape } from "./model-shape.ts";
import { SharedTensor } from "./shared-tensor.ts";

type Known = readonly [name: string, datatype: Datatype, dims: readonly number[]];

function shapeOf(...inputs: readonly Known[]): ModelShape {
  const known = inputs.map(([name, datatype, dims]): KnownTensor => {
    return { name: name.replace("?", ""), datatype, dims, isOptional: name.endsWith("?") };
  });
  const isBatching = inputs.every(([, , dims]) => dims[0] === -1 && dims.length > 1);
  const others = { maxBatchSize: undefined };
  return { inputs: known, isBatching, ...others };
}

function write(shape: ModelShape, given: unknown, form: Form = "whole"): readonly WireInput[] {
  return toWireInputs({ modelName: "m", shape, form }, given as GivenInputs);
}

function one(known: Known, value: unknown, form?: Form): WireInput {
  const [written] = write(shapeOf(known), { [known[0]]: value }, form);
  if (written === undefined) throw new Error("nothing was written");
  return written;
}

const pair = new Int32Array([1, 2]);

test("every form of the same values", () => {
  const known: Known = ["x", "INT32", [-1, 2]];
  const forms: readonly (readonly [unknown, Form])[] = [
    [[[1, 2]], "whole"],
    [[1, 2], "sample"],
    [pair, "whole"],
    [pair, "sample"],
    [PlainTensor.from("INT32", [[1, 2]]), "whole"],
    [PlainTensor.from("INT32", [1, 2]), "sample"],
  ];
  for (const [value, form] of forms) {
    const { name, datatype, shape, bytes } = one(known, value, form);
    check.deepEqual([name, datatype, shape], ["x", "INT32", [1, 2]]);
    check.deepEqual([...bytes], [1, 0, 0, 0, 2, 0, 0, 0]);
  }
});

test("one element may stand for itself", () => {
  const packed = [2, 0, 0, 0, 104, 105];
  for (const value of ["hi", new TextEncoder().encode("hi"), ["hi"]]) {
    check.deepEqual([...one(["t", "BYTES", [1]], value).bytes], packed);
    check.deepEqual([...one(["t", "BYTES", [-1, 1]], value).bytes], packed);
  }
  check.deepEqual([...one(["n", "INT8", [-1, 1]], 5, "sample").bytes], [5]);
  check.deepEqual([...one(["n", "INT64", [1]], 5n).bytes], [5, 0, 0, 0, 0, 0, 0, 0]);
  check.deepEqual([...one(["n", "BOOL", [1]], true).bytes], [1]);
});

test("what is shared has its place in place of values", () => {
  const part = { shared_memory_region: "r", shared_memory_byte_size: 8 };
  const written = one(["x", "INT32", [-1, 2]], new SharedTensor("INT32", [1, 2], part));
  check.deepEqual([written.shape, written.shared, written.bytes.byteLength], [[1, 2], part, 0]);
});

test("an optional input may be left out", () => {
  const shape = shapeOf(["a", "INT8", [1]], ["b?", "INT8", [1]]);
  check.deepEqual(
    write(shape, { a: [1] }).map(({ name }) => name),
    ["a"],
  );
  check.equal(write(shape, { a: [1], b: [2] }).length, 2);
  check.equal(write(shape, { a: [1], b: undefined }).length, 1);
});

const tensor32 = PlainTensor.from("INT32", [1, 2]);
const mistakes: readonly (readonly [known: Known, value: unknown, said: RegExp])[] = [
  [["x", "INT32", [2]], undefined, /^model 'm': input 'x' is missing$/],
  [["x", "INT32", [2]], null, /must be a tensor, a typed array or nested arrays; got null/],
  [["x", "INT32", [2]], {}, /must be a tensor, a typed array or nested arrays; got object/],
  [["x", "INT32", [2]], new Float32Array(2), /must be a Int32Array; got a Float32Array/],
  [["x", "INT32", [2]], new DataView(new ArrayBuffer(8)), /must be a Int32Array; got a DataView/],
  [["x", "INT32", [2]], [1, 1.5], /1.5 is not a value of INT32/],
  [["x", "INT32", [2]], [1, 2 ** 31], /2147483648 is not a value of INT32/],
  [["x", "INT32", [2]], ["1", "2"], /a string is not a value of INT32/],
  [["x", "INT32", [2]], [1, 2, 3], /must be of shape \[2\]; got \[3\]/],
  [["x", "INT32", [2]], new Int32Array(3), /must be elements of shape \[2\]; got 3 elements/],
  [["x", "INT32", [2, 2]], [[1, 2], [3]], /ragged arrays: 1 elements at depth 1 of shape \[2,2\]/],
  [["x", "INT32", [-1, 2]], [[[1]]], /must be of shape \[-1,2\]; got \[1,1,1\]/],
  [["x", "INT32", [-1, -1]], pair, /a tensor or nested arrays, as \[-1,-1\] has 2 free dimensions/],
  [["x", "FP32", [2]], tensor32, /must be FP32; got INT32/],
  [["x", "INT32", [3]], tensor32, /must be of shape \[3\]; got \[2\]/],
  [["x", "UINT64", [1]], [-1n], /-1 is not a value of UINT64/],
  [["x", "INT64", [1]], [2 ** 60], /beyond 2\^53, where numbers are not exact: use bigint/],
  [["x", "BYTES", [1]], [5], /5 is not a value of BYTES/],
  [["x", "BYTES", [1]], pair, /must be nested arrays of texts or bytes; got a Int32Array/],
  [["x", "INT32", [2]], 5, /must be of shape \[2\]; got \[1\]/],
];

for (const [known, value, said] of mistakes) {
  test(`a mistake is named: ${said.source}`, () => {
    check.throws(
      () => one(known, value),
      (error) => {
        check.ok(error instanceof ClientError);
        check.deepEqual([error.kind, error.code], ["invalid", "INVALID_ARGUMENT"]);
        check.match(error.message, said);
        check.ok(error.message.startsWith("model 'm': input 'x' "), error.message);
        return true;
      },
    );
  });
}

test("inputs that are no object, or that the model does not have", () => {
  const shape = shapeOf(["a", "INT8", [1]], ["b", "INT8", [1]]);
  for (const given of [null, undefined, 5, "a", [1], [[1], [2]]]) {
    check.throws(() => write(shape, given), {
      kind: "invalid",
      message: "model 'm': inputs must be an object of values by name",
    });
  }
  check.throws(() => write(shape, { a: [1], c: [2] }), {
    kind: "invalid",
    message: "model 'm' has no input 'c': it has a, b",
  });
});

test("whatever is given, a mistake is a ClientError of kind invalid", () => {
  const circle: unknown[] = [];
  circle.push(circle);
  const value = fc.oneof(
    fc.anything({ withBigInt: true, withTypedArray: true, withSparseArray: true, withMap: true }),
    fc.constantFrom<unknown>(circle, Symbol("s"), () => 1, new SharedArrayBuffer(8), [[], [1]]),
  );
  const known = fc.tuple(
    fc.constant("x"),
    fc.constantFrom<Datatype>("BOOL", "INT8", "INT64", "FP16", "FP32", "BYTES"),
    fc.array(fc.integer({ min: -1, max: 3 }), { maxLength: 3 }),
  );
  fc.assert(
    fc.property(known, value, fc.constantFrom<Form>("whole", "sample"), (input, given, form) => {
      try {
        const [written] = write(shapeOf(input), { x: given }, form);
        if (written !== undefined) check.ok(written.bytes.byteLength >= 0);
      } catch (error) {
        if (!(error instanceof ClientError)) throw error;
        check.equal(error.kind, "invalid");
      }
    }),
    { numRuns: 5000 },
  );
});
