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
