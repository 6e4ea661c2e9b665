/**
 * NumPy's files: as numpy 2.4 wrote them, as we write them, and damaged.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import fc from "fast-check";
import { PlainTensor } from "../definition/plain-tensor.ts";
import type { Datatype } from "../protocol/datatype.ts";
import { packBytes } from "../protocol/packed-bytes.ts";
import { typedArrays } from "../protocol/typed-arrays.ts";
import { readNpy, writeNpy } from "./npy-file.ts";

const version1 = "934e554d505901007600";
const version2 = "934e554d5059020074000000";

/** Numpy pads each of these headers with spaces to 128 bytes. */
function file(header: string, elements: string, prefix = version1): Uint8Array {
  const start = Buffer.from(prefix, "hex");
  const text = `${header.padEnd(127 - start.byteLength)}\n`;
  return Buffer.concat([
    start,
    Buffer.from(text),
    Buffer.from(elements.replaceAll(" ", ""), "hex"),
  ]);
}

function headed(type: string, shape: string, order = "False"): string {
  return `{'descr': ${type}, 'fortran_order': ${order}, 'shape': ${shape}, }`;
}

interface Golden {
  readonly file: Uint8Array;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

/** Written by us without a difference, too. */
const goldens: Readonly<Record<string, Golden>> = {
  "array([[1.5, -2, 3], [4, 5, 6.5]], '<f4')": {
    file: file(headed("'<f4'", "(2, 3)"), "0000c03f 000000c0 00004040 00008040 0000a040 0000d040"),
    datatype: "FP32",
    shape: [2, 3],
    data: [1.5, -2, 3, 4, 5, 6.5],
  },
  "array(7)": {
    file: file(headed("'<i8'", "()"), "0700000000000000"),
    datatype: "INT64",
    shape: [],
    data: [7n],
  },
  "array([True, False])": {
    file: file(headed("'|b1'", "(2,)"), "0100"),
    datatype: "BOOL",
    shape: [2],
    data: [1, 0],
  },
  "zeros((0, 3), '<u8')": {
    file: file(headed("'<u8'", "(0, 3)"), ""),
    datatype: "UINT64",
    shape: [0, 3],
    data: [],
  },
  "array(['é', '日本', '🐟 x'])": {
    file: file(
      headed("'<U3'", "(3,)"),
      "e90000000000000000000000 e56500002c67000000000000 1ff401002000000078000000",
    ),
    datatype: "BYTES",
    shape: [3],
    data: ["é", "日本", "🐟 x"],
  },
};

/** Written by us in another way. */
const readOnly: Readonly<Record<string, Golden>> = {
  "asfortranarray(arange(24, dtype='<i2').reshape(2, 3, 4))": {
    file: file(
      headed("'<i2'", "(2, 3, 4)", "True"),
      "00000c000400100008001400 01000d000500110009001500" +
        "02000e00060012000a001600 03000f00070013000b001700",
    ),
    datatype: "INT16",
    shape: [2, 3, 4],
    data: Array.from({ length: 24 }, (_, index) => index),
  },
  "array([b'ab', b'', b'c\\x00d'])": {
    file: file(headed("'|S3'", "(3,)"), "616200 000000 630064"),
    datatype: "BYTES",
    shape: [3],
    data: ["ab", "", "c\u0000d"],
  },
  "array([[1.5]], '<f2'), version=(2, 0)": {
    file: file(headed("'<f2'", "(1, 1)"), "003e", version2),
    datatype: "FP16",
    shape: [1, 1],
    data: [0x3e00],
  },
};

for (const [what, { file: bytes, datatype, shape, data }] of Object.entries({
  ...goldens,
  ...readOnly,
})) {
  test(`reads ${what}`, () => {
    const tensor = readNpy(bytes);
    check.deepEqual(
      [tensor.datatype, tensor.shape, Array.from(tensor.data as unknown[])],
      [datatype, shape, data],
    );
  });
}

for (const [what, { file: bytes }] of Object.entries(goldens)) {
  test(`writes ${what}`, () => {
    check.deepEqual(Buffer.from(writeNpy(readNpy(bytes))), Buffer.from(bytes));
  });
}

const floats = headed("'<f4'", "(1,)");

const refused: readonly [what: string, file: Uint8Array, why: RegExp][] = [
  ["big-endian", file(headed("'>f4'", "(1,)"), "3f800000"), /elements are of type ">f4" \(known/],
  ["Python objects", file(headed("'|O'", "(1,)"), "80049"), /elements are of type "\|O"/],
  ["structures", file(headed("[('a', '<i4')]", "(1,)"), "00000000"), /type "\[\('a', '<i4'\)\]"/],
  ["too few elements", file(floats, "0000"), /it has 2 bytes of elements, .* asks for 4/],
  ["too many elements", file(floats, "0000803f00"), /it has 5 bytes/],
  ["more than there can be", file(headed("'<f4'", `(${"9".repeat(30)},)`), ""), /asks for Inf/],
  ["texts of no size", file(headed("'|S0'", "(99999999999,)"), ""), /type "\|S0"/],
  ["a header that is cut off", file(floats, "0000803f").subarray(0, 60), /header is damaged/],
  ["a header that is none", file("{}", ""), /header is damaged/],
  ["another file", Buffer.from("\x89PNG and so on, and on"), /it is no \.npy file/],
  ["an empty file", new Uint8Array(0), /it is no \.npy file/],
  ["no character", file(headed("'<U1'", "(1,)"), "ffffffff"), /Unicode does not have/],
];

for (const [what, bytes, message] of refused) {
  test(`refuses ${what}`, () => {
    check.throws(() => readNpy(bytes), { name: "UsageError", message });
  });
}

test("whatever the bytes are, they are read or refused", () => {
  const valid = goldens["array([True, False])"]?.file ?? new Uint8Array(0);
  fc.assert(
    fc.property(fc.nat(valid.byteLength - 1), fc.nat(255), (at, byte) => {
      const bytes = valid.slice();
      bytes[at] = byte;
      try {
        readNpy(bytes);
      } catch (error) {
        check.equal((error as Error).name, "UsageError");
      }
    }),
  );
});

const numeric = Object.keys(typedArrays).filter((name) => name !== "BF16") as Datatype[];
const shapes = fc.array(fc.nat(4), { maxLength: 4 });

test("what is written is read again: numbers", () => {
  fc.assert(
    fc.property(fc.constantFrom(...numeric), shapes, (type, shape) => {
      const count = shape.reduce((product, dimension) => product * dimension, 1);
      const size = typedArrays[type as "INT8"].BYTES_PER_ELEMENT;
      const bytes = Uint8Array.from({ length: count * size }, (_, index) => (index * 37) % 2);
      const again = readNpy(writeNpy(new PlainTensor({ datatype: type, shape, bytes })));
      check.deepEqual([again.datatype, again.shape], [type, shape]);
      check.deepEqual(Buffer.from(again.bytes), Buffer.from(bytes));
    }),
  );
});

test("what is written is read again: texts, and bytes that are none", () => {
  const text = fc.string({ unit: "binary" }).map((each) => new TextEncoder().encode(each));
  const element = fc.oneof(text, fc.uint8Array()).filter((each) => each.at(-1) !== 0);
  fc.assert(
    fc.property(fc.array(element), (elements) => {
      const bytes = packBytes(elements);
      const shape = [elements.length];
      const given = new PlainTensor({ datatype: "BYTES", shape, bytes });
      const again = readNpy(writeNpy(given as PlainTensor));
      check.deepEqual(Buffer.from(again.bytes), Buffer.from(bytes));
    }),
  );
});

test("texts that end in zeros are not written: NumPy would lose them", () => {
  const tensor = PlainTensor.from("BYTES", ["a\u0000"]) as PlainTensor;
  check.throws(() => writeNpy(tensor), /zeros at the end of its texts/);
});

test("BF16 is written as FP32", () => {
  const tensor = PlainTensor.from("BF16", [1, -2.5]) as PlainTensor;
  const again = readNpy(writeNpy(tensor));
  check.deepEqual([again.datatype, ...(again.data as unknown as Float32Array)], ["FP32", 1, -2.5]);
});
