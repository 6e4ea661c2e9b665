/**
 * SHA-256 of a request, for answers that are shared: two requests with one digest are one request.
 *
 * What is small is put in one piece first: a hash object costs more than to copy a few kilobytes.
 */
import { createHash, hash } from "node:crypto";
import { copyChunks, lengthOf } from "../protocol/sliced-bytes.ts";

const scratch = Buffer.allocUnsafeSlow(16 * 1024);

/** In UTF-8, for each unit of a text. */
const mostBytesPerUnit = 3;

export function sha256Digest(head: string, pieces: readonly Uint8Array[]): string {
  const atMost = head.length * mostBytesPerUnit + lengthOf(pieces);
  if (atMost > scratch.byteLength) return digestOfLarge(head, pieces);
  const end = copyChunks(pieces, scratch, scratch.write(head));
  return hash("sha256", scratch.subarray(0, end), "base64");
}

function digestOfLarge(head: string, pieces: readonly Uint8Array[]): string {
  const sha256 = createHash("sha256").update(head);
  for (const piece of pieces) sha256.update(piece);
  return sha256.digest("base64");
}
