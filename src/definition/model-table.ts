/**
 * Model table: how the entry of an instance finds a model in a module that it imports.
 *
 * The entry opens a table, imports the user's module, and takes the model from the table as soon
 * as the module has been evaluated or has reached `serve()`, whichever is first. The command line
 * does the same. Elsewhere there is no table, and `model()` registers nothing.
 *
 * It stands on globalThis under a `Symbol.for`, because a loader may bring a second copy of this
 * package, and both must see the same table.
 */
import type { ModelBase } from "./model-base.ts";

export interface ModelTable {
  /** In the order of their definition. */
  readonly models: ModelBase[];
  readonly servePromise: Promise<void>;
  readonly reachServe: () => void;
  hasReachedServe: boolean;
}

const key = Symbol.for("shoal.models");
const shared = globalThis as { [key]?: ModelTable };

/** Called before a module of the user's is imported for its models. */
export function openModelTable(): ModelTable {
  let reachServe = (): void => {};
  const servePromise = new Promise<void>((resolve) => {
    reachServe = resolve;
  });
  const table = { models: [], servePromise, reachServe, hasReachedServe: false };
  shared[key] = table;
  return table;
}

/** From now on `model()` registers nothing, and `serve()` serves. */
export function closeModelTable(): void {
  delete shared[key];
}

/** Is a module being imported for its models only? */
export function isCollectingModels(): boolean {
  return shared[key] !== undefined;
}

export function registerModel(model: ModelBase): void {
  shared[key]?.models.push(model);
}

/**
 * What `serve()` does inside an instance: it never resolves, because what stands after it belongs
 * to the main thread.
 */
export function waitInsteadOfServing(): Promise<never> {
  const table = shared[key];
  if (table !== undefined) {
    table.hasReachedServe = true;
    table.reachServe();
  }
  return new Promise<never>(() => {});
}

/** Is the rest of the user's module unevaluated for good? */
export function hasReachedServe(): boolean {
  return shared[key]?.hasReachedServe ?? false;
}
