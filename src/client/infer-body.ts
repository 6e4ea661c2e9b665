/**
 * An inference request as HTTP carries it: a JSON document, and behind it the bytes of its tensors;
 * or all of it as JSON, for servers without the binary extension.
 */

import { PlainTensor } from "../definition/plain-tensor.ts";
import { defaultForm } from "../definition/specifications.ts";
import { inOnePiece } from "./bytes.ts";
import { invalid } from "./client-error.ts";
import type { RegionPart, WireInput, WireOutput, WireRequest } from "./connection.ts";
import { writeExactJson } from "./exact-json.ts";

export type TensorFormat = "binary" | "json";

export interface InferBody {
  readonly chunks: readonly Uint8Array[];
  /** Of the JSON in front of the tensors; undefined: there is nothing behind it. */
  readonly jsonBytes: number | undefined;
}

const encoder = new TextEncoder();

export function inferBody(request: WireRequest, format: TensorFormat): InferBody {
  const isBinary = format === "binary";
  const { id, inputs, outputs } = request;
  const parameters = parametersOf(request, isBinary);
  const document = {
    ...(id !== "" && { id }),
    ...(parameters !== undefined && { parameters }),
    inputs: inputs.map((input) => inputOf(input, isBinary)),
    ...(outputs.length > 0 && { outputs: outputs.map((output) => outputOf(output, isBinary)) }),
  };
  const json = encoder.encode(writeExactJson(document));
  const tensors = isBinary ? inputs.flatMap(({ chunks }) => chunks) : [];
  return {
    chunks: [json, ...tensors],
    jsonBytes: isBinary && inputs.some(({ shared }) => !shared) ? json.byteLength : undefined,
  };
}

export function parametersOf(request: WireRequest, isBinary: boolean): object | undefined {
  const { parameters, priority, timeoutMs, sequence, outputs } = request;
  const all = {
    ...parameters,
    ...(sequence !== undefined && {
      sequence_id: sequence.id,
      sequence_start: sequence.isStart,
      sequence_end: sequence.isEnd,
    }),
    ...(priority > 0 && { priority }),
    ...(timeoutMs > 0 && { timeout: Math.max(1, Math.round(timeoutMs * 1000)) }),
    ...(isBinary && outputs.length === 0 && { binary_data_output: true }),
  };
  return Object.keys(all).length > 0 ? all : undefined;
}

function inputOf({ shared, ...tensor }: WireInput, isBinary: boolean): object {
  const { name, datatype, shape, byteLength } = tensor;
  const head = { name, datatype, shape };
  if (shared !== undefined) return { ...head, parameters: regionOf(shared) };
  if (isBinary) return { ...head, parameters: { binary_data_size: byteLength } };
  return { ...head, data: valuesOf(tensor) };
}

function outputOf({ name, classes, shared }: WireOutput, isBinary: boolean): object {
  const parameters = {
    ...(classes !== undefined && { classification: classes }),
    ...(shared === undefined ? isBinary && { binary_data: true } : regionOf(shared)),
  };
  return { name, parameters };
}

function regionOf({ region, offset = 0, byteSize }: RegionPart): object {
  return {
    shared_memory_region: region,
    ...(offset > 0 && { shared_memory_offset: offset }),
    shared_memory_byte_size: byteSize,
  };
}

export function valuesOf({ name, datatype, shape, chunks }: WireInput): unknown[] {
  if (datatype === "FP16" || datatype === "BF16") {
    throw invalid(
      `input '${name}' is ${datatype}, which JSON has no form for: use format "binary"`,
    );
  }
  const bytes = inOnePiece(chunks, 8);
  const tensor = new PlainTensor({ datatype, shape, as: defaultForm(datatype), bytes });
  try {
    return tensor.reshape([tensor.size]).toNested() as unknown[];
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw invalid(`input '${name}': ${why}`, { cause });
  }
}
