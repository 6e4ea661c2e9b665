/** Bytes that lie in pieces, in one. */

/** Copies; begins at a multiple of 8 in memory, plus the shift. */
export function concatenated(pieces: readonly Uint8Array[], shift = 0): Uint8Array {
  let byteLength = 0;
  for (const piece of pieces) byteLength += piece.byteLength;
  const whole = new Uint8Array(new ArrayBuffer(byteLength + shift), shift);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.byteLength;
  }
  return whole;
}

/**
 * So that byte number `at` is at a multiple of the alignment, which is 8 at most: copied only if it
 * is not there.
 */
export function inOnePiece(pieces: readonly Uint8Array[], alignment = 8, at = 0): Uint8Array {
  const [only] = pieces;
  const isOne = pieces.length === 1 && only !== undefined;
  if (isOne && (only.byteOffset + at) % alignment === 0) return only;
  return concatenated(pieces, (8 - (at % 8)) % 8);
}
