/**
 * Runs a function part by part, and joins what it returns to the outputs of the batch.
 *
 * One part follows another, and it is synchronous as long as the function is. Of promises at most
 * `concurrency` are awaited at a time; a failure of the batch waits for those that are on their
 * way. A part of one request fails this request alone: the others have their results already, and
 * nothing is run again. What nobody waits for any more is not run.
 *
 * Not here: what a part is (parts.ts), who makes them (each helper), models that stream
 * (stream-parts.ts), failures that may be of any request of a part (core/running-batch.ts).
 */
import type { InferenceError } from "../../protocol/errors.ts";
import { type Check, callable, optionally, positiveInteger } from "../../protocol/option-checks.ts";
import { isPromise } from "../answer-forms.ts";
import type { DeclaredModel, Tensors } from "../infer-forms.ts";
import { isUnrecoverable } from "../unrecoverable-error.ts";
import { joinPieces, type Piece } from "./join-parts.ts";
import { findPadMistakes } from "./pad-with.ts";
import { type Part, PartContext, requestOf } from "./parts.ts";
import type { PartOptions, PartsWork } from "./parts-work.ts";
import { streamParts } from "./stream-parts.ts";

export const partOptionChecks: Readonly<Record<keyof PartOptions, Check>> = {
  concurrency: optionally(positiveInteger),
  pad: optionally(callable),
};

/** Of any helper that works in parts. */
export function findPartMistakes(
  helper: string,
  { pad }: PartOptions,
  model: DeclaredModel,
): readonly string[] {
  return pad === undefined ? [] : findPadMistakes(helper, pad, model);
}

export function runParts(work: PartsWork): unknown {
  return work.model.isDecoupled ? streamParts(work) : new PartsRun(work).run();
}

class PartsRun {
  readonly #work: PartsWork;
  /** By part. */
  readonly #values: unknown[] = [];
  /** Requests of the batch. */
  readonly #failed = new Set<number>();

  constructor(work: PartsWork) {
    this.#work = work;
  }

  run(): Tensors | Promise<Tensors> {
    for (const part of this.#work.parts) {
      const returned = this.#call(part);
      if (isPromise(returned)) return this.#runLater(part, returned);
      this.#values.push(returned);
    }
    return this.#joined();
  }

  /** This part is on its way, those before it are done. */
  async #runLater(first: Part, returned: PromiseLike<unknown>): Promise<Tensors> {
    const { parts, options } = this.#work;
    const { concurrency = 1 } = options;
    let pending: PromiseLike<unknown> | undefined = returned;
    let next = this.#values.length;
    let hasFailed = false;
    const runOn = async (): Promise<void> => {
      while (next < parts.length && !hasFailed) {
        const index = next;
        next += 1;
        const part = parts[index] ?? first;
        try {
          const value = pending ?? this.#call(part);
          pending = undefined;
          this.#values[index] = await value;
        } catch (reason) {
          if (this.#isOfOne(part, reason)) continue;
          hasFailed = true;
          throw reason;
        }
      }
    };
    const laneCount = Math.min(concurrency, parts.length - next);
    // Whoever is on his way reads inputs that are gone when this has settled.
    const lanes = await Promise.allSettled(Array.from({ length: laneCount }, runOn));
    for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
    return this.#joined();
  }

  #call(part: Part): unknown {
    if (!this.#isWanted(part)) return undefined;
    const { call, context, helper, seenModel } = this.#work;
    const fail = (index: number, error: InferenceError) => {
      this.#fail(part.shares[index]?.request ?? index, error);
    };
    try {
      return call(part, new PartContext({ context, part, helper, seenModel, fail }));
    } catch (reason) {
      if (!this.#isOfOne(part, reason)) throw reason;
      return undefined;
    }
  }

  #joined(): Tensors {
    const { context, parts, model, helper, options, toTensors } = this.#work;
    const pieces: Piece[] = [];
    for (const [index, part] of parts.entries()) {
      if (!this.#isWanted(part)) continue;
      try {
        const { rows } = part;
        pieces.push({ rows, outputs: toTensors(this.#values[index], rows.length) });
      } catch (reason) {
        if (!this.#isOfOne(part, reason)) throw reason;
      }
    }
    return joinPieces({ model, helper, pad: options.pad }, pieces, context.rows);
  }

  /** Does anybody wait for it? */
  #isWanted({ shares }: Part): boolean {
    const { context } = this.#work;
    for (const { request } of shares) {
      if (!this.#failed.has(request) && !requestOf(context, request).isAborted()) return true;
    }
    return false;
  }

  /** Is one request among others to blame? Then it has failed. */
  #isOfOne({ shares }: Part, reason: unknown): boolean {
    const [share, another] = shares;
    if (share === undefined || another !== undefined || isUnrecoverable(reason)) return false;
    if (this.#work.context.requests.length === 1) return false;
    // Whatever it is: an error for the caller is made of it there.
    this.#fail(share.request, reason as InferenceError);
    return true;
  }

  /** Of several errors the first counts. */
  #fail(request: number, error: InferenceError): void {
    if (this.#failed.has(request)) return;
    this.#work.context.fail(request, error);
    this.#failed.add(request);
  }
}
