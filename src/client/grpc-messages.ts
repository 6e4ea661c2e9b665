/**
 * Inference requests as gRPC carries them: messages whose tensors stay the slices that they are
 * until they are copied, once, into what is sent.
 *
 * That works because `raw_input_contents` is the last field:
 *
 *   | all other fields | tag, length | input 0 | tag, length | input 1 | ...
 */
import { inference } from "../protocol/generated/messages.js";
import { toWireParameters, type WireParameters } from "../protocol/infer-response-message.ts";
import { fieldStart, type MessagePieces } from "../protocol/message-pieces.ts";
import { fromBigint } from "../protocol/wide-integers.ts";
import { invalid } from "./client-error.ts";
import type { SequencePlace, WireOutput, WireRequest } from "./connection.ts";

const rawInputTag = (7 << 3) | 2;
const mostBytes = 2_147_483_647;

/** The other parameters of the server's own are reserved, too. */
const wantsFinal: WireParameters = { triton_enable_empty_final_response: { boolParam: true } };

/** Of a stream: the server tells its end, and the id is that of the wire. */
export function encodeInferRequest(request: WireRequest, streamId?: string): MessagePieces {
  const { name, version, inputs, outputs } = request;
  const head = inference.ModelInferRequest.encode({
    modelName: name,
    modelVersion: version === undefined ? "" : String(version),
    id: streamId ?? request.id,
    parameters: { ...parametersOf(request), ...(streamId !== undefined && wantsFinal) },
    inputs: inputs.map(({ name, datatype, shape, shared }) => ({
      name,
      datatype,
      shape: [...shape],
      ...(shared !== undefined && { parameters: toWireParameters({ ...shared }) }),
    })),
    outputs: outputs.map((output) => ({ name: output.name, parameters: outputOf(output) })),
  }).finish();
  const pieces = [head];
  for (const { shared, bytes } of inputs) {
    if (shared === undefined) pieces.push(fieldStart(rawInputTag, bytes.byteLength), bytes);
  }
  const byteLength = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  if (byteLength <= mostBytes) return { pieces, byteLength };
  throw invalid(`the request has ${byteLength} bytes, more than gRPC's ${mostBytes}`);
}

function parametersOf(request: WireRequest): WireParameters {
  const { parameters, sequence, priority, timeoutMs } = request;
  for (const [name, value] of Object.entries(parameters)) {
    if (value === null || !/string|number|boolean|bigint|undefined/.test(typeof value)) {
      throw invalid(`parameter '${name}' must be a text, a number, a bigint or a boolean`);
    }
  }
  return {
    ...toWireParameters(parameters),
    ...(sequence !== undefined && {
      sequence_id: sequenceId(sequence.id),
      sequence_start: { boolParam: sequence.isStart },
      sequence_end: { boolParam: sequence.isEnd },
    }),
    ...(priority > 0 && { priority: { uint64Param: priority } }),
    ...(timeoutMs > 0 && { timeout: { int64Param: Math.max(1, Math.round(timeoutMs * 1000)) } }),
  };
}

function sequenceId(id: SequencePlace["id"]): inference.InferParameter.$Properties {
  if (typeof id === "string") return { stringParam: id };
  const isWhole = typeof id === "bigint" || Number.isInteger(id);
  if (isWhole && BigInt.asUintN(64, BigInt(id)) === BigInt(id)) {
    return { int64Param: fromBigint(BigInt(id)) };
  }
  throw invalid(`a sequence's id must be a text, or a whole number of 64 bits; got ${String(id)}`);
}

function outputOf({ classes, shared }: WireOutput): WireParameters {
  return {
    ...(classes !== undefined && { classification: { int64Param: classes } }),
    ...toWireParameters({ ...shared }),
  };
}
