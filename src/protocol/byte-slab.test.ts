/**
 * Pieces of memory: zeros, of the size that was asked for, aligned, and nobody else's.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { allocateBytes } from "./byte-slab.ts";

test("pieces are zeros, aligned, and never overlap", () => {
  const sizes = fc.array(fc.oneof(fc.nat(64), fc.nat(5000)), { maxLength: 60 });
  fc.assert(
    fc.property(sizes, (each) => {
      const pieces = each.map(allocateBytes);
      for (const [index, piece] of pieces.entries()) {
        check.equal(piece.byteLength, each[index]);
        check.equal(piece.byteOffset % 8, 0);
        check.ok(
          piece.every((byte) => byte === 0),
          "another's, or used before",
        );
        piece.fill(0xff);
      }
    }),
    { numRuns: 300 },
  );
});

test("small pieces share memory, large ones have their own", () => {
  const small = Array.from({ length: 100 }, () => allocateBytes(16));
  check.ok(new Set(small.map(({ buffer }) => buffer)).size <= 2);
  const large = allocateBytes(5000);
  check.equal(large.buffer.byteLength, 5000);
});

test("a size that is none is a bug of ours, and does no harm to others", () => {
  for (const size of [Number.NaN, -1]) {
    check.throws(() => allocateBytes(size), { message: /^assertion failed/ });
  }
  const [one, other] = [allocateBytes(8), allocateBytes(8)];
  one.fill(1);
  check.deepEqual(other, new Uint8Array(8));
});
