/**
 * Elements as JSON text: all of them, in whatever pieces, from whatever place in memory.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { writeNumbers, writeStrings } from "./element-text.ts";
import type { JsonNumericDatatype } from "./json-numeric-elements.ts";
import { JsonWriter } from "./json-writer.ts";
import { packBytes, Unpacker } from "./packed-bytes.ts";
import { typedArrays } from "./typed-arrays.ts";

const datatypes = Object.keys(typedArrays).filter(
  (name): name is JsonNumericDatatype => name !== "FP16" && name !== "BF16",
);

function textOf(writer: JsonWriter): string {
  return Buffer.from(writer.written).toString("utf8");
}

/** What the bytes are, as values that compare: of FP32 and FP64 any NaN is the same. */
function valuesOf(datatype: JsonNumericDatatype, bytes: Uint8Array): readonly unknown[] {
  const { buffer } = new Uint8Array(bytes);
  const size = typedArrays[datatype].BYTES_PER_ELEMENT;
  const array = new typedArrays[datatype](buffer, 0, bytes.length / size);
  const values: readonly (number | bigint)[] = [...array];
  return datatype === "BOOL" ? values.map((value) => value !== 0) : values;
}

function read(datatype: JsonNumericDatatype, text: string): unknown {
  if (datatype === "FP32") return Math.fround(Number(text));
  if (datatype === "INT64" || datatype === "UINT64") return BigInt(text);
  return datatype === "BOOL" ? JSON.parse(text) : Number(text);
}

for (const datatype of datatypes) {
  test(`${datatype}: any bytes, at any place, in any pieces`, () => {
    const size = typedArrays[datatype].BYTES_PER_ELEMENT;
    const content = fc
      .uint8Array({ maxLength: 20 * size })
      .map((bytes) => bytes.subarray(0, bytes.length - (bytes.length % size)));
    const piece = fc.integer({ min: 1, max: 8 });
    fc.assert(
      fc.property(content, fc.nat(8), piece, (bytes, at, step) => {
        const memory = new Uint8Array(at + bytes.length);
        memory.set(bytes, at);
        const count = bytes.length / size;
        const writer = new JsonWriter(0);
        for (let from = 0; from < count; from += step) {
          const to = Math.min(count, from + step);
          writeNumbers(writer, datatype, memory.subarray(at), { from, to });
        }
        const texts = count === 0 ? [] : textOf(writer).split(",");
        check.deepEqual(
          texts.map((text) => read(datatype, text)),
          valuesOf(datatype, bytes),
        );
      }),
      { numRuns: 300 },
    );
  });
}

test("what is longest has room: all elements at once", () => {
  const values = Float64Array.from({ length: 5000 }, () => -1.2345678901234567e-6);
  const writer = new JsonWriter(0);
  writeNumbers(writer, "FP64", new Uint8Array(values.buffer), { from: 0, to: values.length });
  const texts = Array.from(values, () => "-0.0000012345678901234567");
  check.equal(textOf(writer), texts.join());
});

test("strings, in any pieces", () => {
  const strings = fc.array(fc.string({ unit: "binary" }), { maxLength: 20 });
  fc.assert(
    fc.property(strings, fc.integer({ min: 1, max: 8 }), (each, count) => {
      const elements = new Unpacker(packBytes(each.map((text) => Buffer.from(text))));
      const writer = new JsonWriter();
      while (!writeStrings(writer, elements, count));
      check.deepEqual(JSON.parse(`[${textOf(writer)}]`), each);
    }),
    { numRuns: 500 },
  );
});

test("strings that are not UTF-8 are refused", () => {
  for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0x61, 0x80]]) {
    const elements = new Unpacker(packBytes([Buffer.from("a"), Uint8Array.from(bytes)]));
    check.throws(() => writeStrings(new JsonWriter(), elements, 10), TypeError);
  }
});
