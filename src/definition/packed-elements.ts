/**
 * BYTES elements, packed as on the wire: per element a length of four bytes (little-endian), then
 * that many bytes. Packing and unpacking, as texts or as bytes.
 */
import { InferenceError } from "../protocol/errors.ts";

const encoder = new TextEncoder();
/** A byte order mark is part of the text, and what is not UTF-8 is refused, not damaged. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function packElements(elements: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const encoded = elements.map((element) =>
    typeof element === "string" ? encoder.encode(element) : element,
  );
  let byteLength = 0;
  for (const element of encoded) byteLength += 4 + element.byteLength;
  const packed = new Uint8Array(byteLength);
  const lengths = new DataView(packed.buffer);
  let offset = 0;
  for (const element of encoded) {
    lengths.setUint32(offset, element.byteLength, true);
    packed.set(element, offset + 4);
    offset += 4 + element.byteLength;
  }
  return packed;
}

/** Views of the elements. */
export function unpackBytes(packed: Uint8Array): Uint8Array[] {
  const lengths = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const elements: Uint8Array[] = [];
  for (let offset = 0; offset < packed.byteLength; ) {
    const start = offset + 4;
    const end = start <= packed.byteLength ? start + lengths.getUint32(offset, true) : start;
    if (end > packed.byteLength) {
      throw new InferenceError(
        "INVALID_ARGUMENT",
        `BYTES element ${elements.length} ends after byte ${packed.byteLength}, the last one`,
      );
    }
    elements.push(packed.subarray(start, end));
    offset = end;
  }
  return elements;
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
