/**
 * Sibling relay: calls of other models that come from a thread as messages, on their way to the
 * batch that makes them, and their answers on the way back.
 *
 * Not here: the thread's side (thread-siblings.ts).
 */
import {
  type PendingSibling,
  type SiblingCaller,
  type SiblingSink,
  tooLateToCall,
} from "../backends/sibling-calls.ts";
import { InferenceError } from "../protocol/errors.ts";
import { joinInputs } from "./gather-inputs.ts";
import { type CallMessage, type CallResult, fromSharedTime, toErrorMessage } from "./messages.ts";

type Post = (message: CallResult, transfer?: readonly ArrayBuffer[]) => void;

export class SiblingRelay {
  readonly #post: Post;
  readonly #open: Map<number, PendingSibling> = new Map();

  constructor(post: Post) {
    this.#post = post;
  }

  /** `caller`: the batch in the slot that the message names; undefined: there is none any more. */
  hear(message: CallMessage, caller: SiblingCaller | undefined): void {
    switch (message.type) {
      case "call":
        this.#call(message, caller);
        break;
      case "cancelCall":
        this.#open.get(message.call)?.cancel();
        break;
      case "creditCall":
        this.#open.get(message.call)?.credit(message.count);
        break;
    }
  }

  #call(
    { call, request }: Extract<CallMessage, { type: "call" }>,
    caller: SiblingCaller | undefined,
  ): void {
    const sink = new RelaySink(call, this.#post, () => this.#open.delete(call));
    try {
      if (caller === undefined) throw tooLateToCall();
      const deadlineMs = fromSharedTime(request.deadlineMs);
      const pending = caller.send({ ...request, deadlineMs }, sink);
      if (!sink.isOver) this.#open.set(call, pending);
    } catch (reason) {
      sink.fail(InferenceError.from(reason));
    }
  }
}

class RelaySink implements SiblingSink {
  isOver = false;
  readonly #call: number;
  readonly #post: Post;
  readonly #onEnd: () => void;

  constructor(call: number, post: Post, onEnd: () => void) {
    this.#call = call;
    this.#post = post;
    this.#onEnd = onEnd;
  }

  respond({ outputs: views }: Parameters<SiblingSink["respond"]>[0], isFinal: boolean): void {
    if (isFinal) this.#end();
    // They may be parts of what others get, too.
    const { tensors: outputs, buffer } = joinInputs(views);
    this.#post({ type: "callResult", call: this.#call, answer: { outputs, isFinal } }, [buffer]);
  }

  fail(reason: InferenceError): void {
    this.#end();
    const error = toErrorMessage(reason);
    this.#post({ type: "callResult", call: this.#call, answer: { error } });
  }

  #end(): void {
    this.isOver = true;
    this.#onEnd();
  }
}
