/**
 * Calls: what surrounds every operation of a client: its limits of time, how many run at a time,
 * and whether it is tried again.
 *
 * Tried again is only what the server has not run (`isRetrySafe`), after a pause that grows and is
 * drawn by chance, and while the budget lasts: each call adds a tenth of a retry to it, so that a
 * server which turns everything away is not asked much more than it is anyway.
 *
 * Invariant: each call settles: by its answer, its error, its limits or its signal.
 */
import { ClientError } from "./client-error.ts";
import type { Sent } from "./connection.ts";
import { hearAbort } from "./heard-signals.ts";

export interface CallLimits {
  /** One attempt; of a stream: from response to response. */
  readonly requestTimeoutMs: number;
  /** All of it: waiting for a place, attempts, pauses. */
  readonly totalTimeoutMs: number;
  readonly maxRetries: number;
  readonly signal: AbortSignal | undefined;
}

export interface CallsOptions {
  readonly maxInFlight: number;
  /** Calls that wait for one of these places. */
  readonly maxWaiting: number;
  /** Asked before each attempt: a token may have been renewed. */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  /** Of the pauses before other tries; a test has none. Default 1. */
  readonly pauseScale?: number;
}

const firstPauseMs = 50;
const longestPauseMs = 2000;
const budgetPerCall = 0.1;
const largestBudget = 10;
/** A longer one would fire at once. */
const longestTimerMs = 2 ** 31 - 1;

export class Calls {
  readonly #options: CallsOptions;
  readonly #waiting = new Set<() => void>();
  #inFlight = 0;
  #budget = largestBudget;
  /** Of calls that have not settled. */
  readonly #open = new Set<Limit>();
  #isClosed = false;

  constructor(options: CallsOptions) {
    this.#options = options;
  }

  async run<T>(limits: CallLimits, attempt: (sent: Sent) => Promise<T>): Promise<T> {
    return await this.within(limits, async (signal) => {
      await this.#enter(signal);
      try {
        return await this.#attempts(limits, signal, attempt);
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
    const total = this.#begin(limits);
    try {
      await this.#enter(total.signal);
      try {
        yield* await this.#attempts(limits, total.signal, async (sent, limit) => {
          const responses = open(sent);
          const first = await responses.next();
          limit.isKept = true;
          return responsesFrom(first, responses, limit);
        });
      } finally {
        this.#leave();
      }
    } finally {
      this.#end(total);
    }
  }

  /** Within the limits of all of it; whatever it does, it must heed the signal. */
  async within<T>(limits: CallLimits, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const total = this.#begin(limits);
    try {
      return await work(total.signal);
    } catch (reason) {
      const error = total.explain(reason);
      // Whatever else runs for it has no purpose any more.
      total.cancel(error);
      throw error;
    } finally {
      this.#end(total);
    }
  }

  /** A wait for what others wait for, too: it goes on when the limits of this one have passed. */
  async share<T>(limits: CallLimits, promise: Promise<T>): Promise<T> {
    return await this.within(limits, async (signal) => {
      const limit = new Limit(limits.requestTimeoutMs, "requestTimeoutMs", signal);
      try {
        return await raced(promise, limit.signal);
      } finally {
        limit.end();
      }
    });
  }

  /** Whatever runs is cancelled. */
  close(): void {
    this.#isClosed = true;
    for (const total of this.#open) total.cancel(closed());
  }

  #begin({ totalTimeoutMs, signal }: CallLimits): Limit {
    const total = new Limit(totalTimeoutMs, "totalTimeoutMs", signal);
    if (this.#isClosed) total.cancel(closed());
    else this.#open.add(total);
    return total;
  }

  #end(total: Limit): void {
    this.#open.delete(total);
    total.end();
  }

  async #attempts<T>(
    { requestTimeoutMs, maxRetries }: CallLimits,
    signal: AbortSignal,
    attempt: (sent: Sent, limit: Limit) => Promise<T>,
  ): Promise<T> {
    this.#budget = Math.min(largestBudget, this.#budget + budgetPerCall);
    for (let retries = 0; ; retries += 1) {
      const limit = new Limit(requestTimeoutMs, "requestTimeoutMs", signal);
      try {
        const headers = await raced(this.#options.headers(), limit.signal);
        return await attempt({ signal: limit.signal, headers }, limit);
      } catch (reason) {
        const error = limit.explain(reason);
        if (retries >= maxRetries || !this.#mayRetry(error)) throw error;
        const { pauseScale = 1 } = this.#options;
        await pause(pauseScale * pauseMs(retries) + (error.retryAfterMs ?? 0), signal);
      } finally {
        if (!limit.isKept) limit.end();
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
      throw new ClientError("refused", `${why} (options 'maxInFlight' and 'maxWaiting')`);
    }
    await new Promise<void>((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      const leave = (): void => {
        this.#waiting.delete(enter);
        reject(signal.reason);
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.add(enter);
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

function closed(): ClientError {
  return new ClientError("cancelled", "the client was closed");
}

/** A signal that fires after a time, or with another: with the error that says which. */
class Limit {
  /** Somebody else ends it. */
  isKept = false;
  readonly #controller = new AbortController();
  readonly #stopHearing: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #timeoutMs: number;
  readonly #option: string;

  constructor(timeoutMs: number, option: string, source: AbortSignal | undefined) {
    this.#timeoutMs = timeoutMs;
    this.#option = option;
    const hear = (): void => this.cancel(source?.reason);
    this.#stopHearing = source === undefined ? () => {} : hearAbort(source, hear);
    if (source?.aborted === true) hear();
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  restart(): void {
    clearTimeout(this.#timer);
    if (this.#timeoutMs === Number.POSITIVE_INFINITY || this.signal.aborted) return;
    this.#timer = setTimeout(
      () => {
        const why = `no answer within ${this.#timeoutMs} ms (option '${this.#option}')`;
        this.#controller.abort(new ClientError("timeout", why));
      },
      Math.min(this.#timeoutMs, longestTimerMs),
    );
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  /** What was thrown, if it was not thrown because of this. */
  explain(reason: unknown): unknown {
    return this.signal.aborted ? this.signal.reason : reason;
  }

  end(): void {
    this.stop();
    this.#stopHearing();
  }

  cancel(reason: unknown): void {
    this.stop();
    const isOurs = reason instanceof ClientError;
    const error = isOurs ? reason : new ClientError("cancelled", "cancelled", { cause: reason });
    this.#controller.abort(error);
  }
}

async function* responsesFrom<T>(
  first: IteratorResult<T, void>,
  responses: AsyncGenerator<T, void, undefined>,
  limit: Limit,
): AsyncGenerator<T, void, undefined> {
  try {
    for (let next = first; !next.done; next = await responses.next()) {
      // How long the caller takes is his affair.
      limit.stop();
      yield next.value;
      limit.signal.throwIfAborted();
      limit.restart();
    }
  } catch (reason) {
    throw limit.explain(reason);
  } finally {
    limit.end();
    await responses.return();
  }
}

function pauseMs(retries: number): number {
  const longest = Math.min(longestPauseMs, firstPauseMs * 2 ** retries);
  // By chance, so that those who were turned away together do not come back together.
  return longest * (0.5 + Math.random() / 2);
}

/** Rejects with the signal's reason, whatever the promise does. */
async function raced<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([aborted, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const wake = (): void => {
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(wake, Math.min(ms, longestTimerMs));
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    signal.addEventListener("abort", stop, { once: true });
  });
}
