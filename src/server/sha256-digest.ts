/**
 * SHA-256 of a request, for answers that are shared: two requests with one digest are one request.
 */
import { createHash } from "node:crypto";

export function sha256Digest(head: string, pieces: readonly Uint8Array[]): string {
  const hash = createHash("sha256").update(head);
  for (const piece of pieces) hash.update(piece);
  return hash.digest("base64");
}
