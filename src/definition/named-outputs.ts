/**
 * Outputs by their names, as a model's function returned them: each that is declared, no other.
 *
 * Not here: their values (backends/function-outputs.ts, helpers/returned-tensors.ts).
 */
import { InferenceError } from "../protocol/errors.ts";

/** Throws INTERNAL, naming the model and the output. */
export function namedOutputs(
  modelName: string,
  names: readonly string[],
  returned: unknown,
): Readonly<Record<string, unknown>> {
  if (typeof returned !== "object" || returned === null || Array.isArray(returned)) {
    const got = returned === null ? "null" : Array.isArray(returned) ? "an array" : typeof returned;
    throw wrongOutput(modelName, `infer must return an object of outputs; got ${got}`);
  }
  if (Symbol.asyncIterator in returned || Symbol.iterator in returned) {
    const remedy = "a model that streams is a generator function, or says decoupled: true";
    const got = `infer must return an object of outputs; got a generator: ${remedy}`;
    throw wrongOutput(modelName, got);
  }
  for (const name of Object.keys(returned)) {
    if (names.includes(name)) continue;
    throw wrongOutput(modelName, `infer returned '${name}', which is no output of it`);
  }
  const values = returned as Readonly<Record<string, unknown>>;
  for (const name of names) {
    if (values[name] !== undefined) continue;
    throw wrongOutput(modelName, `infer did not return output '${name}'`);
  }
  return values;
}

export function wrongOutput(modelName: string, why: string): InferenceError {
  return new InferenceError("INTERNAL", `model '${modelName}': ${why}`, { reason: "BACKEND" });
}
