/**
 * The configuration of a model as a message, made of the same normalised form that HTTP shows
 * (core/model-config-json.ts): names become those of the generated code, enums their numbers, as the
 * schema says.
 */
import type { ModelConfig } from "../../core/model-config.ts";
import { modelConfigJson } from "../../core/model-config-json.ts";
import { type Fields, isFields } from "../../protocol/fields.ts";
import type { inference } from "../../protocol/generated/messages.js";
import { type ConfigField, configSchema } from "../../protocol/written-config.ts";

export function modelConfigMessage(config: ModelConfig): inference.ModelConfig.$Properties {
  return shownMessage(modelConfigJson(config));
}

/** Of what HTTP shows. */
export function shownMessage(shown: Fields): inference.ModelConfig.$Properties {
  return toMessage("ModelConfig", shown) as inference.ModelConfig.$Properties;
}

function toMessage(type: string, json: Fields): object {
  const fields = configSchema.messages[type] ?? {};
  const entries = Object.entries(json).map(([name, value]) => {
    const camelCase = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const field = fields[name];
    return [camelCase, field === undefined ? value : toValue(field, value)];
  });
  return Object.fromEntries(entries) as object;
}

function toValue({ type, keyType }: ConfigField, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each: unknown) => toSingle(type, each));
  if (keyType === undefined || !isFields(value)) return toSingle(type, value);
  const pairs = Object.entries(value).map(([key, each]) => [key, toSingle(type, each)]);
  return Object.fromEntries(pairs);
}

function toSingle(type: string, value: unknown): unknown {
  const names = configSchema.enums[type];
  if (names !== undefined && typeof value === "string") return names[value];
  return isFields(value) ? toMessage(type, value) : value;
}
