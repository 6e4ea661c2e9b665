/**
 * Caller of a run: hears the answers to its request, says what is wrong with them, and what it does
 * about them at once.
 */
import type { PendingRequest, ResponseSink } from "../../core/scheduler.ts";
import type { InferenceError } from "../../protocol/errors.ts";
import type { InferResponse } from "../../protocol/infer.ts";
import { type CallerAct, isTimeToTake, type RequestPlan } from "./plans.ts";
import { expectedOutputsText, outputsText } from "./real-plans.ts";
import { errorText, responseText } from "./real-texts.ts";

export interface Heard {
  readonly line: string;
  readonly acts: readonly CallerAct[];
  /** It takes some of what it was given. */
  readonly isTaking: boolean;
}

export class Caller implements ResponseSink {
  /** Of the journal. */
  readonly page: string;
  readonly #plan: RequestPlan;
  readonly #hear: (heard: Heard) => void;
  pending: PendingRequest | undefined = undefined;
  error: InferenceError | undefined = undefined;
  isOver = false;
  #responseCount = 0;

  constructor(page: string, plan: RequestPlan, hear: (heard: Heard) => void) {
    this.page = page;
    this.#plan = plan;
    this.#hear = hear;
  }

  respond(response: InferResponse, isFinal: boolean): void {
    const { onEnd, onResponse, taking } = this.#plan;
    const line = responseText(response, isFinal) + this.#faults(response);
    this.#responseCount += 1;
    const acts = isFinal ? onEnd : this.#responseCount > 1 ? [] : onResponse;
    const isTaking = !isFinal && isTimeToTake(taking, this.#responseCount);
    this.#say(line, isFinal, { acts, isTaking });
  }

  fail(error: InferenceError): void {
    this.error = error;
    this.#say(errorText(error), true, { acts: this.#plan.onEnd, isTaking: false });
  }

  #say(line: string, isEnd: boolean, then: Pick<Heard, "acts" | "isTaking">): void {
    const late = this.isOver ? " (after the end)" : "";
    this.isOver ||= isEnd;
    this.#hear({ line: `${line}${late}`, ...then });
  }

  /** What is wrong with a response; empty: nothing. */
  #faults({ outputs, id, modelName, modelVersion }: InferResponse): string {
    const { inputs, version = modelVersion } = this.#plan;
    const expected = expectedOutputsText(this.#plan);
    const got = outputsText(outputs);
    const isHis = id === this.#plan.id && modelName === this.#plan.modelName;
    // Whether a response may be empty is told by its line.
    return (got === expected || got === "") && isHis && modelVersion === version
      ? ""
      : ` with ${got} of ${modelName}/${modelVersion} for ${inputs.length} inputs, not ${expected}`;
  }
}
