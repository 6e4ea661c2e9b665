/**
 * An inference request as HTTP carries it: a JSON document, and behind it the bytes of its tensors;
 * or all of it as JSON, for servers without the binary extension.
 */

import { decodeElement } from "../definition/element-arrays.ts";
import { PlainTensor } from "../definition/plain-tensor.ts";
import { inOnePiece } from "./bytes.ts";
import { invalid } from "./client-error.ts";
import type { WireInput, WireOutput, WireRequest } from "./connection.ts";
import { encoded } from "./http-messages.ts";

export type TensorFormat = "binary" | "json";

export interface InferBody {
  readonly chunks: readonly Uint8Array[];
  /** Of the JSON in front of the tensors; undefined: there is nothing behind it. */
  readonly jsonBytes: number | undefined;
}

export function inferBody(request: WireRequest, format: TensorFormat): InferBody {
  const isBinary = format === "binary";
  const { id, inputs, outputs } = request;
  // What is undefined is not in the document.
  const document = {
    id: id || undefined,
    parameters: parametersOf(request, isBinary),
    inputs: inputs.map((input) => inputOf(input, isBinary)),
    outputs: outputs.length > 0 ? outputs.map((output) => outputOf(output, isBinary)) : undefined,
  };
  const json = encoded(document);
  const isBehind = isBinary && inputs.some(({ shared }) => !shared);
  return {
    chunks: isBinary ? [...json, ...inputs.map(({ bytes }) => bytes)] : json,
    jsonBytes: isBehind ? json[0]?.byteLength : undefined,
  };
}

/** Those of the caller win: he may know more of his server. */
export function parametersOf(request: WireRequest, isBinary: boolean): object {
  const { parameters, priority, timeoutMs, sequence, outputs } = request;
  return {
    sequence_id: sequence?.id,
    sequence_start: sequence?.isStart,
    sequence_end: sequence?.isEnd,
    priority: priority || undefined,
    timeout: timeoutMs > 0 ? Math.max(1, Math.round(timeoutMs * 1000)) : undefined,
    binary_data_output: (isBinary && outputs.length === 0) || undefined,
    ...parameters,
  };
}

function inputOf({ shared, ...tensor }: WireInput, isBinary: boolean): object {
  const { name, datatype, shape, bytes } = tensor;
  const head = { name, datatype, shape };
  if (shared === undefined && !isBinary) return { ...head, data: valuesOf(tensor) };
  return { ...head, parameters: shared ?? { binary_data_size: bytes.byteLength } };
}

function outputOf({ name, classes, shared }: WireOutput, isBinary: boolean): object {
  const where = shared ?? { binary_data: isBinary || undefined };
  return { name, parameters: { classification: classes, ...where } };
}

/** Flat, as JSON has them. */
export function valuesOf({ name, datatype, shape, bytes }: WireInput): unknown[] {
  if (datatype === "FP16" || datatype === "BF16") {
    const why = 'which JSON has no form for: use format "binary"';
    throw invalid(`input '${name}' is ${datatype}, ${why}`);
  }
  try {
    const { data } = new PlainTensor({ datatype, shape, bytes: inOnePiece([bytes]) });
    return Array.from<unknown, unknown>(data, (value) => decodeElement(datatype, value));
  } catch (cause) {
    throw invalid(`input '${name}': ${(cause as Error).message}`, { cause });
  }
}
