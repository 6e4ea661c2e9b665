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
    const responses = this.stream(turn, async function* (place) {
      yield await send(place);
    });
    const { value } = await responses.next();
    await responses.return();
    return value as T;
  }

  /** Of a request with many responses the next one is sent when these have ended. */
  async *stream<T>(
    { isEnd, wait }: Turn,
    send: (place: SequencePlace) => AsyncIterable<T>,
  ): AsyncGenerator<T, void, undefined> {
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
    try {
      yield* send({ id: this.#id, isStart, isEnd });
    } catch (error) {
      // Where it was not run, the next one is what this was.
      const isKnown = error instanceof ClientError;
      if (isKnown && (error.isRetrySafe || error.kind === "invalid")) this.#hasStarted = !isStart;
      throw error;
    } finally {
      end();
    }
  }
}
