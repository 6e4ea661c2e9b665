/**
 * The digest, small and large, in one piece and in several: always SHA-256 of all bytes.
 */
import { strict as check } from "node:assert";
import { createHash } from "node:crypto";
import test from "node:test";
import { sha256Digest } from "./sha256-digest.ts";

function expected(head: string, bytes: Uint8Array): string {
  return createHash("sha256").update(head).update(bytes).digest("base64");
}

for (const size of [0, 1, 64, 5000, 16_383, 16_384, 16_385, 100_000]) {
  test(`of ${size} bytes, wherever they are cut`, () => {
    const bytes = Uint8Array.from({ length: size }, (_, index) => index * 7);
    for (const head of ["", "[]", "é€😀".repeat(100)]) {
      check.equal(sha256Digest(head, [bytes]), expected(head, bytes));
      const cut = size >> 1;
      const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
      check.equal(sha256Digest(head, pieces), expected(head, bytes));
    }
  });
}
