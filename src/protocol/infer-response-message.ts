/**
 * Inference response over gRPC: from a response to the slices of its message.
 *
 * Outputs are always raw, and stay what they are: slices of the message. That works because
 * `raw_output_contents` is the last field, of the response and, but for the wrapping, of a
 * stream's.
 *
 *   | all other fields | tag, length | output 0 | tag, length | output 1 | ...
 */
import { InferenceError } from "./errors.ts";
import { inference } from "./generated/messages.js";
import type { InferResponse, Parameters, ParameterValue } from "./infer.ts";
import { fieldStart, type MessagePieces } from "./message-pieces.ts";
import { fromBigint } from "./wide-integers.ts";

/** Whose responses they are, as the request had it. */
export interface AskedModel {
  readonly id: string;
  readonly modelName: string;
  /** Often empty. */
  readonly modelVersion: string;
}

export type WireParameters = Record<string, inference.InferParameter.$Properties>;

const mostBytes = 2_147_483_647;
const rawOutputTag = (6 << 3) | 2;
const inferResponseTag = (2 << 3) | 2;

/** Throws INVALID_ARGUMENT for one that is too large for gRPC. */
export function encodeInferResponse(response: InferResponse): MessagePieces {
  return encode(response, toWireParameters(response.parameters));
}

export function encodeStreamResponse(response: InferResponse, isFinal: boolean): MessagePieces {
  const parameters = { ...toWireParameters(response.parameters), ...finalFlag(isFinal) };
  const { pieces, byteLength } = encode(response, parameters);
  const start = fieldStart(inferResponseTag, byteLength);
  return { pieces: [start, ...pieces], byteLength: start.byteLength + byteLength };
}

/** That no more will come, and nothing else. */
export function encodeStreamEnd(asked: AskedModel): MessagePieces {
  return encodeInStream({ inferResponse: { ...asked, parameters: finalFlag(true) } });
}

/** The error of one request; it is the last word on it. */
export function encodeStreamError(errorMessage: string, asked: AskedModel): MessagePieces {
  return encodeInStream({
    errorMessage,
    inferResponse: { ...asked, parameters: finalFlag(true) },
  });
}

function encodeInStream(message: inference.ModelStreamInferResponse.$Properties): MessagePieces {
  const whole = inference.ModelStreamInferResponse.encode(message).finish();
  return { pieces: [whole], byteLength: whole.byteLength };
}

function finalFlag(isFinal: boolean): WireParameters {
  return { triton_final_response: { boolParam: isFinal } };
}

function encode(response: InferResponse, parameters: WireParameters): MessagePieces {
  const { modelName, modelVersion, id, outputs } = response;
  const writer = inference.ModelInferResponse.encode({
    modelName,
    modelVersion: String(modelVersion),
    id,
    parameters,
    // Only what the message has in common with a tensor is read, and nothing is changed.
    outputs: outputs as unknown as inference.ModelInferResponse.InferOutputTensor.$Properties[],
  });
  const [first] = outputs;
  if (first !== undefined) writer.uint32(rawOutputTag).uint32(first.byteLength);
  const head = writer.finish();
  const pieces = [head];
  let { byteLength } = head;
  for (const output of outputs) {
    if (output !== first) {
      const start = fieldStart(rawOutputTag, output.byteLength);
      pieces.push(start);
      byteLength += start.byteLength;
    }
    pieces.push(...output.chunks);
    byteLength += output.byteLength;
  }
  if (byteLength <= mostBytes) return { pieces, byteLength };
  const why = `Response has byte size ${byteLength} which exceeds gRPC's byte size limit`;
  throw new InferenceError("INVALID_ARGUMENT", `${why} ${mostBytes}.`);
}

export function toWireParameters(parameters: Parameters): WireParameters {
  const wire: WireParameters = Object.create(null);
  for (const key of Object.keys(parameters)) {
    const value = parameters[key];
    if (value !== undefined) wire[key] = toWireParameter(value);
  }
  return wire;
}

/** An integer that 64 bits cannot hold becomes the double that it is nearest to. */
function toWireParameter(value: ParameterValue): inference.InferParameter.$Properties {
  if (typeof value === "string") return { stringParam: value };
  if (typeof value === "boolean") return { boolParam: value };
  if (typeof value === "number") {
    return Number.isSafeInteger(value) ? { int64Param: value } : { doubleParam: value };
  }
  if (BigInt.asIntN(64, value) === value) return { int64Param: fromBigint(value) };
  if (BigInt.asUintN(64, value) === value) return { uint64Param: fromBigint(value) };
  return { doubleParam: Number(value) };
}
