/**
 * Elements in JSON: every datatype, nested in any way, gives the bytes of the wire's layout; the
 * first element that does not fit is the fault, unless the text is not JSON at all.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { InferenceError } from "./errors.ts";
import { ElementSteps, type JsonDatatype } from "./json-elements.ts";
import type { JsonNumericDatatype } from "./json-numeric-elements.ts";
import { JsonReader } from "./json-reader.ts";
import { packBytes } from "./packed-bytes.ts";
import { typedArrays } from "./typed-arrays.ts";

type Value = number | bigint | boolean;

interface Outcome {
  /** Bytes as hexadecimal digits, or the code and the text of an error. */
  readonly result: string;
  readonly stepCount: number;
  readonly end: number;
}

function read(datatype: JsonDatatype, text: string, count: number): Outcome {
  const reader = new JsonReader(Buffer.from(text));
  const steps = new ElementSteps(reader, { name: "x", datatype, count });
  let stepCount = 1;
  let elements = steps.step();
  while (elements === undefined) {
    elements = steps.step();
    stepCount += 1;
  }
  const result =
    elements instanceof InferenceError
      ? `${elements.code}: ${elements.message}`
      : Buffer.from(elements).toString("hex");
  return { result, stepCount, end: reader.offset };
}

function wireBytes(datatype: JsonNumericDatatype, values: readonly Value[]): string {
  const array = new typedArrays[datatype](values.length);
  const isWide = datatype === "INT64" || datatype === "UINT64";
  for (const [index, value] of values.entries()) {
    array[index] = isWide ? BigInt(value) : Number(value);
  }
  return Buffer.from(array.buffer).toString("hex");
}

const taken: readonly [JsonNumericDatatype, text: string, values: readonly Value[]][] = [
  ["BOOL", "[true,false,0,1,-0]", [true, false, 0, 1, 0]],
  ["UINT8", "[0,255,-0]", [0, 255, 0]],
  ["UINT16", "[0,65535]", [0, 65_535]],
  ["UINT32", "[0,4294967295]", [0, 4_294_967_295]],
  ["UINT64", "[0,18446744073709551615,4294967296]", [0n, 18446744073709551615n, 2n ** 32n]],
  ["INT8", "[-128,127]", [-128, 127]],
  ["INT16", "[-32768,32767]", [-32_768, 32_767]],
  ["INT32", "[-2147483648,2147483647]", [-(2 ** 31), 2 ** 31 - 1]],
  ["INT64", "[-9223372036854775808,9223372036854775807]", [-(2n ** 63n), 2n ** 63n - 1n]],
  ["INT64", "[-1,-4294967296,-9007199254740993]", [-1n, -(2n ** 32n), -9007199254740993n]],
  ["FP32", "[1,-0,-0.0,0.1,1e39,-1e39]", [1, -0, -0, 0.1, Infinity, -Infinity]],
  ["FP32", "[NaN,Infinity,-Infinity,Inf,-Inf]", [NaN, Infinity, -Infinity, Infinity, -Infinity]],
  ["FP64", "[1,-0,0.1,1e308,123456789012345678]", [1, -0, 0.1, 1e308, 123456789012345678n]],
  ["FP64", "[NaN,-Infinity]", [NaN, -Infinity]],
  ["INT32", "[]", []],
  ["INT32", "[[],[[]],[]]", []],
  ["INT32", "[[1,2],[3,4]]", [1, 2, 3, 4]],
  ["INT32", "[1,[2,[3]],[],4]", [1, 2, 3, 4]],
  ["INT32", "[ [ 1 , 2 ]\n,\t[ 3 ] ]", [1, 2, 3]],
  ["INT32", "[1, 2,  3,\n4]", [1, 2, 3, 4]],
  ["INT32", `${"[".repeat(100)}1${"]".repeat(100)}`, [1]],
];

for (const [datatype, text, values] of taken) {
  test(`taken: ${datatype} ${text.slice(0, 50)}`, () => {
    const { result, end } = read(datatype, text, values.length);
    check.equal(result, wireBytes(datatype, values));
    check.equal(end, text.length);
  });
}

const wrongType = "INTERNAL: Unable to parse 'data': attempt to access JSON non-";
const unsigned = `${wrongType}unsigned-integer as unsigned-integer`;
const signed = `${wrongType}signed-integer as signed-integer`;
const double = `${wrongType}number as double`;
const boolean = `${wrongType}boolean as boolean`;
const string =
  "INTERNAL: Unable to parse JSON bytes array: attempt to access JSON non-string as string";
const tooMany = "INTERNAL: Unable to parse 'data': Shape does not match true shape of 'data' field";
const tooFew = "INTERNAL: Failed to parse 'data' field: shape does not match true shape";
const tooDeep = "JSON nesting depth exceeds maximum allowed limit (100)";
const deep = (inside: string): string => `${"[".repeat(101)}${inside}${"]".repeat(101)}`;

function outOfRange(value: string, datatype: JsonDatatype): string {
  return `INVALID_ARGUMENT: value ${value} of input 'x' is out of range for ${datatype}`;
}

/** Of two elements, unless it says otherwise. */
const faulty: readonly [JsonDatatype, text: string, result: string, count?: number][] = [
  ["BOOL", "[true,2]", boolean],
  ["BOOL", "[1.0,true]", boolean],
  ["BOOL", '[true,"true"]', boolean],
  ["BOOL", "[true,null]", boolean],
  ["UINT8", "[1,-1]", unsigned],
  ["UINT8", "[1,1.0]", unsigned],
  ["UINT8", "[1,1e2]", unsigned],
  ["UINT8", '["1",1]', unsigned],
  ["UINT8", "[1,{}]", unsigned],
  ["UINT8", "[1,true]", unsigned],
  ["UINT8", "[1,NaN]", unsigned],
  ["UINT8", "[1,256]", outOfRange("256", "UINT8")],
  ["UINT16", "[1,65536]", outOfRange("65536", "UINT16")],
  ["UINT32", "[1,4294967296]", outOfRange("4294967296", "UINT32")],
  ["UINT32", "[1,18446744073709551615]", outOfRange("18446744073709551615", "UINT32")],
  ["UINT64", "[1,18446744073709551616]", unsigned],
  ["UINT64", "[1,-1]", unsigned],
  ["INT8", "[1,128]", outOfRange("128", "INT8")],
  ["INT8", "[-129,1]", outOfRange("-129", "INT8")],
  ["INT8", "[1,9223372036854775808]", signed],
  ["INT16", "[1,-32769]", outOfRange("-32769", "INT16")],
  ["INT32", "[1,2147483648]", outOfRange("2147483648", "INT32")],
  ["INT32", "[1,1.5]", signed],
  ["INT32", "[1,null]", signed],
  ["INT64", "[1,9223372036854775808]", signed],
  ["INT64", "[1,-9223372036854775809]", signed],
  ["INT64", "[1,123456789012345678901]", signed],
  ["INT64", "[1.0,1]", signed],
  ["FP32", '[1,"1"]', double],
  ["FP32", "[true,1]", double],
  ["FP32", "[1,null]", double],
  ["FP32", '[1,{"a":[1]}]', double],
  ["FP64", '["NaN",1]', double],
  ["BYTES", '["a",1]', string],
  ["BYTES", "[null]", string],
  ["BYTES", '["a",{"b":"c"}]', string],
  ["FP32", "[1]", tooFew],
  ["FP32", "[[],[1],[]]", tooFew],
  ["FP32", "[]", tooFew],
  ["FP32", "[1]", tooFew, 2 ** 26],
  ["FP64", "[1]", tooFew, Number.MAX_SAFE_INTEGER],
  ["FP32", "[1,2,3]", tooMany],
  ["FP32", "[[1,2],[3]]", tooMany],
  ["INT64", "[1,2,3]", tooMany],
  ["BOOL", "[true,true,true]", tooMany],
  ["FP32", deep("1,2"), `INVALID_ARGUMENT: Unable to parse 'data': ${tooDeep}`],
  ["BOOL", deep(""), `INVALID_ARGUMENT: Unable to parse 'data': ${tooDeep}`],
  ["BYTES", deep('"a"'), `INVALID_ARGUMENT: ${tooDeep}`],
  [
    "FP32",
    "[".repeat(1e5) + "]".repeat(1e5),
    `INVALID_ARGUMENT: Unable to parse 'data': ${tooDeep}`,
  ],
  // The first fault is the one that is told.
  ["UINT8", '[300,"a"]', outOfRange("300", "UINT8")],
  ["UINT8", '["a",300]', unsigned],
  ["UINT8", "[-1,300,1]", unsigned],
  ["UINT8", '[1,2,"a"]', tooMany],
  ["UINT8", `["a",${deep("1")}]`, unsigned],
  ["UINT8", `[${deep("")},"a"]`, `INVALID_ARGUMENT: Unable to parse 'data': ${tooDeep}`],
  ["UINT8", `[{"a":${deep(deep(""))}},300]`, unsigned],
];

for (const [datatype, text, result, count = 2] of faulty) {
  test(`faulty: ${datatype} ${text.slice(0, 50)}`, () => {
    const outcome = read(datatype, text, count);
    check.equal(outcome.result, result);
    check.equal(outcome.end, text.length, "goes on behind the array");
  });
}

const noJson: readonly [JsonDatatype, text: string, message: string][] = [
  ["FP32", "[1,]", "Invalid value. at 3"],
  ["FP32", "[1,2,]", "Invalid value. at 5"],
  ["FP32", "[1 2]", "Missing a comma or ']' after an array element. at 3"],
  ["FP32", "[01,2]", "Missing a comma or ']' after an array element. at 2"],
  ["FP32", "[1,2", "Missing a comma or ']' after an array element. at 4"],
  ["FP32", "[[1,2]", "Missing a comma or ']' after an array element. at 6"],
  ["FP32", "[1}", "Missing a comma or ']' after an array element. at 2"],
  ["FP32", "[1,.5]", "Invalid value. at 3"],
  ["FP32", "[1e999,1]", "Number too big to be stored in double. at 1"],
  ["FP32", "[1,tru]", "Invalid value. at 6"],
  ["BYTES", '["a","b]', "Missing a closing quotation mark in string. at 8"],
  ["BYTES", '["a" "b"]', "Missing a comma or ']' after an array element. at 5"],
  // Behind a fault, too.
  ["FP32", '["a",1,]', "Invalid value. at 7"],
  ["FP32", "[1,2,3,4", "Missing a comma or ']' after an array element. at 8"],
  ["UINT8", '[300,{"a" 1}]', "Missing a colon after a name of object member. at 10"],
  ["FP32", `${"[".repeat(101)}1`, "Missing a comma or ']' after an array element. at 102"],
];

for (const [datatype, text, message] of noJson) {
  test(`not JSON: ${datatype} ${text.slice(0, 50)}`, () => {
    check.throws(() => read(datatype, text, 2), { name: "JsonSyntaxError", message });
  });
}

const integer = (least: bigint, most: bigint): fc.Arbitrary<Value> =>
  fc.bigInt({ min: least, max: most });

const anyValue: Readonly<Record<JsonNumericDatatype, fc.Arbitrary<Value>>> = {
  BOOL: fc.boolean(),
  UINT8: integer(0n, 255n),
  UINT16: integer(0n, 65_535n),
  UINT32: integer(0n, 2n ** 32n - 1n),
  UINT64: integer(0n, 2n ** 64n - 1n),
  INT8: integer(-128n, 127n),
  INT16: integer(-32_768n, 32_767n),
  INT32: integer(-(2n ** 31n), 2n ** 31n - 1n),
  INT64: integer(-(2n ** 63n), 2n ** 63n - 1n),
  FP32: fc.oneof(fc.float(), fc.double()),
  FP64: fc.double(),
};

const textOf = (value: Value): string => (Object.is(value, -0) ? "-0" : String(value));

/** Puts some neighbours into an array, again and again; of none, it is an empty one. */
const groups = fc.array(fc.tuple(fc.nat(), fc.nat(3)), { maxLength: 6 });
const space = fc.constantFrom("", " ", "\n", "  ");

function nested(
  texts: readonly string[],
  grouping: readonly [number, number][],
  gap: string,
): string {
  const nodes = [...texts];
  for (const [position, length] of grouping) {
    const at = position % (nodes.length + 1);
    const inside = nodes.slice(at, at + length);
    nodes.splice(at, length, `[${inside.join(`,${gap}`)}]`);
  }
  return `[${gap}${nodes.join(`,${gap}`)}${gap}]`;
}

for (const datatype of Object.keys(anyValue) as JsonNumericDatatype[]) {
  test(`any ${datatype}, nested in any way, is what the wire has`, () => {
    const values = fc.array(anyValue[datatype], { maxLength: 12 });
    fc.assert(
      fc.property(values, groups, space, (each, grouping, gap) => {
        const text = nested(each.map(textOf), grouping, gap);
        const { result, end } = read(datatype, text, each.length);
        check.equal(result, wireBytes(datatype, each), text);
        check.equal(end, text.length);
        check.equal(read(datatype, text, each.length + 1).result, tooFew);
        if (each.length > 0) check.equal(read(datatype, text, each.length - 1).result, tooMany);
      }),
      { numRuns: 400 },
    );
  });
}

test("any BYTES, nested in any way and however many, are what the wire has", () => {
  const strings = fc.array(fc.string({ unit: "binary", maxLength: 100 }), { maxLength: 12 });
  fc.assert(
    fc.property(strings, groups, space, fc.nat(20), (each, grouping, gap, count) => {
      const texts = each.map((text) => JSON.stringify(text));
      const packed = packBytes(each.map((text) => Buffer.from(text)));
      const { result } = read("BYTES", nested(texts, grouping, gap), count);
      check.equal(result, Buffer.from(packed).toString("hex"));
    }),
    { numRuns: 1000 },
  );
});

const many = 100_000;

const long: readonly [JsonDatatype, element: string, bytes: string][] = [
  ["FP32", "1.5", "0000c03f"],
  ["FP64", "1e0", "000000000000f03f"],
  ["INT8", "-1", "ff"],
  ["INT64", "-2", "feffffffffffffff"],
  ["BOOL", "true", "01"],
  ["BYTES", '"ab"', "020000006162"],
];

for (const [datatype, element, bytes] of long) {
  test(`many ${datatype}, flat or in rows, take several steps, and none is lost`, () => {
    const flat = `[${Array(many).fill(element).join()}]`;
    const row = `[${Array(10).fill(element).join(", ")}]`;
    for (const text of [
      flat,
      `[${Array(many / 10)
        .fill(row)
        .join()}]`,
    ]) {
      const { result, stepCount } = read(datatype, text, many);
      check.equal(result, bytes.repeat(many));
      check.ok(stepCount > 10 && stepCount < 100, `${stepCount} steps`);
    }
  });
}

test("long strings take several steps, however few they are", () => {
  const texts = Array.from({ length: 40 }, () => "é\n".repeat(25_000));
  const { result, stepCount } = read("BYTES", JSON.stringify(texts), texts.length);
  check.ok(stepCount > 10 && stepCount <= 40, `${stepCount} steps`);
  const packed = packBytes(texts.map((text) => Buffer.from(text)));
  check.ok(result === Buffer.from(packed).toString("hex"), "the strings");
});

test("what follows a fault is gone through in several steps, whatever it is", () => {
  for (const rest of ["1,".repeat(many), `[${"[1,".repeat(many)}1${"]".repeat(many + 1)},`]) {
    const { result, stepCount } = read("FP32", `[null,${rest}{}]`, 1);
    check.equal(result, double);
    check.ok(stepCount > 10, `${stepCount} steps`);
  }
  const object = `[null,{"a":[${"1,".repeat(many)}1]}]`;
  check.ok(read("FP32", object, 1).stepCount > 10);
});
