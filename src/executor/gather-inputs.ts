/**
 * Gathering: the inputs of the requests of a batch, one behind another.
 *
 * First as a list of the requests' own slices. An inline model's tensor joins them when somebody
 * reads it, which is then the one copy of a request's bytes; a model that hands its input on, or
 * reads a single request's, copies nothing. For a thread they are joined at once, in one buffer:
 *
 *   | input 0: rows of request 0, rows of request 1, ... | input 1: ... |   each from a multiple of 8
 */
import type { ExecutionBatch } from "../core/instance.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { copyChunks } from "../protocol/sliced-bytes.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { reshaped } from "./reshaped.ts";

/**
 * In the order of the configuration, in the shapes that the model sees; optional ones that no
 * request has are missing.
 */
export function gatherInputs(
  batch: ExecutionBatch,
  { inputs, maxBatchSize }: ModelConfig,
): readonly WireTensor[] {
  const gathered: WireTensor[] = [];
  const isBatching = maxBatchSize > 0;
  for (const { name, dims: from, reshape: to } of inputs) {
    const tensor = gatherInput(name, batch, isBatching);
    if (tensor === undefined) continue;
    gathered.push(to === undefined ? tensor : reshaped(tensor, { from, to, isBatching }));
  }
  return gathered;
}

export interface JoinedInputs {
  readonly tensors: readonly WireTensor[];
  /** They all lie in it. */
  readonly buffer: ArrayBuffer;
}

const alignment = 8;

export function joinInputs(inputs: readonly WireTensor[]): JoinedInputs {
  let byteLength = 0;
  for (const input of inputs) byteLength = align(byteLength + input.byteLength);
  const whole = new Uint8Array(byteLength);
  let start = 0;
  const tensors = inputs.map((input): WireTensor => {
    const end = copyChunks(input.chunks, whole, start);
    const chunks = end > start ? [whole.subarray(start, end)] : [];
    start = align(end);
    return { ...input, chunks };
  });
  return { tensors, buffer: whole.buffer };
}

/** Each request has it, or none: those without it do not share a batch with others. */
function gatherInput(
  inputName: string,
  { requests, rows }: ExecutionBatch,
  isBatching: boolean,
): WireTensor | undefined {
  let first: WireTensor | undefined;
  const chunks: Uint8Array[] = [];
  let byteLength = 0;
  for (const { request } of requests) {
    for (const input of request.inputs) {
      if (input.name !== inputName) continue;
      if (requests.length === 1) return input;
      first ??= input;
      for (const chunk of input.chunks) chunks.push(chunk);
      byteLength += input.byteLength;
    }
  }
  if (first === undefined) return undefined;
  const { name, datatype, shape } = first;
  const whole = isBatching && shape[0] !== rows ? [rows, ...shape.slice(1)] : shape;
  return { name, datatype, shape: whole, chunks, byteLength };
}

function align(offset: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
