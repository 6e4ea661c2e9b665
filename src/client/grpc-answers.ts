/**
 * Inference answers as gRPC carries them: outputs are views of the message. Some servers list
 * elements instead (`contents`), which become the same bytes.
 */
import protobuf from "protobufjs/minimal.js";
import type { inference } from "../protocol/generated/messages.js";
import { noParameters, type Parameters, type ParameterValue } from "../protocol/infer.ts";
import { contentsToBytes } from "../protocol/tensor-contents.ts";
import { toInteger } from "../protocol/wide-integers.ts";
import { badAnswer } from "./client-error.ts";
import type { NamedTensor, WireAnswer, WireRequest } from "./connection.ts";
import { checked, headOf } from "./infer-answer.ts";

type Message = inference.ModelInferResponse;
type Output = inference.ModelInferResponse.InferOutputTensor;

/** Of a stream: the last response of its request. */
export const finalFlag = "triton_final_response";

/** What the generated code has for each message. */
export interface Decoder<Message> {
  decode(reader: protobuf.Reader): Message;
}

export function decoded<Message>(type: Decoder<Message>, bytes: Uint8Array): Message {
  try {
    const reader = protobuf.Reader.create(bytes);
    reader.discardUnknown = true;
    return type.decode(reader);
  } catch (cause) {
    throw badAnswer("the answer is no message of this protocol", { cause });
  }
}

/** Its id is the request's, whatever it was on the wire. */
export function readAnswer(message: Message, request: WireRequest): WireAnswer {
  const { modelName, modelVersion, outputs, rawOutputContents: raw } = message;
  const isByIndex = raw.length === outputs.length;
  let rawCount = 0;
  const tensors = outputs.map((output, index) => {
    const isElsewhere = isShared(output, request);
    if (isElsewhere && !isByIndex) return readOutput(output, new Uint8Array(0), true);
    const bytes = output.contents === null ? raw[isByIndex ? index : rawCount++] : undefined;
    return readOutput(output, bytes, isElsewhere);
  });
  if (isByIndex || rawCount === raw.length) {
    const parameters = readParameters(message.parameters);
    return {
      id: request.id,
      modelName,
      modelVersion,
      parameters,
      outputs: tensors,
      timing: undefined,
    };
  }
  throw badAnswer(`the answer has raw contents that belong to no output: ${raw.length - rawCount}`);
}

function isShared({ name, parameters }: Output, request: WireRequest): boolean {
  if ("shared_memory_region" in parameters) return true;
  return request.outputs.some((output) => output.name === name && output.shared !== undefined);
}

function readOutput(
  output: Output,
  raw: Uint8Array | undefined,
  isElsewhere: boolean,
): NamedTensor {
  const { name, datatype, contents } = output;
  const head = headOf(name, datatype, output.shape.map(toInteger));
  if (isElsewhere) return { ...head, bytes: new Uint8Array(0) };
  if (raw !== undefined) {
    // Plain arrays of bytes, as everywhere else: not Buffers.
    return checked({ ...head, bytes: new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength) });
  }
  if (contents === null) throw badAnswer(`output '${name}' has no data`);
  try {
    const target = { input: name, model: "", datatype: head.datatype };
    return checked({ ...head, bytes: contentsToBytes(contents, target) });
  } catch (cause) {
    throw badAnswer(`output '${name}': its contents are no ${datatype} of its shape`, { cause });
  }
}

/** What the model said; what a stream says of itself is left out. */
function readParameters(parameters: Message["parameters"]): Parameters {
  const entries = Object.entries(parameters).flatMap(([key, value]): [string, ParameterValue][] => {
    const read = key === finalFlag ? undefined : readParameter(value);
    return read === undefined ? [] : [[key, read]];
  });
  return entries.length === 0 ? noParameters : Object.fromEntries(entries);
}

function readParameter(value: inference.InferParameter): ParameterValue | undefined {
  const { boolParam, int64Param, stringParam, doubleParam, uint64Param } = value;
  const integer = int64Param ?? uint64Param;
  if (integer !== null) return toInteger(integer);
  return boolParam ?? stringParam ?? doubleParam ?? undefined;
}
