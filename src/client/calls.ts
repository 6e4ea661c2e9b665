/**
 * Calls: what surrounds every operation of a client: its limits of time, how many run at a time,
 * and whether it is tried again.
 *
 * Tried again is only what the server has not run (`isRetrySafe`), after a pause that grows and is
 * drawn by chance, and while the budget lasts: each call adds a tenth of a retry to it, so that a
 * server which turns everything away is not asked much more than it is anyway.
 *
 * A signal of many calls has one listener, however many these are: Node warns of a leak where it
 * finds more than ten.
 *
 * Invariant: each call settles: by its answer, its error, its limits or its signal.
 */
import { CallLimit, type CallLimits, pause, raced, waitFor } from "./call-limit.ts";
import { ClientError } from "./client-error.ts";
import type { Sent } from "./connection.ts";

type Headers = Sent["headers"];

export interface CallsOptions {
  readonly maxInFlight: number;
  /** Calls that wait for one of these places. */
  readonly maxWaiting: number;
  /** Asked before each attempt: a token may have been renewed. */
  readonly headers: () => Headers | Promise<Headers>;
  /** Of the pauses before other tries; a test has none. Default 1. */
  readonly pauseScale?: number;
}

const firstPauseMs = 50;
const longestPauseMs = 2000;
const budgetPerCall = 0.1;
const largestBudget = 10;

export class Calls {
  readonly #options: CallsOptions;
  readonly #waiting = new Set<() => void>();
  #inFlight = 0;
  #budget = largestBudget;
  /** Of calls that have not settled. */
  readonly #open = new Set<CallLimit>();
  /** By how many of them. */
  readonly #heard = new Map<AbortSignal, number>();
  #isClosed = false;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  run<T>(limits: CallLimits, attempt: (sent: Sent) => Promise<T>): Promise<T> {
    return this.within(limits, async (limit) => {
      await this.#enter(limit.signal);
      try {
        return await this.#attempts(limit, attempt);
      } finally {
        this.#leave();
      }
    });
  }

  /** The same for responses one after another. Tried again only before the first. */
  async *stream<T>(
    limits: CallLimits,
    open: (sent: Sent) => AsyncGenerator<T, void, undefined>,
  ): AsyncGenerator<T, void, undefined> {
    const limit = this.#begin(limits);
    try {
      await this.#enter(limit.signal);
      try {
        const [responses, first] = await this.#attempts(limit, async (sent) => {
          const opened = open(sent);
          return [opened, await opened.next()] as const;
        });
        try {
          for (let next = first; !next.done; next = await responses.next()) {
            // How long the caller takes is his affair.
            limit.stopAttempt();
            yield next.value;
            limit.signal.throwIfAborted();
            limit.startAttempt();
          }
        } finally {
          await responses.return();
        }
      } finally {
        this.#leave();
      }
    } catch (reason) {
      throw limit.cancel(reason);
    } finally {
      this.#end(limit);
    }
  }

  /** A wait for what others wait for, too: it goes on when the limits of this one have passed. */
  share<T>(limits: CallLimits, promise: Promise<T>): Promise<T> {
    return this.within(limits, (limit) => {
      limit.startAttempt();
      return raced(promise, limit.signal);
    });
  }

  /** Whatever runs is cancelled. */
  close(): void {
    this.#isClosed = true;
    for (const limit of this.#open) limit.cancel(closed());
  }

  /** Within the limits of all of it; whatever it does, it must heed the signal. */
  async within<T>(limits: CallLimits, work: (limit: CallLimit) => Promise<T>): Promise<T> {
    const limit = this.#begin(limits);
    try {
      return await work(limit);
    } catch (reason) {
      // Whatever else runs for it has no purpose any more.
      throw limit.cancel(reason);
    } finally {
      this.#end(limit);
    }
  }

  #begin(limits: CallLimits): CallLimit {
    const { signal } = limits;
    const limit = new CallLimit(limits);
    if (this.#isClosed) limit.cancel(closed());
    if (signal?.aborted === true) limit.cancel(left(signal));
    this.#open.add(limit);
    if (signal !== undefined) {
      this.#heard.set(signal, (this.#heard.get(signal) ?? 0) + 1);
      // That it is already there makes no difference.
      signal.addEventListener("abort", this.#hear);
    }
    return limit;
  }

  #end(limit: CallLimit): void {
    limit.end();
    this.#open.delete(limit);
    const { signal } = limit.limits;
    if (signal === undefined) return;
    const others = (this.#heard.get(signal) ?? 1) - 1;
    this.#heard.set(signal, others);
    if (others > 0) return;
    this.#heard.delete(signal);
    signal.removeEventListener("abort", this.#hear);
  }

  readonly #hear = ({ target }: Event): void => {
    for (const limit of this.#open) {
      const { signal } = limit.limits;
      if (signal !== undefined && signal === target) limit.cancel(left(signal));
    }
  };

  async #attempts<T>(limit: CallLimit, attempt: (sent: Sent) => Promise<T>): Promise<T> {
    const { signal } = limit;
    const { headers: ask, pauseScale = 1 } = this.#options;
    this.#budget = Math.min(largestBudget, this.#budget + budgetPerCall);
    for (let retries = 0; ; retries += 1) {
      limit.startAttempt();
      try {
        const given = ask();
        const headers = given instanceof Promise ? await raced(given, signal) : given;
        return await attempt({ signal, headers });
      } catch (error) {
        limit.stopAttempt();
        const isLast = signal.aborted || retries >= limit.limits.maxRetries;
        if (isLast || !this.#mayRetry(error)) throw error;
        await pause(pauseScale * pauseMs(retries) + (error.retryAfterMs ?? 0), signal);
      }
    }
  }

  #mayRetry(error: unknown): error is ClientError {
    if (!(error instanceof ClientError) || !error.isRetrySafe || this.#budget < 1) return false;
    this.#budget -= 1;
    return true;
  }

  async #enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { maxInFlight, maxWaiting } = this.#options;
    if (this.#inFlight < maxInFlight) {
      this.#inFlight += 1;
      return;
    }
    if (this.#waiting.size >= maxWaiting) {
      const why = `${maxInFlight} requests are in flight and ${maxWaiting} wait`;
      throw new ClientError("refused", `${why} (option 'maxWaiting')`);
    }
    await waitFor<void>(signal, (enter) => {
      this.#waiting.add(enter);
      return () => this.#waiting.delete(enter);
    });
  }

  /** The place goes to whoever has waited longest. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#inFlight -= 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}

/** What the caller has, or whoever this is a part of. */
function left({ reason }: AbortSignal): ClientError {
  if (reason instanceof ClientError) return reason;
  return new ClientError("cancelled", "cancelled", { cause: reason });
}

function closed(): ClientError {
  return new ClientError("cancelled", "the client was closed");
}

function pauseMs(retries: number): number {
  const longest = Math.min(longestPauseMs, firstPauseMs * 2 ** retries);
  // By chance, so that those who were turned away together do not come back together.
  return longest * (0.5 + Math.random() / 2);
}
