/**
 * Sibling calls: requests that a running batch makes of other models of its server.
 *
 *   function-siblings.ts     context.model("other").infer(...), as the model's function has it
 *          │ SiblingCaller
 *   in a thread: executor/thread-siblings.ts, messages, executor/sibling-relay.ts
 *          │ SiblingCaller
 *   executor/batch-siblings.ts     the calls of one batch: deadline, cancellation, end
 *          │ SiblingService
 *   server/sibling-service.ts      circles are refused; the rest is a request like any other
 */
import type { GivenInput, GivenOutputs } from "../definition/in-process-tensors.ts";
import type { RequestOptions } from "../definition/request-options.ts";
import type { InferenceError } from "../protocol/errors.ts";

/** Can be sent from a thread, except for what users write as inputs. */
export interface SiblingRequest {
  readonly modelName: string;
  /** Undefined: the highest that is ready. */
  readonly version: number | undefined;
  readonly inputs: readonly GivenInput[];
  readonly options: RequestOptions;
  /** Any number of responses may come; else one. */
  readonly isStream: boolean;
  /** The caller's own, on the clock of this thread; Infinity: none. */
  readonly deadlineMs: number;
}

export interface SiblingSink {
  respond(response: GivenOutputs, isFinal: boolean): void;
  fail(error: InferenceError): void;
}

export interface PendingSibling {
  /** The sink hears CANCELLED, unless it has had its final answer. */
  cancel(): void;
  /** So many responses have been taken. */
  credit(responseCount: number): void;
}

export interface SiblingCaller {
  /** May answer the sink before it returns. Throws when the batch has ended. */
  send(request: SiblingRequest, sink: SiblingSink): PendingSibling;
}

/** Tells of the end of a call before the sink hears of it. */
export function tellingEnd(sink: SiblingSink, onEnd: () => void): SiblingSink {
  return {
    respond: (response, isFinal) => {
      if (isFinal) onEnd();
      sink.respond(response, isFinal);
    },
    fail: (error) => {
      onEnd();
      sink.fail(error);
    },
  };
}

export function tooLateToCall(): Error {
  return new Error("infer has settled: it can call no other model any more");
}
