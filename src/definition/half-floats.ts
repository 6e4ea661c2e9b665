/**
 * Float16Array, where JavaScript has one (Node from version 24 on): taken wherever values of FP16
 * are written. Tensors keep their bits, as everywhere, so that models run alike on any version.
 *
 * It is described here, and recognised by its tag: neither the compiler's libraries nor the
 * machine need to know it.
 */

/** A Float16Array, as far as it matters. */
export interface HalfFloats extends ArrayBufferView {
  readonly [Symbol.toStringTag]: "Float16Array";
  readonly length: number;
  readonly BYTES_PER_ELEMENT: number;
}

export function isHalfFloats(view: ArrayBufferView): view is HalfFloats {
  return Symbol.toStringTag in view && view[Symbol.toStringTag] === "Float16Array";
}
