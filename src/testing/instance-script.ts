/**
 * Instance script: what a simulated instance does, as data.
 *
 * Moments are absolute. A step whose moment is not after now happens at once, inside the call that
 * asked for it; the others when their time has come, in their order. A script may break the
 * contract (answer twice, answer after the end, forget a request): the core has to stand that.
 */
import type { ErrorCode, FailureReason } from "../protocol/errors.ts";

/** The life of one instance. */
export interface InstanceScript {
  readonly load: LoadStep;
  /** Dies then, whatever it does. */
  readonly crash: ExitStep | undefined;
  /** An execution ends when the callers of all its requests have gone. */
  readonly heedsAborts: boolean;
  /** A dead one goes on talking. */
  readonly talksOn: boolean;
  /** It can be ended although it hangs. */
  readonly endsWhenAbandoned: boolean;
  /**
   * What one execution of so many requests does. Without `done`, `failed`, `throw`, `exit`: hangs.
   * Poisoned: one of its requests makes it fail.
   */
  execute(requestCount: number, nowMs: number, isPoisoned: boolean): readonly ExecutionStep[];
  /** What it says at once when it hears that a caller has gone. */
  onAbort(requestCount: number, nowMs: number): readonly RespondStep[];
  /** What it says, at once or later, when responses to this request have been taken. */
  onCredit(requestIndex: number, nowMs: number): readonly RespondStep[];
  /** When it is gone if it is asked to stop now and runs nothing; Infinity: it hangs. */
  stopsAtMs(nowMs: number): number;
}

export type LoadStep = { readonly kind: "ready"; readonly atMs: number } | ExitStep;

export interface ExitStep {
  readonly kind: "exit";
  /** Infinity: never. */
  readonly atMs: number;
  readonly error: ScriptedError | undefined;
  readonly isFinal: boolean;
}

export type ExecutionStep = RespondStep | FailStep | DoneStep | FailedStep | ThrowStep | ExitStep;

export interface RespondStep {
  readonly kind: "respond";
  readonly atMs: number;
  readonly requestIndex: number;
  /** Tells the responses to one request apart. */
  readonly part: number;
  /** Without outputs. */
  readonly isEmpty: boolean;
  readonly isFinal: boolean;
}

interface FailStep {
  readonly kind: "fail";
  readonly atMs: number;
  readonly requestIndex: number;
  readonly error: ScriptedError;
}

export interface DoneStep {
  readonly kind: "done";
  readonly atMs: number;
  readonly times: ScriptedTimes;
  /** May be shorter than the batch. */
  readonly answers: readonly ScriptedAnswer[];
}

interface FailedStep {
  readonly kind: "failed";
  readonly atMs: number;
  readonly times: ScriptedTimes;
  readonly error: ScriptedError;
}

/** `execute` itself throws. At once only. */
interface ThrowStep {
  readonly kind: "throw";
  readonly atMs: number;
}

export interface ScriptedTimes {
  readonly computeInputEndMs: number;
  readonly computeOutputStartMs: number;
}

/** Undefined: none. */
export type ScriptedAnswer = "response" | ScriptedError | undefined;

export interface ScriptedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly reason: FailureReason;
}
