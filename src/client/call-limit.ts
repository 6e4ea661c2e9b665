/**
 * The signal of one call, and all that ends it: time that has passed, the caller, the client's end.
 * It fires with the error that says which.
 *
 * Not here: who hears the caller's signal (calls.ts).
 */
import { ClientError } from "./client-error.ts";

export interface CallLimits {
  /** One attempt; of a stream: from response to response. */
  readonly requestTimeoutMs: number;
  /** All of it: waiting for a place, attempts, pauses. */
  readonly totalTimeoutMs: number;
  readonly maxRetries: number;
  readonly signal: AbortSignal | undefined;
}

type Timer = ReturnType<typeof setTimeout>;

/** A longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

export class CallLimit {
  readonly limits: CallLimits;
  readonly #controller = new AbortController();
  readonly #total: Timer | undefined;
  #attempt: Timer | undefined;

  constructor(limits: CallLimits) {
    this.limits = limits;
    this.#total = this.#after("totalTimeoutMs");
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** From now on, until it stops, `requestTimeoutMs` counts. */
  startAttempt(): void {
    this.stopAttempt();
    this.#attempt = this.#after("requestTimeoutMs");
  }

  stopAttempt(): void {
    clearTimeout(this.#attempt);
  }

  end(): void {
    this.stopAttempt();
    clearTimeout(this.#total);
  }

  /** Returns what it has fired with: the first reason counts. */
  cancel(reason: unknown): unknown {
    this.end();
    this.#controller.abort(reason);
    return this.signal.reason;
  }

  #after(option: "requestTimeoutMs" | "totalTimeoutMs"): Timer | undefined {
    const ms = this.limits[option];
    if (ms === Number.POSITIVE_INFINITY || this.signal.aborted) return undefined;
    return setTimeout(
      () => {
        this.cancel(new ClientError("timeout", `no answer within ${ms} ms (option '${option}')`));
      },
      Math.min(ms, longestTimerMs),
    );
  }
}

/** Rejects with the signal's reason, if that fires first. `start` returns what ends the wait. */
export function waitFor<T>(
  signal: AbortSignal,
  start: (resolve: (value: T | PromiseLike<T>) => void) => () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const leave = (): void => {
      undo();
      reject(signal.reason);
    };
    const undo = start((value) => {
      signal.removeEventListener("abort", leave);
      resolve(value);
    });
    signal.addEventListener("abort", leave);
  });
}

/** As the promise settles; the signal ends the wait alone. */
export function raced<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return waitFor(signal, (resolve) => {
    const settle = (): void => resolve(promise);
    promise.then(settle, settle);
    return () => {};
  });
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return waitFor(signal, (wake) => {
    const timer = setTimeout(wake, Math.min(ms, longestTimerMs));
    return () => clearTimeout(timer);
  });
}
