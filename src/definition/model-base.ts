/**
 * What every kind of model definition has in common, and how the executor tells them apart.
 */
import type { ModelOptions } from "../protocol/model-options.ts";
import type { ModelMeasures } from "./measures.ts";

export interface ModelBase<Name extends string = string> {
  /** Which backend runs it. */
  readonly kind: "function" | "onnx";
  readonly name: Name;
  /** Positive integer. */
  readonly version: number;
  readonly options: ModelOptions;
  readonly measures: ModelMeasures;
}

/** Made by any copy of the package: so not by its class. */
export function isModel(value: unknown): value is ModelBase {
  if (typeof value !== "object" || value === null) return false;
  const { kind, name, version } = value as Partial<ModelBase>;
  return (
    (kind === "function" || kind === "onnx") &&
    typeof name === "string" &&
    typeof version === "number"
  );
}
