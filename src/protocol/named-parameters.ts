/**
 * Parameters that the protocol names, and the model's own, while a request is being read: what its
 * forms on the wire have in common.
 *
 * Not here: which kinds of values a form takes (request-parameters.ts, message-parameters.ts).
 */
import type { ParameterValue, SequenceFields } from "./infer.ts";

export class NamedParameters {
  readonly custom: Record<string, ParameterValue> = Object.create(null);
  priority = 0;
  timeoutMs = 0;
  protected sequenceId: bigint | string = 0n;
  protected isStart = false;
  protected isEnd = false;

  get sequence(): SequenceFields | undefined {
    const id = this.sequenceId;
    if (id === 0n || id === "") return undefined;
    return { id, isStart: this.isStart, isEnd: this.isEnd };
  }
}
