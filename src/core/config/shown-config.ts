/**
 * A configuration as `GET .../config` shows it: protobuf's JSON form with everything that has a
 * default, in the order that clients of Triton know.
 *
 * Scalars, enums, lists and maps are always there; messages and branches of a oneof only if they
 * are given. Where the order is not that of the schema, it stands here.
 */
import { isFields } from "../../protocol/fields.ts";
import { type ConfigField, configSchema } from "../../protocol/written-config.ts";
import type { CompletedConfig } from "./normalise-config.ts";

type Json = Readonly<Record<string, unknown>>;

/** What is not named follows. */
const orders: Readonly<Record<string, readonly string[]>> = {
  ModelInstanceGroup: ["name", "kind", "count", "rate_limiter", "gpus", "secondary_devices"],
  ModelOutput: ["name", "data_type", "dims", "reshape"],
  "ModelSequenceBatching.Control": [
    "kind",
    "int32_false_true",
    "fp32_false_true",
    "bool_false_true",
  ],
};

export function shownConfig(config: CompletedConfig): Json {
  return showMessage("ModelConfig", config);
}

function showMessage(type: string, value: unknown): Json {
  const fields = configSchema.messages[type] ?? {};
  const given = isFields(value) ? value : {};
  const entries = orderOf(type).flatMap((name): [string, unknown][] => {
    const field = fields[name];
    if (field === undefined) return [];
    const inner = given[name];
    const isUnset = field.oneof !== undefined || isMessage(field);
    return inner === undefined && isUnset ? [] : [[name, showField(field, inner)]];
  });
  return Object.fromEntries(entries);
}

function orderOf(type: string): readonly string[] {
  const fields = Object.entries(configSchema.messages[type] ?? {});
  const [rest, last] = [false, true].map((isLast) => {
    const those = fields.filter(([, field]) => {
      return isLast === (field.oneof !== undefined && !isMessage(field));
    });
    return those.map(([name]) => name);
  });
  return [...new Set([...(orders[type] ?? []), ...(rest ?? []), ...(last ?? [])])];
}

/** Of which there is one at most. */
function isMessage({ type, isRepeated, keyType }: ConfigField): boolean {
  return configSchema.messages[type] !== undefined && isRepeated !== true && keyType === undefined;
}

function showField(field: ConfigField, value: unknown): unknown {
  if (field.keyType !== undefined) {
    const entries = Object.entries(isFields(value) ? value : {});
    return Object.fromEntries(entries.map(([key, each]) => [key, showSingle(field.type, each)]));
  }
  if (field.isRepeated !== true) return showSingle(field.type, value);
  const list: readonly unknown[] = Array.isArray(value) ? value : [];
  return list.map((each) => showSingle(field.type, each));
}

function showSingle(type: string, value: unknown): unknown {
  if (configSchema.messages[type] !== undefined) return showMessage(type, value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  // Beyond 2^53, where JSON of numbers is not exact for anybody.
  if (typeof value === "bigint") return Number(value);
  if (value !== undefined) return value;
  if (type === "string") return "";
  if (type === "bool") return false;
  const [first] = Object.keys(configSchema.enums[type] ?? {});
  return first ?? 0;
}
