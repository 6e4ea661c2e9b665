/** Texts, packed as on the wire and back. */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { packBytes } from "../protocol/packed-bytes.ts";
import { unpackTexts } from "./packed-texts.ts";

test("any texts come out as they went in", () => {
  // A lone half of a pair is no text: UTF-8 cannot write it.
  const text = fc.string({ unit: "grapheme" });
  fc.assert(
    fc.property(fc.array(text), (texts) => check.deepEqual(unpackTexts(packBytes(texts)), texts)),
  );
});

test("a byte order mark is part of the text", () => {
  check.deepEqual(unpackTexts(packBytes(["\uFEFFa", "\uFEFF"])), ["\uFEFFa", "\uFEFF"]);
});

test("texts and bytes may stand side by side", () => {
  const packed = packBytes(["é", Uint8Array.of(0xc3, 0xa9), new Uint8Array(0)]);
  check.deepEqual([...packed], [2, 0, 0, 0, 0xc3, 0xa9, 2, 0, 0, 0, 0xc3, 0xa9, 0, 0, 0, 0]);
  check.equal(packed.buffer.byteLength, packed.byteLength, "memory of its own");
});

for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xc0, 0x80], [0xf5, 0x80, 0x80, 0x80]]) {
  test(`not UTF-8: ${bytes.map((byte) => byte.toString(16)).join(" ")}`, () => {
    const packed = packBytes(["fine", Uint8Array.from(bytes)]);
    check.throws(() => unpackTexts(packed), {
      name: "TypeError",
      message: "BYTES element 1 is not UTF-8",
    });
  });
}

test("elements that are cut off", () => {
  check.throws(() => unpackTexts(Uint8Array.of(5, 0, 0, 0, 97)), { name: "RangeError" });
  check.throws(() => unpackTexts(Uint8Array.of(5, 0)), { name: "RangeError" });
});
