/**
 * Whole answer: exactly one response, sent in one piece.
 *
 * A streaming model, which generate may ask too, says only at its end how many there were: so its
 * first response is kept until then. None, or one more, is an error.
 */
import { InferenceError } from "../../protocol/errors.ts";
import { GenerateEncoder } from "../../protocol/generate-response.ts";
import type { InferResponse } from "../../protocol/infer.ts";
import { type EncodedResponse, EncodeSteps } from "../../protocol/infer-response-json.ts";
import { serverTiming } from "../server-timing.ts";
import type { Answer, AnswerOwner } from "./answer.ts";
import { answerEncoding } from "./content-encoding.ts";
import { sendInferAnswer } from "./infer-answer.ts";
import { runInSlices } from "./slices.ts";

export class WholeAnswer implements Answer {
  readonly #owner: AnswerOwner;
  readonly #isGenerated: boolean;
  #kept: InferResponse | undefined = undefined;
  #isOver = false;

  constructor(owner: AnswerOwner, { isGenerated }: { readonly isGenerated: boolean }) {
    this.#owner = owner;
    this.#isGenerated = isGenerated;
  }

  respond(response: InferResponse, isFinal: boolean): void {
    const isMark = this.#owner.isDecoupled && isFinal && response.outputs.length === 0;
    const isFirst = this.#kept === undefined;
    // The end without a response before it, or a response that is not the first.
    if (isMark === isFirst) this.#owner.giveUp(notOne());
    else if (isFinal) this.#encode(this.#kept ?? response);
    else {
      this.#kept = response;
      this.#owner.credit(1);
    }
  }

  fail(): boolean {
    return false;
  }

  /** There is nothing between its head and its end. */
  probe(): void {}

  drop(): void {
    this.#isOver = true;
    this.#kept = undefined;
  }

  #encode(response: InferResponse): void {
    const owner = this.#owner;
    const startMs = owner.nowMs();
    try {
      const steps = this.#isGenerated
        ? new GenerateEncoder().begin(response)
        : new EncodeSteps(response, owner.forms);
      const encoded = steps.step();
      if (encoded !== undefined) this.#send(encoded, response, startMs);
      else {
        const done = (late: EncodedResponse): void => this.#send(late, response, startMs);
        runInSlices(steps, done, (reason) => owner.giveUp(reason));
      }
    } catch (reason) {
      owner.giveUp(reason);
    }
  }

  #send(encoded: EncodedResponse, { timing }: InferResponse, startMs: number): void {
    if (this.#isOver) return;
    const owner = this.#owner;
    const { head, headers } = owner;
    const spent = serverTiming(timing, owner.nowMs() - startMs);
    const encoding = this.#isGenerated ? "identity" : answerEncoding(head.acceptEncoding);
    owner.end(200, spent);
    sendInferAnswer(owner.response, encoded, { encoding, timing: spent, headers });
  }
}

function notOne(): InferenceError {
  const why = "generate expects model to produce exactly 1 response";
  const remedy = "use generate stream for model that generates various number of responses";
  return new InferenceError("INTERNAL", `${why}, ${remedy}`);
}
