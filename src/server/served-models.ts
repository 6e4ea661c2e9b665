/**
 * Models as they are handed to a server: one or a list, each checked to be a model, and none twice.
 */
import { isModel, type ModelBase } from "../definition/model-base.ts";

export interface ServedModel {
  readonly model: ModelBase;
  /**
   * File URL of the module that defines it, for models that do not say so themselves: they run
   * in a thread then, instead of inline.
   */
  readonly module: string | undefined;
}

/** Throws a TypeError for what is no model, and for a second model of the same name and version. */
export function servedModels(
  models: ModelBase | readonly ModelBase[],
  module?: string,
): readonly ServedModel[] {
  const list: readonly unknown[] = Array.isArray(models) ? models : [models];
  const seen = new Set<string>();
  return list.map((model, index) => {
    if (!isModel(model)) {
      const where = list.length > 1 ? ` at position ${index}` : "";
      throw new TypeError(
        `expected a model${where}, made by model() or onnx(); got ${describe(model)}`,
      );
    }
    const key = `${model.name}/${model.version}`;
    if (seen.has(key)) {
      throw new TypeError(`model '${model.name}' is there twice in version ${model.version}`);
    }
    seen.add(key);
    return { model, module };
  });
}

function describe(value: unknown): string {
  if (value === null) return "null";
  return typeof value === "object" ? "another object" : typeof value;
}
