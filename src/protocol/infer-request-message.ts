/**
 * Inference request over gRPC: from a decoded message to a request.
 *
 * Total: any message gives a request, or an InferenceError in the protocol's words. The first error
 * wins, in the protocol's order: parameters; each input's name, datatype, shape; requested outputs;
 * forwarded metadata; each input's data; what is left over; parameters of the outputs. Whoever
 * calls has looked the model up before.
 *
 * Raw contents stay views of the message; typed ones are turned into the same bytes.
 *
 * Not here: decoding of bytes (generated/messages.js), whether the model takes it
 * (core/validate-request.ts).
 */
import { type Datatype, isDatatype } from "./datatype.ts";
import { InferenceError, requestPrefix } from "./errors.ts";
import type { inference } from "./generated/messages.js";
import type { AskedVersion, ForwardedHeaders, InferRequest, Parameters } from "./infer.ts";
import { readMessageParameters } from "./message-parameters.ts";
import { unknownRegion } from "./request-faults.ts";
import { type WireTensor, wireTensor } from "./tensor.ts";
import { contentsToBytes } from "./tensor-contents.ts";
import { classCount, sharedMemoryRegion } from "./tensor-parameters.ts";
import { checkTensorSize } from "./tensor-size.ts";
import { toBigint, toInteger, type WideInteger } from "./wide-integers.ts";

export interface RequestMessage {
  readonly message: inference.ModelInferRequest;
  readonly modelVersion: AskedVersion;
  /** Under which the log knows the request, unless the message has an id. */
  readonly requestId: string;
  /** Metadata, if any is to be forwarded. Throws for what must not be. */
  readonly forwarded: (() => ForwardedHeaders) | undefined;
}

export interface DecodedMessage {
  readonly request: InferRequest;
  /** Of a streaming model: its end is to be told by a response of its own, if need be. */
  readonly wantsEmptyFinal: boolean;
}

/** What is known of an input before its bytes are. */
type InputHead = Pick<WireTensor, "name" | "datatype" | "shape">;

/** Throws an InferenceError. */
export function decodeInferMessage(body: RequestMessage): DecodedMessage {
  const { message, modelVersion, requestId } = body;
  const { id, modelName } = message;
  const parameters = readMessageParameters(message.parameters);
  const heads = readHeads(message);
  const requestedOutputs = readOutputNames(message);
  const forwarded = body.forwarded?.();
  const inputs = readInputs(message, heads);
  const classes = readClasses(message);
  const request = {
    modelName,
    modelVersion,
    id,
    logId: id === "" ? requestId : id,
    parameters: merged(parameters.custom, forwarded),
    ...(forwarded !== undefined && { headers: forwarded }),
    inputs,
    requestedOutputs,
    classes,
    priority: parameters.priority,
    timeoutMs: parameters.timeoutMs,
    sequence: parameters.sequence,
  };
  return { request, wantsEmptyFinal: parameters.wantsEmptyFinal };
}

/** What the caller wrote into the request itself counts. */
function merged(custom: Parameters, forwarded: ForwardedHeaders | undefined): Parameters {
  if (forwarded === undefined) return custom;
  return Object.assign(Object.create(null), forwarded, custom) as Parameters;
}

function readHeads({ id, inputs }: inference.ModelInferRequest): readonly InputHead[] {
  const names = inputs.length > 1 ? new Set<string>() : undefined;
  return inputs.map(({ name, datatype, shape: dimensions }) => {
    if (!isDatatype(datatype)) throw invalid(`invalid datatype for input ${name}`);
    const shape = readShape({ name, datatype }, dimensions);
    if (names?.has(name)) {
      throw invalid(`${requestPrefix(id)}input '${name}' already exists in request`);
    }
    names?.add(name);
    return { name, datatype, shape };
  });
}

/** Dimensions below 0 are left to the core, which has a text for them. */
function readShape(
  { name, datatype }: { readonly name: string; readonly datatype: Datatype },
  dimensions: readonly WideInteger[],
): readonly number[] {
  const shape: number[] = [];
  for (const dimension of dimensions) {
    const integer = toInteger(dimension);
    if (typeof integer === "bigint") {
      const exact = dimensions.map(toBigint).join(",");
      const why = "contains one or more invalid dimensions";
      throw invalid(`invalid shape for input '${name}': shape [${exact}] ${why}`);
    }
    shape.push(integer);
  }
  if (shape.every((dimension) => dimension >= 0)) checkTensorSize({ name, datatype, shape });
  return shape;
}

function readOutputNames({ id, outputs }: inference.ModelInferRequest): readonly string[] {
  if (outputs.length === 0) return noNames;
  const names = new Set<string>();
  for (const { name } of outputs) {
    if (names.has(name)) {
      throw invalid(`${requestPrefix(id)}output '${name}' already exists in request`);
    }
    names.add(name);
  }
  return [...names];
}

const noNames: readonly string[] = [];

function readClasses({
  outputs,
}: inference.ModelInferRequest): ReadonlyMap<string, number> | undefined {
  let classes: Map<string, number> | undefined;
  for (const { name, parameters } of outputs) {
    const count = classCount(parameters, name);
    if (count !== undefined) classes = (classes ?? new Map<string, number>()).set(name, count);
  }
  return classes;
}

function readInputs(
  message: inference.ModelInferRequest,
  heads: readonly InputHead[],
): readonly WireTensor[] {
  const { inputs, rawInputContents } = message;
  let rawCount = 0;
  const tensors = heads.map((head, index) => {
    const contents = contentsOf(message, inputs[index]);
    if (contents !== undefined) return wireTensor(head, contents(head.datatype));
    const raw = rawInputContents[rawCount];
    if (raw === undefined) {
      const what = `unable to find data for input tensor '${head.name}'`;
      throw invalid(`${what} for model '${message.modelName}' in request.`);
    }
    rawCount += 1;
    return wireTensor(head, raw);
  });
  if (rawCount < rawInputContents.length) {
    throw invalid(
      `unexpected raw_input_contents for model '${message.modelName}': ` +
        `got ${rawInputContents.length}, but only ${rawCount} of the inputs need one`,
    );
  }
  return tensors;
}

/** Undefined: its data are the next raw contents. */
function contentsOf(
  { modelName: model, rawInputContents }: inference.ModelInferRequest,
  input: inference.ModelInferRequest.InferInputTensor | undefined,
): ((datatype: Datatype) => Uint8Array) | undefined {
  if (input === undefined) return undefined;
  const { name, contents, parameters } = input;
  const region = sharedMemoryRegion(parameters, name);
  if (region !== undefined) {
    if (contents === null) throw unknownRegion(region);
    const why = "unexpected 'content' provided when using shared memory for input tensor";
    throw invalid(`${why} '${name}' for model '${model}'`);
  }
  if (contents === null) return undefined;
  if (rawInputContents.length > 0) {
    const why = "contents field must not be specified when using raw_input_contents for";
    throw invalid(`${why} '${name}' for model '${model}'`);
  }
  return (datatype) => contentsToBytes(contents, { input: name, model, datatype });
}

function invalid(why: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", why);
}
