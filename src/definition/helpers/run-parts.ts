/**
 * Runs a function part by part, and joins what it returns to the outputs of the batch.
 *
 *   values      one part after another; synchronous as long as the function is
 *   promises    at most `concurrency` at a time; a failure waits for those that are on their way
 *   steps       all at once, each a stream of its own: stream-parts.ts
 *
 * Not here: what a part is (parts.ts), who makes them (each helper).
 */
import { type Check, callable, optionally, positiveInteger } from "../../protocol/option-checks.ts";
import { isPromise, type Steps, stepsOf } from "../answer-forms.ts";
import type { DeclaredModel } from "../infer-forms.ts";
import { joinPieces } from "./join-parts.ts";
import { findPadMistakes } from "./pad-with.ts";
import type { Part } from "./parts.ts";
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
  const { parts } = work;
  const values: unknown[] = [];
  for (const part of parts) {
    const returned = callPart(work, part);
    if (isPromise(returned)) return runLater(work, values, returned);
    values.push(returned);
  }
  return joined(work, values);
}

async function runLater(
  work: PartsWork,
  values: unknown[],
  returned: PromiseLike<unknown>,
): Promise<unknown> {
  const { parts, model, options } = work;
  const { concurrency = model.isDecoupled ? Number.POSITIVE_INFINITY : 1 } = options;
  let next = values.length;
  let hasFailed = false;
  const runFrom = async (index: number, pending: unknown): Promise<void> => {
    try {
      values[index] = await pending;
      while (next < parts.length && !hasFailed) {
        const at = next;
        next += 1;
        values[at] = await callPart(work, parts[at] as Part);
      }
    } catch (reason) {
      hasFailed = true;
      throw reason;
    }
  };
  const lanes = [runFrom(next, returned)];
  next += 1;
  while (lanes.length < concurrency && next < parts.length) {
    const at = next;
    next += 1;
    lanes.push(runFrom(at, callLater(work, parts[at] as Part)));
  }
  // Whoever is on his way reads inputs that are gone when this has settled.
  for (const lane of await Promise.allSettled(lanes)) {
    if (lane.status === "rejected") throw lane.reason;
  }
  return joined(work, values);
}

async function callLater(work: PartsWork, part: Part): Promise<unknown> {
  return await callPart(work, part);
}

/**
 * Whatever it throws or rejects with fails the batch: here is where the requests of the part alone
 * would fail.
 */
function callPart({ call }: PartsWork, part: Part): unknown {
  return call(part);
}

function joined(work: PartsWork, values: readonly unknown[]): unknown {
  const { context, parts, model, helper, options, toTensors } = work;
  const steps = values.map(stepsOf).filter((each): each is Steps => each !== undefined);
  if (steps.length === values.length) return streamParts(work, steps);
  // One that sends its responses.
  if (model.isDecoupled && values.every((value) => value === undefined)) return undefined;
  const pieces = parts.map((part, index) => {
    return { rows: part.rows, outputs: toTensors(values[index], part) };
  });
  return joinPieces({ model, helper, pad: options.pad }, pieces, context.rows);
}
