/**
 * What the oracle expects of the core when an instance speaks about an execution.
 *
 * Only the first last word on a request counts, and only while its execution runs. What the end
 * of an execution leaves open has failed. Moments that an instance tells are moved into what is
 * possible; for an answer before the end the model has computed until now.
 */
import type { ScriptedTimes } from "../../instance-script.ts";
import type { AnswersOracle } from "./answers-oracle.ts";
import type { Moments } from "./expected-counters.ts";
import { forgotten, type OracleError } from "./oracle-errors.ts";
import {
  type Execution,
  logPageOf,
  type OracleRequest,
  type Response,
  type Surroundings,
} from "./oracle-request.ts";

/** What is open at the end of an execution; undefined: forgotten. */
export type LastWord = "response" | OracleError | undefined;

export class ExecutionOracle {
  readonly #around: Surroundings;
  readonly #answers: AnswersOracle;

  constructor(around: Surroundings, answers: AnswersOracle) {
    this.#around = around;
    this.#answers = answers;
  }

  respond(execution: Execution, index: number, response: Omit<Response, "moments">): void {
    const request = this.#listening(execution, index);
    if (request === undefined) return;
    this.#around.coverage.count(response.isFinal ? "answered early" : "stream");
    request.isAnswered = response.isFinal;
    this.#answers.answer(request, { ...response, moments: this.#momentsByNow(execution) });
  }

  fail(execution: Execution, index: number, error: OracleError): void {
    const request = this.#listening(execution, index);
    if (request === undefined) return;
    this.#around.coverage.count("request failed");
    request.isAnswered = true;
    this.#answers.answer(request, { error });
  }

  /** Nothing said about it counts any more. Without times the model has computed until now. */
  end(execution: Execution, times?: ScriptedTimes): void {
    execution.moments =
      times === undefined ? this.#momentsByNow(execution) : this.#moments(execution, times);
  }

  /** The answers to what is open, in the order of the batch. */
  settle(execution: Execution, wordOn: (index: number) => LastWord): void {
    const moments = execution.moments ?? this.#momentsByNow(execution);
    for (const request of execution.requests) {
      if (request.isAnswered || request.stage === "ended") continue;
      request.isAnswered = true;
      const word = wordOn(request.index);
      if (word === undefined) this.#around.coverage.count("request forgotten");
      if (word === "response") {
        this.#answers.answer(request, { part: undefined, isFinal: true, moments });
      } else this.#answers.answer(request, { error: word ?? forgotten });
    }
    this.#answers.countIfOver(execution);
  }

  #listening(execution: Execution, index: number): OracleRequest | undefined {
    const { coverage, journal } = this.#around;
    if (execution.moments !== undefined) {
      coverage.count("answered after the end");
      return undefined;
    }
    const request = execution.requests[index];
    if (request !== undefined && !request.isAnswered) {
      return request.stage === "ended" ? undefined : request;
    }
    coverage.count(request === undefined ? "answered nobody" : "answered twice");
    journal.note(logPageOf(this.#around), "an instance misbehaves");
    return undefined;
  }

  #momentsByNow(execution: Execution): Moments {
    const { nowMs } = this.#around.time;
    return this.#moments(execution, {
      computeInputEndMs: execution.startMs,
      computeOutputStartMs: nowMs,
    });
  }

  #moments({ startMs }: Execution, times: ScriptedTimes): Moments {
    const { nowMs: endMs } = this.#around.time;
    const inputEndMs = within(times.computeInputEndMs, startMs, endMs);
    const outputStartMs = within(times.computeOutputStartMs, inputEndMs, endMs);
    const isOff =
      inputEndMs !== times.computeInputEndMs || outputStartMs !== times.computeOutputStartMs;
    if (isOff) this.#around.coverage.count("times off");
    return { startMs, inputEndMs, outputStartMs, endMs };
  }
}

function within(valueMs: number, lowMs: number, highMs: number): number {
  if (valueMs < lowMs) return lowMs;
  return valueMs > highMs ? highMs : valueMs;
}
