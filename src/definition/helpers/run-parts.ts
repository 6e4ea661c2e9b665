/**
 * Runs a function part by part, and joins what it returns to the outputs of the batch.
 *
 * One part follows another, and it is synchronous as long as the function is. Of promises at most
 * `concurrency` are awaited at a time; a failure waits for those that are on their way.
 *
 * Not here: what a part is (parts.ts), who makes them (each helper), models that stream
 * (stream-parts.ts).
 */
import { type Check, callable, optionally, positiveInteger } from "../../protocol/option-checks.ts";
import { isPromise } from "../answer-forms.ts";
import type { DeclaredModel } from "../infer-forms.ts";
import { joinPieces } from "./join-parts.ts";
import { findPadMistakes } from "./pad-with.ts";
import { type Part, PartContext } from "./parts.ts";
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
  if (work.model.isDecoupled) return streamParts(work);
  const values: unknown[] = [];
  for (const part of work.parts) {
    const returned = callPart(work, part);
    if (isPromise(returned)) return runLater(work, values, returned);
    values.push(returned);
  }
  return joined(work, values);
}

/** `values` are those of the parts before. */
async function runLater(
  work: PartsWork,
  values: unknown[],
  returned: PromiseLike<unknown>,
): Promise<unknown> {
  const { parts, options } = work;
  const { concurrency = 1 } = options;
  let pending: PromiseLike<unknown> | undefined = returned;
  let next = values.length;
  let hasFailed = false;
  const runOn = async (): Promise<void> => {
    try {
      while (next < parts.length && !hasFailed) {
        const index = next;
        next += 1;
        // The first one is on its way already.
        const value = pending ?? callPart(work, parts[index] as Part);
        pending = undefined;
        values[index] = await value;
      }
    } catch (reason) {
      hasFailed = true;
      throw reason;
    }
  };
  const laneCount = Math.min(concurrency, parts.length - next);
  // Whoever is on his way reads inputs that are gone when this has settled.
  const lanes = await Promise.allSettled(Array.from({ length: laneCount }, runOn));
  for (const lane of lanes) if (lane.status === "rejected") throw lane.reason;
  return joined(work, values);
}

/** Whatever it throws or rejects with fails the batch, whose parts are then run by themselves. */
function callPart({ call, context, helper, seenModel }: PartsWork, part: Part): unknown {
  return call(part, new PartContext({ context, part, helper, seenModel }));
}

function joined(work: PartsWork, values: readonly unknown[]): unknown {
  const { context, parts, model, helper, options, toTensors } = work;
  const pieces = parts.map(({ rows }, index) => {
    return { rows, outputs: toTensors(values[index], rows.length) };
  });
  return joinPieces({ model, helper, pad: options.pad }, pieces, context.rows);
}
