/**
 * Where a sequence stands: what its next request is, and when it may be sent: when the one before
 * it has been answered.
 */
import { ClientError } from "./client-error.ts";
import type { SequencePlace } from "./connection.ts";

export type SequenceId = SequencePlace["id"];

interface Turn {
  readonly isEnd: boolean;
  /** For the one before, within one's own limits. */
  readonly wait: (before: Promise<void>) => Promise<void>;
}

export class SequenceState {
  readonly #id: SequenceId;
  #hasStarted = false;
  #latest: Promise<void> = Promise.resolve();

  constructor(id: SequenceId) {
    this.#id = id;
  }

  async run<T>(turn: Turn, send: (place: SequencePlace) => Promise<T>): Promise<T> {
    const taken = await this.#take(turn);
    try {
      return await send(taken.place);
    } catch (error) {
      taken.failed(error);
      throw error;
    } finally {
      taken.end();
    }
  }

  /** The same for a request with many responses: the next one is sent when these have ended. */
  async *stream<T>(
    turn: Turn,
    send: (place: SequencePlace) => AsyncGenerator<T, void, undefined>,
  ): AsyncGenerator<T, void, undefined> {
    const taken = await this.#take(turn);
    try {
      yield* send(taken.place);
    } catch (error) {
      taken.failed(error);
      throw error;
    } finally {
      taken.end();
    }
  }

  async #take({ isEnd, wait }: Turn) {
    const before = this.#latest;
    let end = (): void => {};
    this.#latest = new Promise<void>((resolve) => {
      end = resolve;
    });
    try {
      await wait(before);
    } catch (error) {
      void before.then(end);
      throw error;
    }
    const isStart = !this.#hasStarted;
    this.#hasStarted = !isEnd;
    return {
      place: { id: this.#id, isStart, isEnd },
      end,
      failed: (error: unknown): void => {
        // Where it was not run, the next one is what this was.
        const isKnown = error instanceof ClientError;
        if (isKnown && (error.isRetrySafe || error.kind === "invalid")) {
          this.#hasStarted = !isStart;
        }
      },
    };
  }
}
