/**
 * Values of an ensemble's tensors while a request is on its way, and what becomes of them from one
 * model to the next: another name, perhaps a batch dimension more or less. Never other bytes.
 */
import type { Parameters, SequenceFields } from "../protocol/infer.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { matches, type PlannedTensor } from "./ensemble-plan.ts";

export interface EnsembleValue {
  /** Undefined: it is absent. */
  readonly tensor: WireTensor | undefined;
  /** Somebody outside of this request reads the same bytes, or another step. */
  readonly isShared: boolean;
  /** Of whoever reads it. */
  readonly sequence: SequenceFields | undefined;
}

/** Between whoever made a tensor and whoever gets it. */
export interface Passage {
  /** Whoever gets it has a batch dimension. */
  readonly isBatching: boolean;
  readonly isShared: boolean;
}

/** As its reader calls it; between one that batches and one that does not, of one row. */
export function fitted(
  { datatype, shape, chunks, byteLength }: WireTensor,
  { name, dims }: PlannedTensor,
  { isBatching, isShared }: Passage,
): WireTensor {
  const [rows, ...row] = shape;
  let handedShape = shape;
  if (isBatching && matches(dims, shape)) handedShape = [1, ...shape];
  else if (!isBatching && rows === 1 && matches(dims, row)) handedShape = row;
  const handedOn = { name, datatype, shape: handedShape, chunks, byteLength };
  return isShared ? { ...handedOn, isShared: true } : handedOn;
}

/**
 * A model may hand on what it was given: then whoever reads that reads this. One that streams may do
 * so again and again.
 */
export function isPassedOn(
  output: WireTensor | undefined,
  inputs: readonly WireTensor[],
  isStream: boolean,
): boolean {
  if (output === undefined) return false;
  const kept = isStream ? inputs : inputs.filter(({ isShared }) => isShared === true);
  return kept.some(({ chunks }) =>
    chunks.some(({ buffer }) => output.chunks.some((chunk) => chunk.buffer === buffer)),
  );
}

/** A model may say that what follows belongs to another sequence, or to none. */
export function sequenceAfter(
  before: SequenceFields | undefined,
  parameters: Parameters,
): SequenceFields | undefined {
  const {
    sequence_id: id,
    sequence_start: isStart = before?.isStart ?? false,
    sequence_end: isEnd = before?.isEnd ?? false,
  } = parameters;
  const sequence: SequenceFields = {
    id: idOf(id) ?? before?.id ?? 0n,
    isStart: isStart === true,
    isEnd: isEnd === true,
  };
  const isNone = (sequence.id === 0n || sequence.id === "") && !sequence.isStart && !sequence.isEnd;
  return isNone ? undefined : sequence;
}

function idOf(value: Parameters[string] | undefined): bigint | string | undefined {
  if (typeof value === "string" || typeof value === "bigint") return value;
  return typeof value === "number" && Number.isSafeInteger(value) ? BigInt(value) : undefined;
}
