/**
 * Raw request: a body that is nothing but the tensor of a model's only input.
 *
 * Its shape is deduced: one row if the model batches, then the input's dims, of which one may be
 * free and is computed from the number of bytes. Of BYTES it is one string, without its length.
 */
import { datatypes } from "./datatype.ts";
import { InferenceError, requestPrefix } from "./errors.ts";
import { type InferRequest, noParameters } from "./infer.ts";
import type { ModelBody } from "./request-body.ts";
import { elementCount, exactElementCount } from "./shape.ts";
import type { WireTensor } from "./tensor.ts";

/** Throws INVALID_ARGUMENT. */
export function decodeRawRequest(body: ModelBody): InferRequest {
  const { modelName, modelVersion } = body;
  return {
    modelName,
    modelVersion,
    id: "",
    logId: body.requestId,
    parameters: noParameters,
    inputs: [rawTensor(body)],
    requestedOutputs: [],
    priority: 0,
    timeoutMs: 0,
    sequence: undefined,
  };
}

function rawTensor({ modelName, chunks, byteLength, maxInputBytes, model }: ModelBody): WireTensor {
  if (byteLength > maxInputBytes) {
    throw invalid(
      `Raw input has a byte_size (${byteLength} bytes) that exceeds the maximum allowed value of ` +
        `${maxInputBytes} bytes. Use --http-max-input-size to increase the limit.`,
    );
  }
  const [input] = model.inputs;
  if (input === undefined || model.inputs.length > 1) {
    throw about(
      "Raw request must only have 1 input (found 1) to be deduced but got " +
        `${model.inputs.length} inputs in '${modelName}' model configuration`,
    );
  }
  const { name, datatype, dims } = input;
  const batchDims = model.maxBatchSize > 0 ? [1] : [];
  if (datatype === "BYTES") {
    if (dims.length !== 1 || dims[0] !== 1) {
      const why = `For BYTE datatype raw input '${name}', the model must have input shape [1]`;
      throw about(why);
    }
    const shape = [...batchDims, 1];
    const length = new Uint8Array(Uint32Array.of(byteLength).buffer);
    return { name, datatype, shape, chunks: [length, ...chunks], byteLength: byteLength + 4 };
  }
  if (dims.filter((dimension) => dimension === -1).length > 1) {
    const why = "can not be deduced because there are more than one variable-sized dimension";
    throw about(`The shape of the raw input '${name}' ${why}`);
  }
  const { byteSize } = datatypes[datatype];
  const fixed = elementCount(dims.filter((dimension) => dimension !== -1)) * byteSize;
  const free = Math.floor(byteLength / fixed);
  const shape = [...batchDims, ...dims.map((dimension) => (dimension === -1 ? free : dimension))];
  const expectedBytes = exactElementCount(shape) * BigInt(byteSize);
  if (expectedBytes !== BigInt(byteLength)) {
    const why = `input byte size mismatch for input 'raw_input' for model '${modelName}'`;
    throw about(`${why}. Expected ${expectedBytes}, got ${byteLength}`);
  }
  return { name, datatype, shape, chunks, byteLength };
}

function about(text: string): InferenceError {
  return invalid(requestPrefix("") + text);
}

function invalid(text: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", text);
}
