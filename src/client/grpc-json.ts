/**
 * Messages of gRPC as the JSON that HTTP answers: names with underscores, integers that are exact,
 * enums by their names, and defaults, which a message need not carry.
 *
 * The generated code keeps defaults in its prototypes; there `null` is what is not set at all.
 */
import protobuf from "protobufjs/minimal.js";
import { inference } from "../protocol/generated/messages.js";
import { toInteger, type WideHalves } from "../protocol/wide-integers.ts";
import type { JsonObject } from "./connection.ts";

/** Of a field that is one, wherever the message's class has it. */
const enums: ReadonlyMap<unknown, Readonly<Record<string, object>>> = new Map<
  unknown,
  Record<string, object>
>([
  [inference.ModelInput, { dataType: inference.DataType, format: inference.ModelInput.Format }],
  [inference.ModelOutput, { dataType: inference.DataType }],
  [inference.BatchInput, { dataType: inference.DataType, kind: inference.BatchInput.Kind }],
  [inference.BatchOutput, { kind: inference.BatchOutput.Kind }],
  [inference.ModelInstanceGroup, { kind: inference.ModelInstanceGroup.Kind }],
  [
    inference.ModelInstanceGroup.SecondaryDevice,
    { kind: inference.ModelInstanceGroup.SecondaryDevice.SecondaryDeviceKind },
  ],
  [
    inference.ModelOptimizationPolicy,
    { priority: inference.ModelOptimizationPolicy.ModelPriority },
  ],
  [inference.ModelQueuePolicy, { timeoutAction: inference.ModelQueuePolicy.TimeoutAction }],
  [
    inference.ModelSequenceBatching.Control,
    { kind: inference.ModelSequenceBatching.Control.Kind, dataType: inference.DataType },
  ],
  [inference.ModelSequenceBatching.InitialState, { dataType: inference.DataType }],
  [inference.ModelSequenceBatching.State, { dataType: inference.DataType }],
  [inference.ModelWarmup.Input, { dataType: inference.DataType }],
]);

export function messageJson(message: object): JsonObject {
  const json: Record<string, unknown> = {};
  const prototype = Object.getPrototypeOf(message) as object;
  const isMap = prototype === Object.prototype;
  const fields = message as Readonly<Record<string, unknown>>;
  const named = enums.get(message.constructor) ?? {};
  const own = Object.keys(message);
  const names = isMap ? own : new Set([...Object.keys(prototype), ...own]);
  for (const name of names) {
    const value = fields[name];
    if (value === null || value === undefined || typeof value === "function") continue;
    const names = named[name];
    json[isMap ? name : snakeCase(name)] =
      names === undefined ? toJson(value) : nameIn(names, value);
  }
  return json;
}

function toJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== "object" || value === null) return value;
  if ("high" in value && "low" in value) return toInteger(value as WideHalves);
  return "priorityQueuePolicy" in value ? dynamicBatching(value) : messageJson(value);
}

/** Levels are 64-bit integers, of which the generated code makes keys of its own kind. */
function dynamicBatching(message: object): JsonObject {
  const json = messageJson(message);
  const policies = Object.entries(json["priority_queue_policy"] as object);
  const byLevel = policies.map(([key, policy]: [string, unknown]) => {
    const level = key.length === 8 ? protobuf.util.LongBits.fromHash(key).toNumber(true) : key;
    return [level, policy];
  });
  return { ...json, priority_queue_policy: Object.fromEntries(byLevel) as object };
}

/** One that is newer than this client stays a number. */
function nameIn(names: object, value: unknown): unknown {
  // Names by number are further up in the prototypes.
  return (names as Readonly<Record<string, unknown>>)[String(value)] ?? value;
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
