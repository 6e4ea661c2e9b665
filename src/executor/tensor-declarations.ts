/**
 * Specifications of a definition as plain declarations: what the core, and another thread, is told.
 */
import type { TensorSpecs } from "../definition/specifications.ts";
import type { TensorDeclaration } from "../protocol/model-options.ts";

export function declarations(specs: TensorSpecs): readonly TensorDeclaration[] {
  return Object.entries(specs).map(([name, { datatype, dims, isOptional }]) => {
    return { name, datatype, dims, isOptional };
  });
}
