/**
 * Responses to one request whose rows are in one part of the batch, or in several: then one of
 * each makes a response.
 *
 * It ends when its parts have ended. If one has ended and another goes on, it fails: all rows get
 * equally many responses.
 */
import type { InferenceError } from "../../protocol/errors.ts";
import type { Tensors } from "../infer-forms.ts";
import { wrongOutput } from "../named-outputs.ts";
import { joinPieces } from "./join-parts.ts";
import { type Part, requestOf } from "./parts.ts";
import type { PartsWork } from "./parts-work.ts";

interface Waiting {
  readonly outputs: Tensors;
  readonly resolve: (sent: Promise<void> | undefined) => void;
}

interface PartQueue {
  readonly part: Part;
  readonly waiting: Waiting[];
  hasEnded: boolean;
}

export class RequestResponses {
  readonly #work: PartsWork;
  readonly #request: number;
  readonly #queues: PartQueue[] = [];
  #isClosed = false;

  constructor(work: PartsWork, request: number) {
    this.#work = work;
    this.#request = request;
  }

  /** Does anybody wait for more? */
  get isWanted(): boolean {
    return !this.#isClosed && !requestOf(this.#work.context, this.#request).isAborted();
  }

  /** Some of its rows are in this part. */
  awaitPart(part: Part): void {
    this.#queues.push({ part, waiting: [], hasEnded: false });
  }

  /**
   * A response for the rows of this part. Resolves when it has been sent with those of the others,
   * and there is room for more; or is wanted no more.
   */
  async give(part: Part, outputs: () => Tensors): Promise<void> {
    if (this.#isClosed) return;
    try {
      const waiting = this.#queueOf(part)?.waiting;
      const given = outputs();
      await new Promise<void>((resolve) => {
        // A promise that it resolves with is its own.
        waiting?.push({ outputs: given, resolve: resolve as Waiting["resolve"] });
        this.#sendWhole();
      });
    } catch (reason) {
      // Perhaps it has failed already: then this is nothing.
      this.fail(reason as InferenceError);
      throw reason;
    }
  }

  end(part: Part): void {
    const queue = this.#queueOf(part);
    if (queue === undefined || this.#isClosed) return;
    queue.hasEnded = true;
    this.#sendWhole();
  }

  fail(error: InferenceError): void {
    if (this.#isClosed) return;
    this.#close();
    this.#work.context.fail(this.#request, error);
  }

  #queueOf(part: Part): PartQueue | undefined {
    return this.#queues.find((queue) => queue.part === part);
  }

  #sendWhole(): void {
    const queues = this.#queues;
    while (queues.every(({ waiting }) => waiting.length > 0)) this.#send();
    const isDone = (queue: PartQueue): boolean => queue.hasEnded && queue.waiting.length === 0;
    if (queues.every(isDone)) {
      this.#close();
      this.#work.context.end(this.#request);
    } else if (queues.some(isDone) && queues.some(({ waiting }) => waiting.length > 0)) {
      const why = "the rows of a request must get equally many responses";
      const { model, helper } = this.#work;
      this.fail(wrongOutput(model.name, `${helper}: ${why}: some have ended, others have not`));
    }
  }

  /** The first of each part. */
  #send(): void {
    const { context, model, helper, options } = this.#work;
    const { firstRow, rows } = requestOf(context, this.#request);
    const turn = this.#queues.flatMap(({ part, waiting }) => {
      const first = waiting.shift();
      return first === undefined ? [] : [{ ...first, part }];
    });
    const sent = (async () => {
      const pieces = turn.map(({ outputs, part }) => ({
        outputs,
        rows: part.rows.map((row) => row - firstRow).filter((row) => row >= 0 && row < rows),
      }));
      const whole = joinPieces({ model, helper, pad: options.pad }, pieces, rows);
      await context.send(this.#request, whole);
    })();
    for (const { resolve } of turn) resolve(sent);
  }

  /** Whoever waits need not. */
  #close(): void {
    this.#isClosed = true;
    for (const { waiting } of this.#queues) {
      for (const { resolve } of waiting) resolve(undefined);
    }
  }
}
