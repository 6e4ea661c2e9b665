/**
 * Response outlet: what stands between a model that streams and the readers of its responses.
 *
 * It passes responses on, and says when there is room for more: for each request a window of so
 * many responses or bytes that its reader has not taken yet. A generator is pulled only while each
 * request that still waits has room; so the slowest reader of a batch sets the pace, until it goes.
 * A model that sends on without waiting is stopped far beyond the window.
 *
 * Not here: where responses go (inline-call.ts, thread-call.ts), how readers are kept from being
 * slow for ever (frontends).
 */
import type { ResponseStream, StreamedResponse } from "../backends/backend.ts";
import { InferenceError } from "../protocol/errors.ts";
import { whenNextTurn } from "./event-loop-turn.ts";

/** What happens to one batch, readable at any time. */
export interface BatchReaders {
  readonly requestCount: number;
  /** The execution is over: nothing can be said any more. */
  readonly hasEnded: boolean;
  hasGone(requestIndex: number): boolean;
  /** How many of its responses have been taken since this was asked last. */
  takeCredit(requestIndex: number): number;
}

export interface Outlet {
  respond(response: StreamedResponse): void;
  fail(requestIndex: number, error: InferenceError): void;
  /** From now on it wants to be told of each change (`notice`). */
  waits(): void;
}

/** Responses, or bytes of responses, that a model may be ahead of a reader. */
export const responseWindow: { readonly responses: number; readonly bytes: number } = {
  responses: 32,
  bytes: 1024 * 1024,
};

/** So many windows full a model may send without waiting for room. */
const mostWindows = 32;

interface Wait {
  readonly requestIndex: number | undefined;
  readonly resolve: () => void;
}

export class ResponseOutlet implements ResponseStream {
  readonly #readers: BatchReaders;
  readonly #outlet: Outlet;
  readonly #windows: readonly Window[];
  #waits: Wait[] = [];

  constructor(readers: BatchReaders, outlet: Outlet) {
    this.#readers = readers;
    this.#outlet = outlet;
    this.#windows = Array.from({ length: readers.requestCount }, () => new Window());
  }

  // Here and below plain loops: this is asked for each response.
  get isOver(): boolean {
    for (let index = 0; index < this.#windows.length; index += 1) {
      if (this.#isWaiting(index)) return false;
    }
    return true;
  }

  respond(response: StreamedResponse): void {
    if (this.#readers.hasEnded) throw tooLate();
    const { requestIndex, outputs, isFinal } = response;
    let byteLength = 0;
    for (const output of outputs) byteLength += output.byteLength;
    let isWanted = false;
    if (requestIndex !== undefined) isWanted = this.#give(requestIndex, byteLength, isFinal);
    else {
      const share = Math.ceil(byteLength / this.#windows.length);
      for (let index = 0; index < this.#windows.length; index += 1) {
        if (this.#give(index, share, isFinal)) isWanted = true;
      }
    }
    if (!isWanted) return;
    this.#outlet.respond(response);
    // Whoever waits for room for more to a request that has ended need not.
    if (isFinal) this.notice();
  }

  fail(requestIndex: number, error: InferenceError): void {
    if (this.#readers.hasEnded) throw tooLate();
    if (!this.#isWaiting(requestIndex)) return;
    this.#windows[requestIndex]?.end();
    this.#outlet.fail(requestIndex, error);
    this.notice();
  }

  whenRoom(requestIndex: number | undefined): Promise<void> | undefined {
    if (this.#hasRoom(requestIndex)) return whenNextTurn();
    return new Promise((resolve) => {
      this.#waits.push({ requestIndex, resolve });
      this.notice();
    });
  }

  /** Somebody has taken responses, or has gone, or it is all over. */
  notice(): void {
    if (this.#waits.length === 0) return;
    // First: what is taken between a look and this would not be told.
    this.#outlet.waits();
    const waits = this.#waits;
    this.#waits = [];
    for (const wait of waits) {
      if (this.#hasRoom(wait.requestIndex)) wait.resolve();
      else this.#waits.push(wait);
    }
  }

  /** False: nobody waits for it. */
  #give(index: number, byteLength: number, isFinal: boolean): boolean {
    const window = this.#windows[index];
    if (window === undefined || !this.#isWaiting(index)) return false;
    window.take(this.#readers.takeCredit(index));
    window.give(byteLength, isFinal);
    return true;
  }

  #hasRoom(requestIndex: number | undefined): boolean {
    if (requestIndex !== undefined) return this.#isRoomFor(requestIndex);
    for (let index = 0; index < this.#windows.length; index += 1) {
      if (!this.#isRoomFor(index)) return false;
    }
    return true;
  }

  #isRoomFor(index: number): boolean {
    const window = this.#windows[index];
    if (window === undefined || !this.#isWaiting(index)) return true;
    window.take(this.#readers.takeCredit(index));
    return window.hasRoom;
  }

  #isWaiting(index: number): boolean {
    const window = this.#windows[index];
    if (window === undefined || window.isEnded || this.#readers.hasEnded) return false;
    return !this.#readers.hasGone(index);
  }
}

/** Responses to one request that its reader has not taken yet. */
class Window {
  isEnded = false;
  /** Of each, in order; those before `#head` have been taken. */
  #sizes: number[] = [];
  #head = 0;
  #bytes = 0;

  get hasRoom(): boolean {
    return this.#count < responseWindow.responses && this.#bytes < responseWindow.bytes;
  }

  get #count(): number {
    return this.#sizes.length - this.#head;
  }

  /** Throws if the model has not waited for room for much too long. */
  give(byteLength: number, isFinal: boolean): void {
    if (this.#count >= mostWindows * responseWindow.responses) throw doesNotWait(this.#count);
    this.#sizes.push(byteLength);
    this.#bytes += byteLength;
    this.isEnded = isFinal;
  }

  take(count: number): void {
    for (let left = Math.min(count, this.#count); left > 0; left -= 1) {
      this.#bytes -= this.#sizes[this.#head] ?? 0;
      this.#head += 1;
    }
    if (this.#head < this.#sizes.length && this.#head < responseWindow.responses) return;
    this.#sizes = this.#sizes.slice(this.#head);
    this.#head = 0;
  }

  end(): void {
    this.isEnded = true;
  }
}

function tooLate(): Error {
  return new Error("infer has settled: a response must be sent before");
}

function doesNotWait(count: number): InferenceError {
  const why = `a model is ${count} responses ahead of its reader: it must await context.send()`;
  return new InferenceError("INTERNAL", why, { reason: "BACKEND" });
}
