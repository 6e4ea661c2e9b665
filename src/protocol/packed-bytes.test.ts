/**
 * Faults of packed BYTES: a table of them, and the same answer however the bytes are sliced.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import {
  findPackedBytesFault,
  type PackedBytesFault,
  packBytes,
  unpackBytes,
} from "./packed-bytes.ts";

/** Numbers are bytes; of a text its length of four bytes, and its own. */
function bytes(...parts: readonly (number | string)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "number" ? [part] : [part.length, 0, 0, 0, ...Buffer.from(part)],
    ),
  );
}

interface Case {
  readonly what: string;
  readonly packed: Uint8Array;
  readonly expectedCount: number;
  readonly fault?: PackedBytesFault;
}

const cases: readonly Case[] = [
  { what: "no elements", packed: bytes(), expectedCount: 0 },
  { what: "an empty element", packed: bytes(""), expectedCount: 1 },
  { what: "several elements", packed: bytes("abc", "", "\0"), expectedCount: 3 },
  {
    what: "one too few",
    packed: bytes("a"),
    expectedCount: 2,
    fault: { kind: "too-few", count: 1 },
  },
  { what: "none at all", packed: bytes(), expectedCount: 1, fault: { kind: "too-few", count: 0 } },
  {
    what: "one too many",
    packed: bytes("a", "b", "c"),
    expectedCount: 1,
    fault: { kind: "too-many", count: 2 },
  },
  {
    what: "one too many, which is cut off as well",
    packed: bytes("a", 9, 0, 0, 0),
    expectedCount: 1,
    fault: { kind: "too-many", count: 2 },
  },
  {
    what: "a length that is cut off",
    packed: bytes("a", 1, 0, 0),
    expectedCount: 2,
    fault: { kind: "length-cut", availableBytes: 3 },
  },
  {
    what: "a length that is cut off, of an element too many",
    packed: bytes("a", 1),
    expectedCount: 1,
    fault: { kind: "length-cut", availableBytes: 1 },
  },
  {
    what: "an element that is cut off",
    packed: bytes("a", 3, 0, 0, 0, 7, 7),
    expectedCount: 2,
    fault: { kind: "data-cut", expectedBytes: 3, availableBytes: 2 },
  },
  {
    what: "a length of 4 GiB",
    packed: bytes(0xff, 0xff, 0xff, 0xff),
    expectedCount: 1,
    fault: { kind: "data-cut", expectedBytes: 0xffff_ffff, availableBytes: 0 },
  },
  {
    what: "each byte of the length counts",
    packed: bytes(1, 2, 3, 4),
    expectedCount: 1,
    fault: { kind: "data-cut", expectedBytes: 0x0403_0201, availableBytes: 0 },
  },
];

for (const { what, packed, expectedCount, fault } of cases) {
  test(`${what}: ${fault?.kind ?? "fine"}`, () => {
    check.deepEqual(findPackedBytesFault([packed], expectedCount), fault);
    const oneByOne = Array.from(packed, (byte) => Uint8Array.of(byte));
    check.deepEqual(findPackedBytesFault(oneByOne, expectedCount), fault);
  });
}

/** Slices that together are these bytes; none of them is empty. */
function sliced(packed: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const inside = new Set(cuts.map((cut) => cut % (packed.length + 1)));
  const ends = [...inside, packed.length].sort((one, other) => one - other);
  return ends
    .map((end, index) => packed.subarray(ends[index - 1] ?? 0, end))
    .filter((slice) => slice.length > 0);
}

/** Mostly short lengths, so that elements follow one another. */
const almostPacked = fc
  .array(fc.oneof(fc.constantFrom(0, 0, 0, 1, 2, 3), fc.integer({ min: 0, max: 255 })), {
    maxLength: 60,
  })
  .map((numbers) => Uint8Array.from(numbers));

test("any bytes, in any slices, get the answer of the whole", () => {
  const cuts = fc.array(fc.nat(60), { maxLength: 20 });
  fc.assert(
    fc.property(almostPacked, cuts, fc.nat(6), (packed, at, expectedCount) => {
      check.deepEqual(
        findPackedBytesFault(sliced(packed, at), expectedCount),
        findPackedBytesFault([packed], expectedCount),
      );
    }),
    { numRuns: 2000 },
  );
});

test("elements that were packed have no fault, and with any other count they have", () => {
  const elements = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 });
  const cuts = fc.array(fc.nat(3000), { maxLength: 20 });
  fc.assert(
    fc.property(elements, cuts, (each, at) => {
      const packed = packBytes(each);
      const slices = sliced(packed, at);
      const count = each.length;
      check.deepEqual(unpackBytes(packed), each);
      check.equal(findPackedBytesFault(slices, count), undefined);
      check.deepEqual(findPackedBytesFault(slices, count + 1), { kind: "too-few", count });
      if (count === 0) return;
      check.deepEqual(findPackedBytesFault(slices, count - 1), { kind: "too-many", count });
    }),
  );
});

test("packed elements are in the wire's layout, and unpacked they are views", () => {
  const packed = packBytes([Uint8Array.of(97, 98), Uint8Array.of()]);
  check.deepEqual(packed, bytes("ab", ""));
  const inside = bytes(9, "ab").subarray(1);
  const [element] = unpackBytes(inside);
  check.deepEqual(element, Uint8Array.of(97, 98));
  check.equal(element?.buffer, inside.buffer);
});

for (const cut of [bytes("a", 1, 0), bytes("a", 2, 0, 0, 0, 7)]) {
  test(`elements that are cut off are not unpacked: ${cut.join()}`, () => {
    check.throws(() => unpackBytes(cut), { name: "RangeError" });
  });
}
