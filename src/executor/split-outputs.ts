/**
 * Splitting: the outputs of a batch, cut by rows into views, an answer for each of its requests.
 *
 * First they are checked against the configuration, whoever made them: names, datatypes, ranks,
 * fixed dimensions, rows, bytes. Then they get the shapes that clients see. Nothing is copied.
 */
import type { ExecutionBatch, ModelResponse } from "../core/instance.ts";
import type { ModelConfig, TensorConfig } from "../core/model-config.ts";
import { datatypes } from "../protocol/datatype.ts";
import { InferenceError } from "../protocol/errors.ts";
import { noParameters } from "../protocol/infer.ts";
import { findPackedBytesFault } from "../protocol/packed-bytes.ts";
import { elementCount, formatShape } from "../protocol/shape.ts";
import { SlicedBytes } from "../protocol/sliced-bytes.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { reshaped } from "./reshaped.ts";

/** An answer for each request, or what is wrong with the outputs. */
export function answersOf(
  outputs: readonly WireTensor[],
  batch: ExecutionBatch,
  config: ModelConfig,
): readonly ModelResponse[] | InferenceError {
  try {
    return splitOutputs(outputs, batch, config);
  } catch (reason) {
    return InferenceError.from(reason);
  }
}

/** At the end of an execution. A model that streams has said all before: undefined for each. */
export function lastAnswersOf(
  outputs: readonly WireTensor[],
  batch: ExecutionBatch,
  config: ModelConfig,
): readonly (ModelResponse | undefined)[] | InferenceError {
  if (config.isDecoupled) return batch.requests.map(() => undefined);
  return answersOf(outputs, batch, config);
}

/** Throws INTERNAL, naming the model and the output. */
function splitOutputs(
  outputs: readonly WireTensor[],
  batch: ExecutionBatch,
  config: ModelConfig,
): readonly ModelResponse[] {
  const parts: (readonly WireTensor[])[] = [];
  for (const expected of config.outputs) {
    const output = outputs.find(({ name }) => name === expected.name);
    if (output === undefined) {
      if (!isWanted(expected.name, batch)) continue;
      throw wrong(config, `it did not return output '${expected.name}'`);
    }
    checkOutput(output, expected, batch, config);
    parts.push(cut(asClientsSee(output, expected, config), batch));
  }
  return batch.requests.map((_, index) => {
    // Each output has a part for each request.
    const own = parts.map((part) => part[index] as WireTensor);
    return { outputs: own, parameters: noParameters };
  });
}

function isWanted(name: string, { requests }: ExecutionBatch): boolean {
  return requests.some(({ request: { requestedOutputs } }) => {
    return requestedOutputs.length === 0 || requestedOutputs.includes(name);
  });
}

function checkOutput(
  output: WireTensor,
  expected: TensorConfig,
  { rows }: ExecutionBatch,
  config: ModelConfig,
): void {
  const { name, datatype, shape, chunks, byteLength } = output;
  if (datatype !== expected.datatype) {
    throw wrong(config, `output '${name}' must be ${expected.datatype}; got ${datatype}`);
  }
  const own = expected.reshape ?? expected.dims;
  const dims = config.maxBatchSize > 0 ? [rows, ...own] : own;
  const fits = (dimension: number, index: number): boolean => {
    return dimension === -1 || dimension === shape[index];
  };
  if (shape.length !== dims.length || !dims.every(fits)) {
    const wanted = `of shape ${formatShape(dims)}`;
    throw wrong(config, `output '${name}' must be ${wanted}; got ${formatShape(shape)}`);
  }
  const count = elementCount(shape);
  const isWhole =
    datatype === "BYTES"
      ? findPackedBytesFault(chunks, count) === undefined
      : byteLength === count * datatypes[datatype].byteSize;
  if (isWhole) return;
  const wanted = `${count} elements for its shape ${formatShape(shape)}`;
  throw wrong(config, `output '${name}' must have ${wanted}; its ${byteLength} bytes are not`);
}

function asClientsSee(
  output: WireTensor,
  { dims: to, reshape: from }: TensorConfig,
  { maxBatchSize }: ModelConfig,
): WireTensor {
  if (from === undefined) return output;
  return reshaped(output, { from, to, isBatching: maxBatchSize > 0 });
}

/** A part for each request. */
function cut(output: WireTensor, { requests, rows }: ExecutionBatch): readonly WireTensor[] {
  if (requests.length === 1) return [output];
  const { name, datatype } = output;
  const rowShape = output.shape.slice(1);
  const bytes = new SlicedBytes(output.chunks, output.byteLength);
  const sizeOf = datatype === "BYTES" ? packedSize(output) : fixedSize(output.byteLength / rows);
  let shape: readonly number[] = [];
  return requests.map((request) => {
    // Requests of as many rows share a shape.
    if (shape[0] !== request.rows) shape = [request.rows, ...rowShape];
    const byteLength = sizeOf(request.rows);
    return { name, datatype, shape, chunks: bytes.take(byteLength), byteLength };
  });
}

/** Bytes of the next so many rows. */
type SizeOf = (rows: number) => number;

function fixedSize(rowBytes: number): SizeOf {
  return (rows) => rows * rowBytes;
}

function packedSize({ chunks, byteLength, shape }: WireTensor): SizeOf {
  const perRow = elementCount(shape.slice(1));
  const elements = new SlicedBytes(chunks, byteLength);
  return (rows) => {
    const before = elements.leftBytes;
    for (let left = rows * perRow; left > 0; left -= 1) elements.skip(elements.readUint32());
    return before - elements.leftBytes;
  };
}

function wrong({ name }: ModelConfig, why: string): InferenceError {
  return new InferenceError("INTERNAL", `model '${name}': ${why}`, { reason: "BACKEND" });
}
