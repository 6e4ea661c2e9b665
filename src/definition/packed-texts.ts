/**
 * Packed BYTES as texts. A byte order mark is part of a text, and what is not UTF-8 is refused, not
 * damaged.
 */
import { unpackBytes } from "../protocol/packed-bytes.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Throws a TypeError for what is no UTF-8. */
export function unpackTexts(packed: Uint8Array): string[] {
  return unpackBytes(packed).map((element, index) => {
    try {
      return decoder.decode(element);
    } catch (cause) {
      throw new TypeError(`BYTES element ${index} is not UTF-8`, { cause });
    }
  });
}
