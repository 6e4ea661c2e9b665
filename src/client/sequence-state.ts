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
  #latest: Promise<unknown> = Promise.resolve();

  constructor(id: SequenceId) {
    this.#id = id;
  }

  run<T>(isEnd: boolean, send: (place: SequencePlace) => Promise<T>): Promise<T> {
    const running = this.#latest.then(async () => {
      try {
        const answer = await send({ id: this.#id, isStart: !this.#hasStarted, isEnd });
        this.#hasStarted = !isEnd;
        return answer;
      } catch (error) {
        // Where it was not run, the next one is what this was.
        const wasRun = !(
          error instanceof ClientError &&
          (error.isRetrySafe || error.kind === "invalid")
        );
        if (wasRun) this.#hasStarted = !isEnd;
        throw error;
      }
    });
    this.#latest = running.catch(() => {});
    return running;
  }
}
