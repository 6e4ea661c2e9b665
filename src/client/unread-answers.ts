/** Answers of one request of a stream that have come, and that nobody has read yet. */
import type { WireAnswer } from "./connection.ts";

export class UnreadAnswers {
  #answers: WireAnswer[] = [];
  #end: { readonly failure: unknown } | undefined;
  #wake: (() => void) | undefined;

  get count(): number {
    return this.#answers.length;
  }

  push(answer: WireAnswer): void {
    if (this.#end === undefined) this.#answers.push(answer);
    this.#wake?.();
  }

  /** The last word: what has come before is still to be read. Without a failure it has ended well. */
  end(failure?: unknown): void {
    this.#end ??= { failure };
    this.#wake?.();
  }

  /** At once: what has come is not to be read any more. */
  stop(failure: unknown): void {
    this.#answers = [];
    this.#end = { failure };
    this.#wake?.();
  }

  /** The next one when it comes; undefined: there are no more. For one reader. */
  async next(): Promise<WireAnswer | undefined> {
    while (this.#answers.length === 0 && this.#end === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    const answer = this.#answers.shift();
    if (answer === undefined && this.#end?.failure !== undefined) throw this.#end.failure;
    return answer;
  }
}
