/**
 * The configuration of a model as a message, made of the same normalised form that HTTP shows
 * (core/model-config-json.ts): names become those of the generated code, enums their numbers.
 */
import type { ModelConfig } from "../../core/model-config.ts";
import { modelConfigJson } from "../../core/model-config-json.ts";
import { inference } from "../../protocol/generated/messages.js";

/** By field, wherever it is. */
const enums: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  data_type: inference.DataType,
  format: inference.ModelInput.Format,
  kind: inference.ModelInstanceGroup.Kind,
  priority: inference.ModelOptimizationPolicy.ModelPriority,
  timeout_action: inference.ModelQueuePolicy.TimeoutAction,
} as unknown as Record<string, Record<string, number>>;

/** Their keys are the user's. */
const maps: ReadonlySet<string> = new Set([
  "parameters",
  "metric_tags",
  "cc_model_filenames",
  "priority_queue_policy",
  "inputs",
]);

export function modelConfigMessage(config: ModelConfig): inference.ModelConfig.$Properties {
  return toMessage(modelConfigJson(config)) as inference.ModelConfig.$Properties;
}

function toMessage(json: object): object {
  const entries = Object.entries(json).map(([name, value]: [string, unknown]) => {
    const field = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (typeof value === "string" && enums[name] !== undefined) return [field, enums[name][value]];
    if (!maps.has(name)) return [field, toValue(value)];
    const pairs = Object.entries(value as object).map(([key, each]) => [key, toValue(each)]);
    return [field, Object.fromEntries(pairs)];
  });
  return Object.fromEntries(entries) as object;
}

function toValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toValue);
  return typeof value === "object" && value !== null ? toMessage(value) : value;
}
