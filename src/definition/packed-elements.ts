/**
 * BYTES elements as a model sees them: texts or byte arrays, packed as on the wire and back.
 */
import { InferenceError } from "../protocol/errors.ts";
import { packBytes, unpackBytes } from "../protocol/packed-bytes.ts";

const encoder = new TextEncoder();
/** A byte order mark is part of the text, and what is not UTF-8 is refused, not damaged. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function packElements(elements: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return packBytes(
    elements.map((element) => (typeof element === "string" ? encoder.encode(element) : element)),
  );
}

export function unpackStrings(packed: Uint8Array): string[] {
  return unpackBytes(packed).map((element, index) => {
    try {
      return decoder.decode(element);
    } catch (error) {
      const why = `BYTES element ${index} is not UTF-8, and the model reads texts`;
      throw new InferenceError("INVALID_ARGUMENT", why, { cause: error });
    }
  });
}
