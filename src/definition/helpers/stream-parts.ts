/**
 * Streams of parts: each part is called by itself, all at a time, and what it yields or sends
 * becomes responses to the requests that have rows in it.
 *
 * A response has all rows of its request. Where these are in several parts it waits for each of
 * them (request-responses.ts), so such parts keep in step; all others go as fast as their readers
 * read. What a part throws fails its own requests only.
 */
import type { InferenceError } from "../../protocol/errors.ts";
import { type Steps, stepsOf } from "../answer-forms.ts";
import { wrongOutput } from "../named-outputs.ts";
import { isUnrecoverable } from "../unrecoverable-error.ts";
import { type Part, PartContext } from "./parts.ts";
import type { PartsWork } from "./parts-work.ts";
import { RequestResponses } from "./request-responses.ts";
import { mapTensors, rowsOf } from "./tensor-rows.ts";

/** A generator (which yields nothing: all is sent) if the function is one; else a promise. */
export function streamParts(work: PartsWork): AsyncGenerator<never, void> | Promise<void> {
  const responses = responsesOf(work);
  const streams = work.parts.map((part) => new PartStream(work, part, responses));
  const run = async (): Promise<void> => {
    await Promise.all(streams.map((stream) => stream.run()));
  };
  return streams.some(({ isGenerator }) => isGenerator) ? yieldNothing(run) : run();
}

async function* yieldNothing(run: () => Promise<void>): AsyncGenerator<never, void> {
  await run();
  yield* [];
}

/** By request: that of any part. */
type Responses = ReadonlyMap<number, RequestResponses>;

function responsesOf(work: PartsWork): Responses {
  const responses = new Map<number, RequestResponses>();
  for (const part of work.parts) {
    for (const { request } of part.shares) {
      const own = responses.get(request) ?? new RequestResponses(work, request);
      own.awaitPart(part);
      responses.set(request, own);
    }
  }
  return responses;
}

class PartStream {
  readonly isGenerator: boolean;
  readonly #work: PartsWork;
  readonly #part: Part;
  /** Of its requests, in their order in the part. */
  readonly #responses: readonly RequestResponses[];
  readonly #returned: Promise<unknown>;

  constructor(work: PartsWork, part: Part, responses: Responses) {
    this.#work = work;
    this.#part = part;
    this.#responses = part.shares.flatMap(({ request }) => responses.get(request) ?? []);
    const returned = this.#call();
    this.isGenerator = stepsOf(returned) !== undefined;
    this.#returned = Promise.resolve(returned);
    // It is awaited in `run`.
    this.#returned.catch(() => {});
  }

  /** Rejects only with what the model cannot go on after. */
  async run(): Promise<void> {
    let steps: Steps | undefined;
    try {
      const returned = await this.#returned;
      steps = stepsOf(returned);
      if (steps !== undefined) await this.#pull(steps);
      else if (returned !== undefined) throw this.#wrongReturn(returned);
      await steps?.return?.();
      for (const responses of this.#responses) responses.end(this.#part);
    } catch (reason) {
      // Whatever it is: an error for the caller is made of it there.
      for (const responses of this.#responses) responses.fail(reason as InferenceError);
      // Of two errors the first counts.
      await Promise.resolve(steps?.return?.()).catch(() => {});
      if (isUnrecoverable(reason)) throw reason;
    }
  }

  #call(): unknown {
    const { call, context, helper, seenModel, toTensors } = this.#work;
    const inside = new PartContext({
      context,
      part: this.#part,
      helper,
      seenModel,
      send: (index, outputs, { isFinal = false } = {}) => {
        const responses = this.#responses[index];
        const { rows = 0 } = this.#part.shares[index] ?? {};
        const sent = responses?.give(this.#part, () => toTensors(outputs, rows));
        if (isFinal) responses?.end(this.#part);
        return sent ?? Promise.resolve();
      },
      end: (index) => this.#responses[index]?.end(this.#part),
      fail: (index, error) => this.#responses[index]?.fail(error),
    });
    try {
      return call(this.#part, inside);
    } catch (reason) {
      return Promise.reject(reason);
    }
  }

  async #pull(steps: Steps): Promise<void> {
    const { shares, rows } = this.#part;
    while (this.#responses.some(({ isWanted }) => isWanted)) {
      const { done, value } = await steps.next();
      if (done) return;
      const outputs = this.#work.toTensors(value, rows.length);
      const given = shares.map(async ({ firstRow, rows: count }, index) => {
        const own = (): typeof outputs => {
          return mapTensors(outputs, (tensor) => rowsOf(tensor, firstRow, firstRow + count));
        };
        await this.#responses[index]?.give(this.#part, own);
      });
      // One that is not taken fails its request, and no other.
      await Promise.allSettled(given);
    }
  }

  #wrongReturn(returned: unknown): InferenceError {
    const why = "infer of a model that streams must be a generator, or return nothing";
    return wrongOutput(this.#work.model.name, `${why}; got ${typeof returned}`);
  }
}
