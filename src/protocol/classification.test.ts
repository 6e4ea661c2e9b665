/**
 * Classification: the texts, and for any tensor what a sort of all its elements gives.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { classValue } from "./class-values.ts";
import { ClassifySteps, type ClassOptions } from "./classification.ts";
import { type Datatype, datatypes } from "./datatype.ts";
import { unpackBytes } from "./packed-bytes.ts";
import { joinBytes } from "./sliced-bytes.ts";
import { runSteps } from "./steps.ts";
import { type WireTensor, wireTensor } from "./tensor.ts";
import type { TypedArray } from "./typed-arrays.ts";

function tensor(datatype: Datatype, shape: readonly number[], values: TypedArray): WireTensor {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return wireTensor({ name: "y", datatype, shape }, bytes);
}

function textsOf({ chunks, byteLength }: WireTensor): readonly string[] {
  return unpackBytes(joinBytes(chunks, byteLength, 1)).map((text) => Buffer.from(text).toString());
}

function classify(output: WireTensor, options: Partial<ClassOptions>): WireTensor {
  const all = { count: 3, isBatched: true, labels: [], ...options };
  return runSteps(new ClassifySteps(output, all));
}

const values: readonly [value: number | bigint, isFloat: boolean, text: string][] = [
  [Math.fround(0.826451), true, "0.826451"],
  [1e10, true, "10000000000.000000"],
  [2 ** 100, true, "1267650600228229401496703205376.000000"],
  [-(2 ** 100), true, "-1267650600228229401496703205376.000000"],
  [-1.5, true, "-1.500000"],
  [0, true, "0.000000"],
  [-0, true, "-0.000000"],
  [-1e-9, true, "-0.000000"],
  // Halfway: to the even one, as C does.
  [1 / 128, true, "0.007812"],
  [3 / 128, true, "0.023438"],
  [-1 / 128, true, "-0.007812"],
  [100 + 5 / 128, true, "100.039062"],
  [Number.POSITIVE_INFINITY, true, "inf"],
  [Number.NEGATIVE_INFINITY, true, "-inf"],
  [Number.NaN, true, "nan"],
  [32, false, "32"],
  [-5n, false, "-5"],
  [18_446_744_073_709_551_615n, false, "18446744073709551615"],
];

for (const [value, isFloat, text] of values) {
  test(`${value} is '${text}'`, () => check.equal(classValue(value, isFloat), text));
}

test("the largest of each row, with their labels", () => {
  const output = tensor("FP32", [2, 3], Float32Array.of(1, 3, 2, 9, 7, 8));
  const classes = classify(output, { count: 2, labels: ["cat", "", "dog"] });
  check.deepEqual([classes.name, classes.datatype, classes.shape], ["y", "BYTES", [2, 2]]);
  check.deepEqual(textsOf(classes), [
    "3.000000:1",
    "2.000000:2:dog",
    "9.000000:0:cat",
    "8.000000:2:dog",
  ]);
});

test("without rows all is one, and more than there is gives what there is", () => {
  const output = tensor("INT32", [2, 2], Int32Array.of(4, -1, 4, 6));
  const classes = classify(output, { count: 9, isBatched: false, labels: ["\u{1f408}"] });
  check.deepEqual(classes.shape, [4]);
  check.deepEqual(textsOf(classes), ["6:3", "4:0:\u{1f408}", "4:2", "-1:1"]);
});

test("no elements, no classes", () => {
  const classes = classify(tensor("FP32", [2, 0], new Float32Array()), {});
  check.deepEqual([classes.shape, classes.byteLength], [[2, 0], 0]);
});

test("a label that needs more room than there is", () => {
  const label = "x".repeat(200_000);
  const classes = classify(tensor("UINT8", [1, 2], Uint8Array.of(1, 2)), {
    labels: [label, label],
  });
  check.deepEqual(textsOf(classes), [`2:1:${label}`, `1:0:${label}`]);
});

test("what is no number, and what is too much, is refused", () => {
  for (const datatype of ["BYTES", "BOOL", "FP16", "BF16"] as const) {
    const message = `class result not available for output due to unsupported type '${datatype}'`;
    const output = wireTensor({ name: "y", datatype, shape: [1, 0] }, new Uint8Array());
    check.throws(() => classify(output, {}), { code: "INVALID_ARGUMENT", message });
  }
  const output = tensor("INT8", [1, 1_000_001], new Int8Array(1_000_001));
  check.throws(() => classify(output, {}), {
    code: "INVALID_ARGUMENT",
    message: "classification output tensor too large",
  });
});

test("a large one takes several steps", () => {
  const elements = Float32Array.from(
    { length: 1_000_000 },
    (_, index) => (index * 7919) % 1_000_003,
  );
  const steps = new ClassifySteps(tensor("FP32", [1, 1_000_000], elements), {
    count: 2,
    isBatched: true,
    labels: [],
  });
  check.equal(steps.step(), undefined);
  const best = [...elements.keys()].sort((one, other) => elements[other]! - elements[one]!);
  check.deepEqual(
    textsOf(runSteps(steps)),
    best.slice(0, 2).map((index) => `${elements[index]}.000000:${index}`),
  );
});

const kinds: readonly [Datatype, fc.Arbitrary<TypedArray>][] = [
  ["FP32", fc.float32Array({ maxLength: 60 })],
  ["FP64", fc.float64Array({ maxLength: 60 })],
  ["INT8", fc.int8Array({ maxLength: 60, min: -3, max: 3 })],
  ["UINT8", fc.uint8Array({ maxLength: 60 })],
  ["INT16", fc.int16Array({ maxLength: 60 })],
  ["UINT16", fc.uint16Array({ maxLength: 60 })],
  ["INT32", fc.int32Array({ maxLength: 60, min: 0, max: 2 })],
  ["UINT32", fc.uint32Array({ maxLength: 60 })],
  ["INT64", fc.bigInt64Array({ maxLength: 60 })],
  ["UINT64", fc.bigUint64Array({ maxLength: 60 })],
];

for (const [datatype, arbitrary] of kinds) {
  test(`as a sort of all elements has it: ${datatype}`, () => {
    const property = fc.property(
      arbitrary,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 70 }),
      fc.integer({ min: 1, max: 40 }),
      (all, rows, count, cut) => {
        const columns = Math.floor(all.length / rows);
        const elements = all.slice(0, rows * columns);
        const whole = tensor(datatype, [rows, columns], elements as TypedArray);
        // However the bytes are cut.
        const [bytes = new Uint8Array()] = whole.chunks;
        const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)].filter(
          (chunk) => chunk.byteLength > 0,
        );
        const labels = ["a", "", "c"];
        const classes = classify({ ...whole, chunks }, { count, labels });
        check.deepEqual(classes.shape, [rows, Math.min(count, columns)]);
        const isFloat = datatypes[datatype].byteSize >= 4 && datatype.startsWith("FP");
        const expected = Array.from({ length: rows }, (_, row) =>
          naive([...elements.slice(row * columns, (row + 1) * columns)], count, labels, isFloat),
        );
        check.deepEqual(textsOf(classes), expected.flat());
      },
    );
    fc.assert(property);
  });
}

function naive(
  row: readonly (number | bigint)[],
  count: number,
  labels: readonly string[],
  isFloat: boolean,
): readonly string[] {
  const numbered = row.map((value, index) => ({ value, index }));
  const numbers = numbered.filter(({ value }) => !Number.isNaN(value));
  // A stable sort.
  numbers.sort(({ value: one }, { value: other }) => (one > other ? -1 : one < other ? 1 : 0));
  const all = [...numbers, ...numbered.filter(({ value }) => Number.isNaN(value))];
  return all.slice(0, count).map(({ value, index }) => {
    const label = labels[index] ? `:${labels[index]}` : "";
    return `${classValue(value, isFloat)}:${index}${label}`;
  });
}
