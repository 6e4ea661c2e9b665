/**
 * Owned memory: the ArrayBuffers that we or onnxruntime allocated for the outputs of one call, and
 * that may therefore be given away, to another thread or to a response, without a copy.
 *
 * Everything else that a model returns may be its own state: it is copied. A transferred buffer
 * would silently read as empty afterwards, and pooled Buffers and WebAssembly's memory are
 * silently not transferred at all.
 */
const owned = new WeakSet<ArrayBufferLike>();

/** Memory of zeros that nobody else holds. */
export function allocateOwned(byteLength: number): ArrayBuffer {
  const buffer = new ArrayBuffer(byteLength);
  owned.add(buffer);
  return buffer;
}

export function markOwned(buffer: ArrayBufferLike): void {
  owned.add(buffer);
}

export function isOwned(buffer: ArrayBufferLike): boolean {
  return owned.has(buffer);
}
