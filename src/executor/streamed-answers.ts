/**
 * Streamed answers: a response of a model that streams, checked, split, and told to the core.
 */
import type { StreamedResponse } from "../backends/backend.ts";
import type { ExecutionBatch, ExecutionEmitter } from "../core/instance.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { InferenceError } from "../protocol/errors.ts";
import { noParameters } from "../protocol/infer.ts";
import { answersOf } from "./split-outputs.ts";

const noOutputs = { outputs: [], parameters: noParameters };

const none: readonly number[] = [];

export interface Receivers {
  readonly batch: ExecutionBatch;
  readonly config: ModelConfig;
  readonly emit: ExecutionEmitter;
  hasGone(requestIndex: number): boolean;
}

/** Returns the requests that it has failed instead, because something is wrong with it. */
export function passOn(
  { requestIndex, outputs, isFinal }: StreamedResponse,
  { batch, config, emit, hasGone }: Receivers,
): readonly number[] {
  const isOne = requestIndex !== undefined;
  const all = isOne ? [requestIndex] : [...batch.requests.keys()];
  const indexes = all.filter((index) => !hasGone(index));
  if (isFinal && outputs.length === 0) {
    for (const index of indexes) emit.respond(index, noOutputs, true);
    return none;
  }
  if (indexes.length === 0) return none;
  const answers = answersOf(outputs, partOf(batch, requestIndex), config);
  for (const index of indexes) {
    if (answers instanceof InferenceError) emit.fail(index, answers);
    else emit.respond(index, answers[isOne ? 0 : index] ?? noOutputs, isFinal);
  }
  return answers instanceof InferenceError ? indexes : none;
}

function partOf(batch: ExecutionBatch, requestIndex: number | undefined): ExecutionBatch {
  if (requestIndex === undefined) return batch;
  const requests = batch.requests.slice(requestIndex, requestIndex + 1);
  return { requests, rows: requests[0]?.rows ?? 0 };
}
