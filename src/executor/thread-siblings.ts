/**
 * Thread siblings: the calls of other models that batches of this thread have open, as messages to
 * the main thread and back.
 *
 * Inputs are copied into one buffer, which is transferred; what is not a tensor is cloned. Every
 * call is answered, also one of a batch that has ended.
 *
 * Not here: the other side (sibling-relay.ts).
 */
import type { PendingSibling, SiblingRequest, SiblingSink } from "../backends/sibling-calls.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { joinInputs } from "./gather-inputs.ts";
import {
  type CallMessage,
  type CallResult,
  fromErrorMessage,
  toError,
  toSharedTime,
} from "./messages.ts";

type Say = (message: CallMessage, transfer?: readonly ArrayBuffer[]) => void;

export class ThreadSiblings {
  readonly #say: Say;
  readonly #sinks: Map<number, SiblingSink> = new Map();
  #callCount = 0;

  constructor(say: Say) {
    this.#say = say;
  }

  send(slot: number, request: SiblingRequest, sink: SiblingSink): PendingSibling {
    this.#callCount += 1;
    const call = this.#callCount;
    const isWritten = (input: object): boolean => "value" in input;
    const written = request.inputs.filter(isWritten);
    const wire = request.inputs.filter((input): input is WireTensor => !isWritten(input));
    const { tensors, buffer } = joinInputs(wire);
    const deadlineMs = toSharedTime(request.deadlineMs);
    const sent = { ...request, inputs: [...tensors, ...written], deadlineMs };
    this.#sinks.set(call, sink);
    try {
      this.#say({ type: "call", call, slot, request: sent }, [buffer]);
    } catch (reason) {
      this.#sinks.delete(call);
      const why = `inputs for model '${request.modelName}' cannot leave the thread`;
      throw new InferenceError("INVALID_ARGUMENT", `${why}: ${toError(reason).message}`);
    }
    return {
      cancel: () => this.#sayIfOpen({ type: "cancelCall", call }),
      credit: (count) => this.#sayIfOpen({ type: "creditCall", call, count }),
    };
  }

  hear({ call, answer }: CallResult): void {
    const sink = this.#sinks.get(call);
    const isFinal = "error" in answer || answer.isFinal;
    if (isFinal) this.#sinks.delete(call);
    if ("error" in answer) sink?.fail(fromErrorMessage(answer.error));
    else sink?.respond(answer, isFinal);
  }

  #sayIfOpen(message: Extract<CallMessage, { type: "cancelCall" | "creditCall" }>): void {
    if (this.#sinks.has(message.call)) this.#say(message);
  }
}
