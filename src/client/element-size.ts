/** Datatypes by the size of their elements, without the table of names that only a server needs. */
import type { Datatype } from "../protocol/datatype.ts";
import { typedArrays } from "../protocol/typed-arrays.ts";

/** In bytes; 0 for BYTES. */
export function sizeOf(datatype: Datatype): number {
  return datatype === "BYTES" ? 0 : typedArrays[datatype].BYTES_PER_ELEMENT;
}

export function isDatatype(text: unknown): text is Datatype {
  return text === "BYTES" || (typeof text === "string" && Object.hasOwn(typedArrays, text));
}
