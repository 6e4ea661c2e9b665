/**
 * Where a sequence stands: what its next request is, and when it may be sent: when the one before
 * it has been answered.
 */
import { ClientError } from "./client-error.ts";
import type { SequencePlace } from "./connection.ts";

export type SequenceId = SequencePlace["id"];

export class SequenceState {
  readonly #id: SequenceId;
  #hasStarted = false;
  #latest: Promise<void> = Promise.resolve();

  constructor(id: SequenceId) {
    this.#id = id;
  }

  async run<T>(isEnd: boolean, send: (place: SequencePlace) => Promise<T>): Promise<T> {
    const turn = await this.#turn(isEnd);
    try {
      return await send(turn.place);
    } catch (error) {
      throw turn.failed(error);
    } finally {
      turn.end();
    }
  }

  /** The same for a request with many responses: the next one is sent when these have ended. */
  async *stream<T>(
    isEnd: boolean,
    send: (place: SequencePlace) => AsyncGenerator<T, void, undefined>,
  ): AsyncGenerator<T, void, undefined> {
    const turn = await this.#turn(isEnd);
    try {
      yield* send(turn.place);
    } catch (error) {
      throw turn.failed(error);
    } finally {
      turn.end();
    }
  }

  /** When the one before is over. */
  async #turn(isEnd: boolean) {
    const before = this.#latest;
    let end = (): void => {};
    this.#latest = new Promise<void>((resolve) => {
      end = resolve;
    });
    await before;
    const isStart = !this.#hasStarted;
    this.#hasStarted = !isEnd;
    return {
      place: { id: this.#id, isStart, isEnd },
      end,
      failed: (error: unknown): unknown => {
        // Where it was not run, the next one is what this was.
        const wasRun = !(
          error instanceof ClientError &&
          (error.isRetrySafe || error.kind === "invalid")
        );
        if (!wasRun) this.#hasStarted = !isStart;
        return error;
      },
    };
  }
}
