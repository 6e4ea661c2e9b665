/**
 * What a model's function returned, as tensors of a batch: names, forms and datatypes checked.
 *
 * Memory that somebody else may hold is copied, and counted: the model's own typed arrays, and
 * views of tensors. A tensor that was made here is given away, and says so when it is read again.
 *
 * Not here: forms and shapes of values (definition/written-values.ts), whether rows and shapes are
 * those of the batch (executor/split-outputs.ts).
 */

import { namedOutputs, wrongOutput } from "../definition/named-outputs.ts";
import { PlainTensor } from "../definition/plain-tensor.ts";
import type { ElementForm, TensorSpec } from "../definition/specifications.ts";
import { giveAway, type ReturnedBytes, returnedBytes, Tensor } from "../definition/tensor.ts";
import { writtenValues } from "../definition/written-values.ts";
import type { Datatype } from "../protocol/datatype.ts";
import { copyChunks, lengthOf } from "../protocol/sliced-bytes.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import type { BackendCall, BackendResult } from "./backend.ts";

export interface OutputPlan {
  readonly modelName: string;
  readonly outputs: readonly NamedSpec[];
  /** Of the outputs, in the same order. */
  readonly names: readonly string[];
  readonly isBatching: boolean;
  /** It goes on afterwards: with its inputs, and with the rest of a tensor of which it gave a part. */
  readonly isDecoupled: boolean;
}

interface NamedSpec {
  readonly name: string;
  readonly spec: TensorSpec;
}

/** Throws INTERNAL, naming the model and the output. */
export function outputTensors(
  plan: OutputPlan,
  { rows, allocate }: Pick<BackendCall, "rows" | "allocate">,
  returned: unknown,
): BackendResult {
  const values = namedOutputs(plan.modelName, plan.names, returned);
  const outputs: WireTensor[] = [];
  const given: Tensor<Datatype, ElementForm>[] = [];
  let copiedBytes = 0;
  for (const output of plan.outputs) {
    const { name, spec } = output;
    const value = values[name];
    const { shape, chunks, isOwn } = toValues(plan, output, value, rows);
    if (value instanceof Tensor && (isOwn || !plan.isDecoupled)) given.push(value);
    const byteLength = lengthOf(chunks);
    if (!isOwn) copiedBytes += byteLength;
    const own = isOwn && byteLength > 0 ? chunks : copyOf(chunks, byteLength, allocate);
    outputs.push({ name, datatype: spec.datatype, shape, chunks: own, byteLength });
  }
  for (const tensor of given) giveAway(tensor);
  return { outputs, copiedBytes };
}

function copyOf(
  chunks: readonly Uint8Array[],
  byteLength: number,
  allocate: BackendCall["allocate"],
): readonly Uint8Array[] {
  if (byteLength === 0) return [];
  const copy = allocate(byteLength);
  copyChunks(chunks, copy, 0);
  return [copy];
}

interface ReturnedValues extends Omit<ReturnedBytes, "isPart"> {
  readonly shape: readonly number[];
}

function toValues(
  { modelName, isBatching, isDecoupled }: OutputPlan,
  { name, spec }: NamedSpec,
  value: unknown,
  rows: number,
): ReturnedValues {
  try {
    if (!(value instanceof PlainTensor)) {
      const dims = isBatching ? [rows, ...spec.dims] : spec.dims;
      const expected = { datatype: spec.datatype, as: spec.as, dims };
      const { shape, bytes, isOwn } = writtenValues(expected, value);
      return { shape, chunks: [bytes], isOwn };
    }
    const { datatype, shape } = value;
    if (datatype !== spec.datatype) {
      throw new TypeError(`must be ${spec.datatype}; got ${datatype}`);
    }
    const { chunks, isOwn, isPart } = returnedBytes(value);
    return { shape, chunks, isOwn: isOwn && !(isPart && isDecoupled) };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const colon = error.message.startsWith("must ") ? "" : ":";
    throw wrongOutput(modelName, `output '${name}'${colon} ${error.message}`);
  }
}
