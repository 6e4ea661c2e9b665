/** BYTES that are no texts: told, not damaged, and still to be had. */
import { strict as check } from "node:assert";
import test from "node:test";
import { PlainTensor } from "../definition/plain-tensor.ts";
import { packBytes } from "../protocol/packed-bytes.ts";
import { bytesOf } from "./byte-elements.ts";

test("what is no UTF-8 is refused as text, and read as bytes", () => {
  const elements = [Uint8Array.of(0x89, 0x50), new Uint8Array(0), Uint8Array.of(0xff)];
  const bytes = packBytes(elements);
  const tensor = new PlainTensor({ datatype: "BYTES", shape: [3, 1], bytes });
  const expected = { name: "TypeError", message: "BYTES element 0 is not UTF-8" };
  for (const _ of ["once", "again"]) {
    check.throws(() => tensor.data, expected);
    check.throws(() => tensor.toNested(), expected);
  }
  check.deepEqual(bytesOf(tensor), elements);
  check.equal(bytesOf(tensor)[2]?.buffer, bytes.buffer);
});

test("texts are bytes, too", () => {
  const tensor = PlainTensor.from("BYTES", [["é", ""]]);
  check.deepEqual(bytesOf(tensor), [Uint8Array.of(0xc3, 0xa9), new Uint8Array(0)]);
  check.deepEqual(tensor.data, ["é", ""]);
});
