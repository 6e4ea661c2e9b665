/**
 * Message pieces: an encoded message as a list of slices, so that tensors need not be copied into it.
 */

export interface MessagePieces {
  /** In order. */
  readonly pieces: readonly Uint8Array[];
  /** Sum over `pieces`. */
  readonly byteLength: number;
}

/** The start of a length-delimited field: its tag (number and wire type), and how many bytes follow. */
export function fieldStart(tag: number, byteLength: number): Uint8Array {
  const bytes = [tag];
  let rest = byteLength;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
