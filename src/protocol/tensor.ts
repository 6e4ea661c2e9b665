/**
 * A tensor on its way: name, datatype, shape, and its bytes in the wire's layout.
 *
 * The bytes are a list of slices, so that a tensor that arrived in several chunks of a socket
 * needs no joining before it is copied into its batch (the one copy of a request's life).
 *   numeric  little-endian, row-major, natural width; BOOL one byte an element
 *   BYTES    per element uint32 length (little-endian), then that many bytes
 * A slice may start at any offset of its ArrayBuffer: check alignment before viewing it as numbers.
 *
 * Not here: what a user's function sees (definition/tensor.ts).
 */
import type { Datatype } from "./datatype.ts";

export interface WireTensor {
  readonly name: string;
  readonly datatype: Datatype;
  /** Whole shape, batch dimension included. */
  readonly shape: readonly number[];
  /** In order; no slice is empty, except that a tensor without bytes may have none. */
  readonly chunks: readonly Uint8Array[];
  /** Sum over `chunks`. */
  readonly byteLength: number;
  /** Others read the same bytes: whoever hands them to foreign code copies them before. */
  readonly isShared?: true;
}

/** Of bytes in one piece. */
export function wireTensor(
  { name, datatype, shape }: Pick<WireTensor, "name" | "datatype" | "shape">,
  bytes: Uint8Array,
): WireTensor {
  const { byteLength } = bytes;
  return { name, datatype, shape, chunks: byteLength > 0 ? [bytes] : [], byteLength };
}
