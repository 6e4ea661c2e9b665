/**
 * A request and an execution as the oracle sees them, and what the parts of a model's oracle share.
 */
import type { Coverage } from "../coverage.ts";
import type { Journal } from "../journal.ts";
import type { LoadPlan, RequestPlan } from "../plans.ts";
import type { Queued } from "./batching-rules.ts";
import type { ExpectedCounters, FailureReason, Moments } from "./expected-counters.ts";
import type { IsolationOracle } from "./isolation-oracle.ts";
import type { OracleError } from "./oracle-errors.ts";

export interface OracleRequest extends Queued {
  stage: "waiting" | "running" | "ended";
  delayedAs: number;
  /** End of its patience; Infinity: none, or no more. */
  expiresAtMs: number;
  /** While it runs, and afterwards. */
  execution: Execution | undefined;
  /** In what was run last of its batch. */
  index: number;
  /** The model has said its last word on it. */
  isAnswered: boolean;
  /** Answers that must wait for those of earlier requests. */
  held: Answer[] | undefined;
  /** Responses of a stream before the last one that nobody has taken yet, held ones among them. */
  untaken: number;
  /** Responses that its caller has heard, and when the latest one had been computed. */
  heardCount: number;
  computedMs: number;
}

/** One batch in an instance. */
export interface Execution {
  /** Of its instance. */
  readonly place: number;
  readonly requests: readonly OracleRequest[];
  readonly rows: number;
  readonly startMs: number;
  /** What its instance runs of it. */
  attempt: Attempt | undefined;
  /** As soon as it has failed, and parts of it are run again. */
  isolation: IsolationOracle<OracleRequest> | undefined;
  /** As soon as it has ended. */
  moments: Moments | undefined;
  isCounted: boolean;
  /** The instance is told that the caller of one of its requests has gone. */
  readonly abort: (request: OracleRequest) => void;
  /** It is told that so many responses to one of its requests have been taken. */
  readonly credit: (index: number, count: number) => void;
  /** A response of a stream was given or taken: its patience begins anew. */
  readonly showLife: () => void;
}

/** One call of the instance: with all of a batch, or with a part of it. */
export interface Attempt {
  readonly execution: Execution;
  readonly requests: readonly OracleRequest[];
  abortedCount: number;
  /** By its aborts: the instance says nothing more about it. */
  isCutShort: boolean;
}

export type Answer = Response | { readonly error: OracleError };

export interface Response {
  /** Undefined: the one at the end. */
  readonly part: number | undefined;
  readonly isEmpty: boolean;
  readonly isFinal: boolean;
  readonly moments: Moments;
}

/** Of one loaded model; callers are those who sent its requests. */
export interface AroundModel {
  readonly load: LoadPlan;
  /** Of the journal. */
  readonly page: string;
  readonly journal: Journal;
  readonly coverage: Coverage;
  readonly counters: ExpectedCounters;
  readonly time: { readonly nowMs: number };
  readonly callers: Callers;
}

/** Seen by the model: callers are those who wait for what it runs. */
export interface Surroundings extends AroundModel {
  readonly callers: Waiting;
}

/** Whoever sent the requests. May act at once. */
export interface Callers {
  hear(request: RequestPlan, news: News): void;
}

export interface Waiting extends Callers {
  /** A run has waited for as long as it may: for how much longer somebody is willing to; 0: nobody. */
  outlasts(run: RequestPlan): number;
}

export interface News {
  readonly page: string;
  readonly logPage: string;
  readonly text: string;
  readonly isEnd: boolean;
  /** What it is, if it is no error; and else how that was counted, if it was. */
  readonly response?: Response;
  readonly reason?: FailureReason;
}

export function responseText({ part, isEmpty, isFinal }: Omit<Response, "moments">): string {
  const what = part === undefined ? "its response" : `part ${part}`;
  return `gets ${what}${isEmpty ? " without outputs" : ""}${isFinal ? ", the last" : ""}`;
}

/** Cuts in a life, as the lengths between them. */
export function lengthsText(cuts: readonly number[]): string {
  return cuts
    .slice(1)
    .map((cut, index) => Math.round((cut - (cuts[index] ?? 0)) * 1e6) / 1e6)
    .join("+");
}

export function placeOf({ execution }: OracleRequest): number {
  return execution?.place ?? 0;
}

/** When somebody has to look at it. */
export function endOfTimeMs({ stage, plan, expiresAtMs }: OracleRequest): number {
  return stage === "waiting" ? Math.min(expiresAtMs, plan.deadlineMs) : plan.deadlineMs;
}

export function logPageOf({ load }: Pick<AroundModel, "load">): string {
  return `log ${load.model.name}/${load.model.version}`;
}
