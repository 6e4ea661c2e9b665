/**
 * Signals of a running batch: which of its callers have gone, and the AbortSignal that fires when
 * nobody is left. The signal is made when it is first asked for: most models never do.
 */
export class BatchSignals {
  readonly #isAborted: (index: number) => boolean;
  readonly #requestCount: number;
  #controller: AbortController | undefined = undefined;

  /** `isAborted` may be asked at any time. */
  constructor(requestCount: number, isAborted: (index: number) => boolean) {
    this.#requestCount = requestCount;
    this.#isAborted = isAborted;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    this.notice();
    return this.#controller.signal;
  }

  /** Somebody has gone: is anybody left? */
  notice(): void {
    const controller = this.#controller;
    if (controller === undefined || controller.signal.aborted) return;
    for (let index = 0; index < this.#requestCount; index += 1) {
      if (!this.#isAborted(index)) return;
    }
    controller.abort(new Error("every caller of this batch has gone"));
  }
}
