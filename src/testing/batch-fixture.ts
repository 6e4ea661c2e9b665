/**
 * Batches as the core hands them to an instance, and tensors as they come from the wire, of which
 * a test names only what matters to it.
 */
import type { ExecutionBatch, ModelResponse } from "../core/instance.ts";
import type { InferRequest } from "../protocol/infer.ts";
import { packBytes, unpackBytes } from "../protocol/packed-bytes.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import { inferRequest } from "./core-fixture.ts";

export function numbers(
  name: string,
  shape: readonly number[],
  values: readonly number[],
): WireTensor {
  return wireTensor({ name, datatype: "FP32", shape }, bytesOf(values));
}

export function texts(name: string, shape: readonly number[], ...values: string[]): WireTensor {
  const encoder = new TextEncoder();
  const packed = packBytes(values.map((value) => encoder.encode(value)));
  return wireTensor({ name, datatype: "BYTES", shape }, packed);
}

/** Cut before these bytes, as by a socket: each slice is memory of its own. */
export function inSlices(tensor: WireTensor, ...cuts: readonly number[]): WireTensor {
  const bytes = wholeBytes(tensor);
  const ends = [...cuts, bytes.byteLength];
  const chunks = ends.map((end, index) => bytes.slice(ends[index - 1] ?? 0, end));
  return { ...tensor, chunks };
}

/** A request for each list of inputs, with as many rows as the first one of them. */
export function batchOf(...inputs: readonly (readonly WireTensor[])[]): ExecutionBatch {
  return batchOfRequests(inputs.map((tensors) => ({ inputs: tensors })));
}

export function batchOfRequests(changes: readonly Partial<InferRequest>[]): ExecutionBatch {
  const requests = changes.map((change) => ({
    request: inferRequest(change),
    rows: change.inputs?.[0]?.shape[0] ?? 1,
    deadlineMs: Number.POSITIVE_INFINITY,
  }));
  return { requests, rows: requests.reduce((sum, { rows }) => sum + rows, 0) };
}

/** What an answer holds, readable: name, shape, and numbers or texts. */
export function contentsOf({ outputs }: ModelResponse): readonly (readonly unknown[])[] {
  return outputs.map((output) => [output.name, output.shape, elementsOf(output)]);
}

export function elementsOf(tensor: WireTensor): readonly unknown[] {
  const bytes = wholeBytes(tensor);
  if (tensor.datatype === "UINT8") return [...bytes];
  if (tensor.datatype === "FP32") return [...new Float32Array(bytes.buffer)];
  return unpackBytes(bytes).map((element) => new TextDecoder().decode(element));
}

/** A copy. */
export function wholeBytes({ chunks }: WireTensor): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(chunks));
}

export function bytesOf(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}
