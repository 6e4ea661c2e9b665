/**
 * Gathering: the inputs of the requests of a batch, one behind another, in one buffer. This is the
 * one copy of a request's bytes.
 *
 *   | input 0: rows of request 0, rows of request 1, ... | input 1: ... |   each from a multiple of 8
 *
 * A batch of one request whose inputs lie where numbers can be read needs no copy, if the batch
 * stays in this thread: then its tensors are the request's own bytes.
 */
import type { BatchTensor } from "../backends/backend.ts";
import type { ExecutionBatch, ExecutionRequest } from "../core/instance.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { datatypes } from "../protocol/datatype.ts";
import type { WireTensor } from "../protocol/tensor.ts";

export interface GatheredInputs {
  /** In the order of the configuration; optional ones that no request has are missing. */
  readonly tensors: readonly BatchTensor[];
  /** They all lie in it. */
  readonly buffer: ArrayBuffer;
}

const alignment = 8;

export function gatherInputs(
  batch: ExecutionBatch,
  config: ModelConfig,
  allocate: (byteLength: number) => Uint8Array<ArrayBuffer>,
): GatheredInputs {
  const parts: WireTensor[][] = [];
  let byteLength = 0;
  for (const { name } of config.inputs) {
    const part = tensorsNamed(batch.requests, name);
    if (part.length === 0) continue;
    parts.push(part);
    byteLength = align(byteLength + sizeOf(part));
  }
  const whole = allocate(byteLength);
  let start = 0;
  const tensors = parts.map((part) => {
    let offset = start;
    for (const { chunks } of part) {
      for (const chunk of chunks) {
        whole.set(chunk, offset);
        offset += chunk.byteLength;
      }
    }
    const bytes = whole.subarray(start, offset);
    start = align(offset);
    return batchTensor(part, bytes, batch, config);
  });
  return { tensors, buffer: whole.buffer };
}

/** Without a copy; undefined if it takes one. */
export function borrowInputs(
  batch: ExecutionBatch,
  config: ModelConfig,
): readonly BatchTensor[] | undefined {
  if (batch.requests.length > 1) return undefined;
  const tensors: BatchTensor[] = [];
  for (const { name } of config.inputs) {
    const part = tensorsNamed(batch.requests, name);
    const [tensor] = part;
    if (tensor === undefined) continue;
    const [chunk, ...others] = tensor.chunks;
    const elementSize = datatypes[tensor.datatype].byteSize || 1;
    if (others.length > 0 || chunk === undefined || chunk.byteOffset % elementSize !== 0) {
      return undefined;
    }
    tensors.push(batchTensor(part, chunk, batch, config));
  }
  return tensors;
}

/** One for each request, or none at all: requests without it do not share a batch with others. */
function tensorsNamed(requests: readonly ExecutionRequest[], name: string): WireTensor[] {
  const tensors: WireTensor[] = [];
  for (const { request } of requests) {
    for (const input of request.inputs) if (input.name === name) tensors.push(input);
  }
  return tensors;
}

function batchTensor(
  [first]: readonly WireTensor[],
  bytes: Uint8Array,
  { rows }: ExecutionBatch,
  { maxBatchSize }: ModelConfig,
): BatchTensor {
  const { name = "", datatype = "UINT8", shape = [] } = first ?? {};
  return {
    name,
    datatype,
    shape: maxBatchSize > 0 && shape[0] !== rows ? [rows, ...shape.slice(1)] : shape,
    bytes,
  };
}

function sizeOf(tensors: readonly WireTensor[]): number {
  let size = 0;
  for (const { byteLength } of tensors) size += byteLength;
  return size;
}

function align(offset: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
