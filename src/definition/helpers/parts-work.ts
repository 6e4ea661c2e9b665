/**
 * A batch that a helper gives to its function in parts: what is to be done, and how.
 *
 * Types only. Who does it: run-parts.ts, and stream-parts.ts for a model that streams.
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

export interface PartsWork {
  readonly helper: string;
  readonly model: DeclaredModel;
  /** The model as the function sees it; default: as the helper does. */
  readonly seenModel?: DeclaredModel;
  readonly context: AnyContext;
  readonly parts: readonly Part[];
  readonly options: PartOptions;
  readonly call: (part: Part, context: AnyContext) => unknown;
  /** Outputs for so many rows, with a batch dimension. */
  readonly toTensors: (returned: unknown, rows: number) => Tensors;
}
