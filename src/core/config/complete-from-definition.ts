/**
 * What a configuration leaves open, completed from the definition of a model in JavaScript that it
 * stands beside: its tensors, and whatever options both together have.
 *
 * What is written is kept, word for word. Whether it agrees with the definition:
 * definition-mistakes.ts. How the model is warmed up is shown only where it is written here, because
 * a definition has more ways to say that.
 */
import { readConfigJson } from "../../protocol/config-json.ts";
import type { Written, WrittenConfig } from "../../protocol/written-config.ts";
import type { ModelConfig } from "../model-config.ts";
import { modelConfigJson } from "../model-config-json.ts";

const fields = [
  "max_batch_size",
  "input",
  "output",
  "dynamic_batching",
  "instance_group",
  "model_transaction_policy",
  "response_cache",
];

/** `resolved` is what the definition and the configuration together have become. */
export function completeFromDefinition(
  written: WrittenConfig,
  resolved: ModelConfig,
): WrittenConfig {
  const entries = Object.entries(modelConfigJson(resolved));
  const known = Object.fromEntries(entries.filter(([name]) => fields.includes(name)));
  const defined = readConfigJson(JSON.stringify(known));
  return {
    ...defined,
    ...written,
    ...(defined.dynamic_batching && {
      dynamic_batching: { ...defined.dynamic_batching, ...written.dynamic_batching },
    }),
    input: joinedTensors(defined.input, written.input),
    output: joinedTensors(defined.output, written.output),
  };
}

type Tensor = Written<"ModelInput"> & Written<"ModelOutput">;

/** In the order of the definition. */
function joinedTensors(
  defined: readonly Tensor[] = [],
  written: readonly Tensor[] = [],
): readonly Tensor[] {
  return defined.map((tensor) => {
    return { ...tensor, ...written.find(({ name }) => name === tensor.name) };
  });
}
