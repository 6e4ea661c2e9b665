/**
 * BYTES elements as a model sees them: texts or byte arrays, packed as on the wire and back.
 */
import { packBytes, unpackBytes } from "../protocol/packed-bytes.ts";

const encoder = new TextEncoder();
/** A byte order mark is part of the text, and what is not UTF-8 is refused, not damaged. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function packElements(elements: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const [only] = elements;
  if (elements.length === 1 && typeof only === "string") return packText(only);
  return packBytes(
    elements.map((element) => (typeof element === "string" ? encoder.encode(element) : element)),
  );
}

/** Many a response is one short text, such as a token. */
function packText(text: string): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(4 + 3 * text.length);
  const { written } = encoder.encodeInto(text, packed.subarray(4));
  new DataView(packed.buffer).setUint32(0, written, true);
  return written === 3 * text.length ? packed : packed.slice(0, 4 + written);
}

/** Throws a TypeError for what is no UTF-8. */
export function unpackStrings(packed: Uint8Array): string[] {
  return unpackBytes(packed).map((element, index) => {
    try {
      return decoder.decode(element);
    } catch (cause) {
      throw new TypeError(`BYTES element ${index} is not UTF-8`, { cause });
    }
  });
}
