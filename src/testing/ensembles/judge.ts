/**
 * Judge of a simulated run: whether what a caller was answered is what he had to be, and what has
 * happened.
 *
 * Nothing here asks the core: what should be there, a caller knows who sent the request.
 */
import type { Clock } from "../../core/clock.ts";
import type { InferenceError } from "../../protocol/errors.ts";
import { type Caller, insist, streamsIn, withoutNames } from "./caller.ts";
import type { Unit } from "./units.ts";

/** How often what has happened, over all runs. */
export type Happened = Map<string, number>;

/** What all runs together must have shown. */
export const mustHappen: readonly string[] = [
  "a model answered",
  "an ensemble answered",
  "an ensemble of an ensemble answered",
  "an ensemble streamed",
  "a stream within a stream",
  "a fault in a step",
  "a fault in an ensemble within an ensemble",
  "a caller left a model",
  "a caller left an ensemble",
  "a caller left a stream",
  "a deadline passed in a step",
  "an ensemble was down",
  "an ensemble was up again",
  "a step's model was unloaded under a request",
  "a step's model was replaced under a request",
  "a request was cut off",
  "a request while draining",
  "an ensemble answered from the cache",
  "an ensemble answered several at once",
  "a model could not be replaced under a request",
];

export interface JudgeOptions {
  readonly clock: Pick<Clock, "nowMs">;
  readonly happened: Happened;
  /** Requests may fail because their models do. */
  readonly fails: boolean;
}

export class Judge {
  readonly #options: JudgeOptions;
  isDraining = false;
  isCutOff = false;

  constructor(options: JudgeOptions) {
    this.#options = options;
  }

  ended(caller: Caller, error: InferenceError | undefined): void {
    const { unit, expected, heard } = caller;
    insist(error !== undefined || !caller.isRefused, `${unit.name} was not there, and answered`);
    const left = [...expected];
    for (const text of heard) {
      const index = left.indexOf(text);
      insist(index >= 0, `${unit.name} gave ${text}, of which ${left.join(" or ")} was left`);
      left.splice(index, 1);
    }
    if (error === undefined) {
      insist(left.length === 0, `${unit.name} did not give ${left.join()}`);
      this.#noteSuccess(unit);
    } else insist(this.#isDue(caller, error), `${unit.name} failed: ${error.message}`);
  }

  /** It had to fail like this. */
  #isDue(caller: Caller, { code, message }: InferenceError): boolean {
    const { unit, deadlineMs } = caller;
    if (caller.isLeaving) {
      this.#noteLeft(unit);
      return message === "Request cancelled" && code === "CANCELLED";
    }
    if (caller.isRefused) return caller.isBeingSent && this.#isRefusal(unit, message);
    const cause = causeOf(unit, message);
    // All are cut off at one moment, one after another: one may still want the next.
    if (this.isCutOff && /^cut off$|Server is stopping/.test(cause)) {
      this.note("a request was cut off");
      return true;
    }
    if (cause === "Deadline Exceeded") {
      if (unit.kind === "ensemble") this.note("a deadline passed in a step");
      return code === "DEADLINE_EXCEEDED" && this.#options.clock.nowMs() > deadlineMs;
    }
    this.#noteFault(unit, message, cause);
    return this.#options.fails && code === "INTERNAL" && /^fault of /.test(cause);
  }

  #noteLeft({ kind, isDecoupled }: Unit): void {
    this.note(kind === "model" ? "a caller left a model" : "a caller left an ensemble");
    if (isDecoupled) this.note("a caller left a stream");
  }

  #noteFault(unit: Unit, message: string, cause: string): void {
    if (unit.kind === "ensemble") this.note("a fault in a step");
    const isNested = cause !== message.replace(/^in ensemble '\w+', /, "");
    if (isNested) this.note("a fault in an ensemble within an ensemble");
  }

  #isRefusal({ name }: Unit, message: string): boolean {
    if (this.isDraining) {
      this.note("a request while draining");
      return /Server is stopping/.test(message);
    }
    return message === `Request for unknown model: '${name}' has no available versions`;
  }

  #noteSuccess(unit: Unit): void {
    this.note(unit.kind === "model" ? "a model answered" : "an ensemble answered");
    if (unit.kind === "model") return;
    if (unit.steps.some((step) => step.unit.kind === "ensemble")) {
      this.note("an ensemble of an ensemble answered");
    }
    if (unit.isDecoupled) this.note("an ensemble streamed");
    if (streamsIn(unit) > 1) this.note("a stream within a stream");
  }

  note(what: string): void {
    const { happened } = this.#options;
    happened.set(what, (happened.get(what) ?? 0) + 1);
  }
}

/** Without the names of the ensembles around it; empty: they are not those. */
function causeOf(unit: Unit, message: string): string {
  // Where several wait for one run, time is not the run's.
  const isLate = unit.sharing.singleFlight && message === "Deadline Exceeded";
  const isOwn = isLate || message === "cut off";
  return isOwn ? message : (withoutNames(unit, message) ?? "");
}
