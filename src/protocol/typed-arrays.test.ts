/** Datatypes and the typed arrays of their elements agree on widths and on bytes. */
import { strict as check } from "node:assert";
import test from "node:test";
import { datatypes, isDatatype } from "./datatype.ts";
import { type NumericDatatype, typedArrays } from "./typed-arrays.ts";

/** Minus two, or else one, as the wire has it; of FP16 and BF16 the bits of it. */
const elements: Readonly<Record<NumericDatatype, readonly [value: number | bigint, wire: string]>> =
  {
    BOOL: [1, "01"],
    UINT8: [1, "01"],
    UINT16: [1, "0100"],
    UINT32: [1, "01000000"],
    UINT64: [1n, "0100000000000000"],
    INT8: [-2, "fe"],
    INT16: [-2, "feff"],
    INT32: [-2, "feffffff"],
    INT64: [-2n, "feffffffffffffff"],
    FP16: [0xc000, "00c0"],
    BF16: [0xc000, "00c0"],
    FP32: [-2, "000000c0"],
    FP64: [-2, "00000000000000c0"],
  };

for (const [datatype, [value, wire]] of Object.entries(elements)) {
  test(`${datatype} is ${wire.length / 2} bytes wide, the lowest first`, () => {
    check.ok(isDatatype(datatype) && datatype !== "BYTES");
    check.equal(datatypes[datatype].byteSize, wire.length / 2);
    const array = new typedArrays[datatype](1);
    array[0] = value;
    check.equal(Buffer.from(array.buffer).toString("hex"), wire);
  });
}

test("names of datatypes are what they are, and nothing that objects have", () => {
  check.ok(isDatatype("BYTES"));
  for (const text of ["", "bytes", "FP8", "constructor", "__proto__"]) {
    check.ok(!isDatatype(text), text);
  }
});
