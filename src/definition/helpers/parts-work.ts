/**
 * A batch that a helper gives to its function in parts: what is to be done, and how.
 *
 * Types only. Who does it: run-parts.ts, and stream-parts.ts where the function is a generator.
 */
import type { DeclaredModel, Tensors } from "../infer-forms.ts";
import type { AnyContext } from "./helper-types.ts";
import type { Pad } from "./join-parts.ts";
import type { Part } from "./parts.ts";

export interface PartOptions {
  /**
   * Calls of an async function that run at a time; default 1, one after another. In a model that
   * streams all do.
   */
  readonly concurrency?: number;
  /** Where rows of an output differ in shape from call to call: makes them equal. */
  readonly pad?: Pad;
}

/** A batch in parts. */
export interface PartsWork {
  readonly helper: string;
  readonly model: DeclaredModel;
  readonly context: AnyContext;
  readonly parts: readonly Part[];
  readonly options: PartOptions;
  readonly call: (part: Part) => unknown;
  /** What it returned, with its rows. */
  readonly toTensors: (returned: unknown, part: Part) => Tensors;
}
