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

/** At a multiple of the alignment, at most 8: copied only if it is not there. */
export function inOnePiece(pieces: readonly Uint8Array[], alignment: number): Uint8Array {
  const [only] = pieces;
  const isThere = pieces.length === 1 && only !== undefined && only.byteOffset % alignment === 0;
  return isThere ? only : concatenated(pieces);
}

/** So that byte number `at` is at a multiple of 8: copied only if it is not there. */
export function joinedAt(pieces: readonly Uint8Array[], at: number): Uint8Array {
  const [only] = pieces;
  const isThere = pieces.length === 1 && only !== undefined && (only.byteOffset + at) % 8 === 0;
  return isThere ? only : concatenated(pieces, (8 - (at % 8)) % 8);
}
