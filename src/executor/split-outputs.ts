/**
 * Splitting: the outputs of a batch, cut by rows into views, an answer for each of its requests.
 *
 * First they are checked against the configuration, whoever made them: names, datatypes, ranks,
 * fixed dimensions, rows, bytes. Nothing is copied.
 */
import type { BatchTensor } from "../backends/backend.ts";
import type { ExecutionBatch, ModelResponse } from "../core/instance.ts";
import type { ModelConfig, TensorConfig } from "../core/model-config.ts";
import { datatypes } from "../protocol/datatype.ts";
import { InferenceError } from "../protocol/errors.ts";
import { noParameters } from "../protocol/infer.ts";
import { findPackedBytesFault } from "../protocol/packed-bytes.ts";
import { elementCount, formatShape } from "../protocol/shape.ts";
import type { WireTensor } from "../protocol/tensor.ts";

/** An answer for each request, or what is wrong with the outputs. */
export function answersOf(
  outputs: readonly BatchTensor[],
  batch: ExecutionBatch,
  config: ModelConfig,
): readonly ModelResponse[] | InferenceError {
  try {
    return splitOutputs(outputs, batch, config);
  } catch (reason) {
    return InferenceError.from(reason);
  }
}

/** Throws INTERNAL, naming the model and the output. */
function splitOutputs(
  outputs: readonly BatchTensor[],
  batch: ExecutionBatch,
  config: ModelConfig,
): readonly ModelResponse[] {
  const lists = batch.requests.map((): WireTensor[] => []);
  for (const expected of config.outputs) {
    const output = outputs.find(({ name }) => name === expected.name);
    if (output === undefined) {
      if (!isWanted(expected.name, batch)) continue;
      throw wrong(config, `it did not return output '${expected.name}'`);
    }
    checkOutput(output, expected, batch, config);
    cut(output, batch, lists);
  }
  return lists.map((list) => ({ outputs: list, parameters: noParameters }));
}

function isWanted(name: string, { requests }: ExecutionBatch): boolean {
  return requests.some(({ request: { requestedOutputs } }) => {
    return requestedOutputs.length === 0 || requestedOutputs.includes(name);
  });
}

function checkOutput(
  output: BatchTensor,
  expected: TensorConfig,
  { rows }: ExecutionBatch,
  config: ModelConfig,
): void {
  const { name, datatype, shape, bytes } = output;
  if (datatype !== expected.datatype) {
    throw wrong(config, `output '${name}' must be ${expected.datatype}; got ${datatype}`);
  }
  const dims = config.maxBatchSize > 0 ? [rows, ...expected.dims] : expected.dims;
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
      ? findPackedBytesFault([bytes], count) === undefined
      : bytes.byteLength === count * datatypes[datatype].byteSize;
  if (isWhole) return;
  const wanted = `${count} elements for its shape ${formatShape(shape)}`;
  throw wrong(
    config,
    `output '${name}' must have ${wanted}; its ${bytes.byteLength} bytes are not`,
  );
}

function cut(
  { name, datatype, shape, bytes }: BatchTensor,
  { requests, rows }: ExecutionBatch,
  lists: readonly WireTensor[][],
): void {
  if (requests.length === 1) {
    lists[0]?.push(wireTensor(name, datatype, shape, bytes));
    return;
  }
  const rowShape = shape.slice(1);
  const ends =
    datatype === "BYTES" ? rowEndsOfBytes(bytes, rows, elementCount(rowShape)) : undefined;
  const rowBytes = bytes.byteLength / rows;
  let row = 0;
  let start = 0;
  for (const [index, request] of requests.entries()) {
    row += request.rows;
    const end = ends === undefined ? row * rowBytes : (ends[row - 1] ?? 0);
    const view = bytes.subarray(start, end);
    lists[index]?.push(wireTensor(name, datatype, [request.rows, ...rowShape], view));
    start = end;
  }
}

/** Where the elements of each row end. */
function rowEndsOfBytes(bytes: Uint8Array, rows: number, elementsPerRow: number): number[] {
  const lengths = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const ends: number[] = [];
  let offset = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let element = 0; element < elementsPerRow; element += 1) {
      offset += 4 + lengths.getUint32(offset, true);
    }
    ends.push(offset);
  }
  return ends;
}

function wireTensor(
  name: string,
  datatype: WireTensor["datatype"],
  shape: readonly number[],
  bytes: Uint8Array,
): WireTensor {
  const { byteLength } = bytes;
  return { name, datatype, shape, chunks: byteLength > 0 ? [bytes] : [], byteLength };
}

function wrong({ name }: ModelConfig, why: string): InferenceError {
  return new InferenceError("INTERNAL", `model '${name}': ${why}`, { reason: "BACKEND" });
}
