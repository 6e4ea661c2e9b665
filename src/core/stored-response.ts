/**
 * Stored response: what the cache keeps of an answer, and how many bytes that takes.
 *
 * Outputs of a batch are views of the batch's one buffer: to keep a view is to keep them all. So
 * the outputs are copied, once, into one piece of memory of exactly their size. Whoever is given
 * them later gets views of it, which nobody may write to (`InferResponse.isShared`).
 *
 * What an entry counts for: its bytes, its key, and what objects around them take, rounded up.
 */
import type { InferResponse, Parameters } from "../protocol/infer.ts";
import { copyChunks } from "../protocol/sliced-bytes.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";

export interface StoredResponse {
  readonly outputs: readonly WireTensor[];
  readonly parameters: Parameters;
}

/** Elements of every datatype can be read at it. */
const alignment = 8;

/** Of an entry, each of its outputs, each dimension and each parameter, without their texts. */
const entryBytes = 640;
const outputBytes = 256;
const dimensionBytes = 8;
const parameterBytes = 64;

/** Characters may take two bytes. */
const characterBytes = 2;

export function storedBytes(key: string, { outputs, parameters }: StoredResponse): number {
  let bytes = entryBytes + key.length * characterBytes;
  for (const { name, shape, byteLength } of outputs) {
    bytes += outputBytes + shape.length * dimensionBytes + name.length * characterBytes;
    bytes += aligned(byteLength);
  }
  for (const [name, value] of Object.entries(parameters)) {
    bytes += parameterBytes + (name.length + String(value).length) * characterBytes;
  }
  return bytes;
}

export function store({ outputs, parameters }: InferResponse): StoredResponse {
  let size = 0;
  for (const { byteLength } of outputs) size += aligned(byteLength);
  // An ArrayBuffer of its own: small pieces of a slab (allocateBytes) would keep the whole slab.
  const memory = new Uint8Array(new ArrayBuffer(size));
  let offset = 0;
  const copies = outputs.map((output) => {
    const start = offset;
    const end = copyChunks(output.chunks, memory, start);
    offset = start + aligned(output.byteLength);
    return wireTensor({ ...output, shape: [...output.shape] }, memory.subarray(start, end));
  });
  return { outputs: copies, parameters: { ...parameters } };
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / alignment) * alignment;
}
