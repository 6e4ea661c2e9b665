/**
 * A configuration as JSON, as the load API's `config` parameter gives it: the text; its form is that
 * of config-values.ts.
 */
import { readConfigValues } from "./config-values.ts";
import { InferenceError } from "./errors.ts";
import { readJson } from "./json-reader.ts";
import { JsonSyntaxError } from "./json-syntax-error.ts";
import { JsonFloat, JsonObject, type JsonValue } from "./json-value.ts";
import type { WrittenConfig } from "./written-config.ts";

/** Throws INTERNAL with one line for each mistake. */
export function readConfigJson(text: string): WrittenConfig {
  const { config, mistakes } = readConfigValues(plain(parse(new TextEncoder().encode(text))));
  if (mistakes.length > 0) throw invalid(mistakes.join("\n"));
  return config;
}

function parse(bytes: Uint8Array): JsonValue {
  try {
    return readJson(bytes);
  } catch (error) {
    // Of too many values, or too deep ones, too.
    if (error instanceof JsonSyntaxError || error instanceof InferenceError) {
      throw invalid(error.message);
    }
    throw error;
  }
}

function plain(value: JsonValue): unknown {
  if (value instanceof JsonFloat) return value.value;
  if (value instanceof JsonObject) {
    return Object.fromEntries([...value.members].map(([key, each]) => [key, plain(each)]));
  }
  return isList(value) ? value.map(plain) : value;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function invalid(why: string): InferenceError {
  return new InferenceError("INTERNAL", `Invalid config override: ${why}`);
}
