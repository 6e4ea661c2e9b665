/**
 * A sequence: requests that a stateful model must get in order, with their first and last one
 * marked.
 *
 *   const sequence = client.sequence();
 *   const accumulator = sequence.model("accumulator");
 *   await accumulator.infer(first);                       marked as the first
 *   await accumulator.infer(last, { isLast: true });      after it, a new one begins
 */
import type { ModelBase } from "../definition/model-base.ts";
import type { ClientContext } from "./known-model.ts";
import { ModelClient } from "./model-client.ts";
import { type SequenceId, SequenceState } from "./sequence-state.ts";

export interface Sequence {
  readonly id: SequenceId;
  /** Each of these is a sequence of its own for its model. */
  model<M extends ModelBase = ModelBase>(name: M["name"], version?: number): ModelClient<M>;
}

export function sequenceOf(context: ClientContext, id: SequenceId): Sequence {
  return {
    id,
    model: (name, version) => new ModelClient(context, { name, version }, new SequenceState(id)),
  };
}
