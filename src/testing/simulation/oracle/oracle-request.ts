/**
 * A request and an execution as the oracle sees them, and what the parts of a model's oracle share.
 */
import type { Coverage } from "../coverage.ts";
import type { Journal } from "../journal.ts";
import type { LoadPlan, RequestPlan } from "../plans.ts";
import type { Queued } from "./batching-rules.ts";
import type { ExpectedCounters, Moments } from "./expected-counters.ts";
import type { OracleError } from "./oracle-errors.ts";

export interface OracleRequest extends Queued {
  stage: "waiting" | "running" | "ended";
  delayedAs: number;
  /** End of its patience; Infinity: none, or no more. */
  expiresAtMs: number;
  /** While it runs, and afterwards. */
  execution: Execution | undefined;
  /** In its batch. */
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
  /** As soon as it has ended. */
  moments: Moments | undefined;
  isCounted: boolean;
  /** By its aborts: the instance says nothing more about it. */
  isCutShort: boolean;
  /** The instance is told that the caller of one of its requests has gone. */
  readonly abort: (index: number) => void;
  /** It is told that so many responses to one of its requests have been taken. */
  readonly credit: (index: number, count: number) => void;
  /** A response of a stream was given or taken: its patience begins anew. */
  readonly showLife: () => void;
}

export type Answer = Response | { readonly error: OracleError };

export interface Response {
  /** Undefined: the one at the end. */
  readonly part: number | undefined;
  readonly isEmpty: boolean;
  readonly isFinal: boolean;
  readonly moments: Moments;
}

/** Of one loaded model. */
export interface Surroundings {
  readonly load: LoadPlan;
  /** Of the journal. */
  readonly page: string;
  readonly journal: Journal;
  readonly coverage: Coverage;
  readonly counters: ExpectedCounters;
  readonly time: { readonly nowMs: number };
  readonly callers: Callers;
}

/** Whoever sent the requests. May act at once. */
export interface Callers {
  hear(request: RequestPlan, news: News): void;
}

export interface News {
  readonly page: string;
  readonly logPage: string;
  readonly text: string;
  readonly isEnd: boolean;
}

export function logPageOf({ load }: Pick<Surroundings, "load">): string {
  return `log ${load.model.name}/${load.model.version}`;
}

export function placeOf({ execution }: OracleRequest): number {
  return execution?.place ?? 0;
}

/** When somebody has to look at it. */
export function endOfTimeMs({ stage, plan, expiresAtMs }: OracleRequest): number {
  return stage === "waiting" ? Math.min(expiresAtMs, plan.deadlineMs) : plan.deadlineMs;
}
