/**
 * What a model's function returned, as tensors of a batch: names, forms and datatypes checked.
 *
 * Memory that somebody else may hold is copied, and counted: the model's own typed arrays, and
 * views of tensors. A tensor that was made here is given away, and says so when it is read again.
 *
 * Not here: forms and shapes of values (definition/written-values.ts), whether rows and shapes are
 * those of the batch (executor/split-outputs.ts).
 */
import type { TensorSpec, TensorSpecs } from "../definition/specifications.ts";
import { giveAway, type ReturnedBytes, returnedBytes, Tensor } from "../definition/tensor.ts";
import { writtenValues } from "../definition/written-values.ts";
import { InferenceError } from "../protocol/errors.ts";
import { copyChunks, lengthOf } from "../protocol/sliced-bytes.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import type { BackendCall, BackendResult } from "./backend.ts";

export interface OutputPlan {
  readonly modelName: string;
  readonly specs: TensorSpecs;
  /** Undefined: the model does not batch. */
  readonly rows: number | undefined;
  readonly allocate: BackendCall["allocate"];
}

/** Throws INTERNAL, naming the model and the output. */
export function outputTensors(plan: OutputPlan, returned: unknown): BackendResult {
  const values = namedValues(plan, returned);
  const outputs: WireTensor[] = [];
  let copiedBytes = 0;
  for (const [name, spec] of Object.entries(plan.specs)) {
    const { shape, chunks, isOwn } = toValues({ ...plan, name, spec }, values[name]);
    const byteLength = lengthOf(chunks);
    if (!isOwn) copiedBytes += byteLength;
    const own = isOwn && byteLength > 0 ? chunks : copyOf(chunks, byteLength, plan);
    outputs.push({ name, datatype: spec.datatype, shape, chunks: own, byteLength });
  }
  for (const value of Object.values(values)) if (value instanceof Tensor) giveAway(value as Tensor);
  return { outputs, copiedBytes };
}

function namedValues({ modelName, specs }: OutputPlan, returned: unknown): Record<string, unknown> {
  if (typeof returned !== "object" || returned === null || Array.isArray(returned)) {
    const got = returned === null ? "null" : Array.isArray(returned) ? "an array" : typeof returned;
    throw wrong(modelName, `infer must return an object of outputs; got ${got}`);
  }
  for (const name of Object.keys(returned)) {
    if (Object.hasOwn(specs, name)) continue;
    throw wrong(modelName, `infer returned '${name}', which is no output of it`);
  }
  const values = returned as Record<string, unknown>;
  for (const name of Object.keys(specs)) {
    if (values[name] !== undefined) continue;
    throw wrong(modelName, `infer did not return output '${name}'`);
  }
  return values;
}

function copyOf(
  chunks: readonly Uint8Array[],
  byteLength: number,
  { allocate }: OutputPlan,
): readonly Uint8Array[] {
  if (byteLength === 0) return [];
  const copy = allocate(byteLength);
  copyChunks(chunks, copy, 0);
  return [copy];
}

interface NamedPlan extends OutputPlan {
  readonly name: string;
  readonly spec: TensorSpec;
}

interface ReturnedValues extends ReturnedBytes {
  readonly shape: readonly number[];
}

function toValues({ modelName, name, spec, rows }: NamedPlan, value: unknown): ReturnedValues {
  try {
    if (!(value instanceof Tensor)) {
      const dims = rows === undefined ? spec.dims : [rows, ...spec.dims];
      const expected = { datatype: spec.datatype, as: spec.as, dims };
      const { shape, bytes, isOwn } = writtenValues(expected, value);
      return { shape, chunks: [bytes], isOwn };
    }
    const { datatype, shape } = value as Tensor;
    if (datatype !== spec.datatype) {
      throw new TypeError(`must be ${spec.datatype}; got ${datatype}`);
    }
    return { shape, ...returnedBytes(value as Tensor) };
  } catch (error) {
    if (error instanceof TypeError) throw wrong(modelName, `output '${name}' ${error.message}`);
    throw error;
  }
}

function wrong(modelName: string, why: string): InferenceError {
  return new InferenceError("INTERNAL", `model '${modelName}': ${why}`, { reason: "BACKEND" });
}
