/**
 * Bytes in slices: however they are cut, what is taken is what would be taken of the whole.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { isJoined, joinBytes, lengthOf, SlicedBytes } from "./sliced-bytes.ts";

/** Some of the slices may be empty. */
function sliced(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const ends = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

/** Takes some bytes; the result must be those of the whole. */
type Take = (bytes: SlicedBytes, expected: Buffer, whole: Uint8Array) => void;

const ways: Readonly<Record<string, Take>> = {
  take(bytes, expected, whole) {
    const slices = bytes.take(expected.length);
    check.deepEqual(Buffer.concat(slices), expected);
    check.ok(slices.every(({ buffer, byteLength }) => buffer === whole.buffer && byteLength > 0));
  },
  takeJoined(bytes, expected) {
    check.deepEqual(Buffer.from(bytes.takeJoined(expected.length)), expected);
  },
  readUint32(bytes, expected) {
    if (expected.length === 4) check.equal(bytes.readUint32(), expected.readUInt32LE());
    else bytes.skip(expected.length);
  },
};

const calls = fc.array(
  fc.tuple(fc.constantFrom(...Object.values(ways)), fc.oneof(fc.nat(20), fc.constant(4))),
);
const bytesAndCuts = fc.tuple(fc.uint8Array({ maxLength: 60 }), fc.array(fc.nat(60)));

test("what is taken, in any order of calls, is what comes next", () => {
  fc.assert(
    fc.property(bytesAndCuts, calls, ([whole, cuts], each) => {
      const bytes = new SlicedBytes(sliced(whole, cuts), whole.byteLength);
      let offset = 0;
      for (const [take, size] of each) {
        const expected = Buffer.from(whole.subarray(offset, offset + size));
        take(bytes, expected, whole);
        offset += expected.length;
        check.equal(bytes.leftBytes, whole.byteLength - offset);
      }
    }),
    { numRuns: 2000 },
  );
});

test("slices are joined: copied only where they lie apart, or at the wrong place", () => {
  fc.assert(
    fc.property(bytesAndCuts, fc.constantFrom(1, 2, 4, 8), ([whole, cuts], alignment) => {
      const slices = sliced(whole, cuts);
      check.equal(lengthOf(slices), whole.byteLength);
      const joined = joinBytes(slices, whole.byteLength, alignment);
      check.deepEqual(Buffer.from(joined), Buffer.from(whole));
      check.equal(joined.byteOffset % alignment, 0);
      check.equal(joined === slices[0], isJoined(slices, alignment));
    }),
    { numRuns: 1000 },
  );
  const memory = new Uint8Array(16);
  const aligned = memory.subarray(8);
  check.equal(joinBytes([aligned], 8, 8), aligned);
  const misaligned = memory.subarray(4, 12);
  check.equal(joinBytes([misaligned], 8, 4), misaligned);
  check.notEqual(joinBytes([misaligned], 8, 8).buffer, memory.buffer);
  check.equal(joinBytes([], 0, 8).byteLength, 0);
});
