/** Elements of BYTES that are no texts, such as pictures: `data` has texts, and refuses them. */
import type { PlainTensor } from "../definition/plain-tensor.ts";
import { unpackBytes } from "../protocol/packed-bytes.ts";

/** In their order, whatever the shape; views. */
export function bytesOf({ bytes }: Pick<PlainTensor<"BYTES">, "bytes">): readonly Uint8Array[] {
  return unpackBytes(bytes);
}
