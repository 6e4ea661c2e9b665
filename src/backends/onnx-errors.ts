/**
 * What onnxruntime says when it fails, in our terms. It throws plain errors without a code, so
 * they are told apart by their texts (those of onnxruntime-node 1.27 to 1.30).
 *
 * Every message names the model. The original error stays as `cause`, for the log: it holds
 * source paths of onnxruntime that are of no use to a client.
 */
import { InferenceError } from "../protocol/errors.ts";

/** ONNX's numbers of the element types that onnxruntime-node does not know. */
const unsupportedTypes: Readonly<Record<string, string>> = {
  14: "complex64",
  15: "complex128",
  16: "bfloat16",
  17: "float8e4m3fn",
  18: "float8e4m3fnuz",
  19: "float8e5m2",
  20: "float8e5m2fnuz",
};

const libraries: Readonly<Record<string, string>> = {
  cuda: "CUDA 12 and cuDNN 9",
  tensorrt: "CUDA 12, cuDNN 9 and TensorRT 10",
};

export interface FailedModel {
  readonly name: string;
  /** The model file. */
  readonly path: string;
}

/** For whatever went wrong while loading: an InferenceError keeps its code. */
export function toLoadError(model: FailedModel, reason: unknown): InferenceError {
  const fail = (code: InferenceError["code"], why: string): InferenceError =>
    new InferenceError(code, why, { cause: reason });
  if (reason instanceof InferenceError) {
    if (reason.message.includes(`model '${model.name}'`)) return reason;
    return fail(reason.code, `model '${model.name}': ${reason.message}`);
  }
  const text = textOf(reason);
  const provider = /ExecutionProvider_(Cuda|TensorRT)|(CUDA) failure/i.exec(text)?.slice(1);
  if (provider !== undefined) {
    const name = provider.join("").toLowerCase();
    return fail("UNAVAILABLE", `model '${model.name}': ${missingProvider(name, text)}`);
  }
  const type = /Unsupported data type: (\d+)/.exec(text)?.[1];
  if (type !== undefined) {
    const name = unsupportedTypes[type] ?? `number ${type}`;
    const why = `has an input or output of type ${name}, which onnxruntime-node does not support`;
    return fail("INVALID_ARGUMENT", `model '${model.name}' ${why}: ${model.path}`);
  }
  if (
    /protobuf parsing failed|Protobuf parsing failed|ModelProto|data pointer is null/.test(text)
  ) {
    return fail("INVALID_ARGUMENT", `model '${model.name}': ${model.path} is not an ONNX model`);
  }
  const why = `onnxruntime cannot load ${model.path}: ${gist(text)}`;
  return fail("INTERNAL", `model '${model.name}': ${why}`);
}

/** For whatever went wrong while running a batch. */
export function toRunError(modelName: string, reason: unknown): InferenceError {
  const options = { cause: reason, reason: "BACKEND" } as const;
  if (reason instanceof InferenceError) {
    return new InferenceError(reason.code, `model '${modelName}': ${reason.message}`, options);
  }
  const text = textOf(reason);
  const isInputProblem =
    /is missing in 'feeds'|Unexpected input data type|Invalid rank for input|invalid dimensions/;
  const code = isInputProblem.test(text) ? "INVALID_ARGUMENT" : "INTERNAL";
  const why = code === "INTERNAL" ? `onnxruntime failed: ${gist(text)}` : gist(text);
  return new InferenceError(code, `model '${modelName}': ${why}`, options);
}

function missingProvider(provider: string, text: string): string {
  return (
    `execution provider '${provider}' is not there: ${gist(text)}. It needs ` +
    `${libraries[provider]} on this machine, and the parts of onnxruntime-node that its install ` +
    "script fetches (Linux x64): ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node"
  );
}

/** One line, without the places in onnxruntime's sources and functions that come before it. */
function gist(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  const ofNode = /while running (\S+) node.*?(?:Status Message: )(.*)$/.exec(line);
  const core = ofNode === null ? line : `${ofNode[1]} node: ${ofNode[2]}`;
  return core.replace(/\S*onnxruntime_src\/\S+ (?:.*?\) )?/g, "");
}

function textOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
