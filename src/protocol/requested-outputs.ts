/**
 * Requested outputs: which ones a request wants, and in which form each is to be sent: itself or its
 * classes, as JSON or binary.
 */
import { InferenceError } from "./errors.ts";
import { asUnsigned, JsonObject, type JsonValue } from "./json-value.ts";
import { alreadyExists, missingMember, unknownRegion, wrongType } from "./request-faults.ts";

export interface RequestedOutputs {
  /** Empty: all of the model. */
  readonly names: readonly string[];
  readonly forms: OutputForms;
  /** Of those that are to be classified: most classes. Undefined: none is. */
  readonly classes: ReadonlyMap<string, number> | undefined;
}

/** Is an output to be sent as binary? */
export interface OutputForms {
  readonly isBinaryByDefault: boolean;
  /** Of the outputs that are listed: the default does not hold for them. */
  readonly isBinary: ReadonlyMap<string, boolean> | undefined;
}

export const allAsJson: RequestedOutputs = {
  names: [],
  forms: { isBinaryByDefault: false, isBinary: undefined },
  classes: undefined,
};
export const allAsBinary: RequestedOutputs = {
  names: [],
  forms: { isBinaryByDefault: true, isBinary: undefined },
  classes: undefined,
};

export function readOutputs(
  value: JsonValue | undefined,
  requestId: string,
  isBinaryByDefault: boolean,
): RequestedOutputs {
  const all = isBinaryByDefault ? allAsBinary : allAsJson;
  if (value === undefined) return all;
  if (!Array.isArray(value)) throw wrongType("outputs", "non-array as array");
  const isBinary = new Map<string, boolean>();
  let classes: Map<string, number> | undefined;
  for (const output of value as readonly JsonValue[]) {
    const members = output instanceof JsonObject ? output.members : undefined;
    const parameters = members?.get("parameters");
    const options = parameters instanceof JsonObject ? parameters.members : undefined;
    checkConflicts(options);
    const name = toName(members?.get("name"));
    if (isBinary.has(name)) throw alreadyExists(`output '${name}'`, requestId);
    const count = classCount(options?.get("classification"));
    if (count > 0) classes = (classes ?? new Map<string, number>()).set(name, count);
    isBinary.set(name, isToBeBinary(options));
  }
  if (isBinary.size === 0) return all;
  return { names: [...isBinary.keys()], forms: { isBinaryByDefault, isBinary }, classes };
}

function toName(name: JsonValue | undefined): string {
  if (name === undefined) throw missingMember("name");
  if (typeof name !== "string") throw wrongType("name", "non-string as string");
  return name;
}

type OutputOptions = ReadonlyMap<string, JsonValue> | undefined;

function checkConflicts(options: OutputOptions): void {
  if (!options?.has("shared_memory_region")) return;
  for (const other of ["classification", "binary_data"]) {
    if (!options.has(other)) continue;
    const why = `Output can't set both 'shared_memory_region' and '${other}'`;
    throw new InferenceError("INVALID_ARGUMENT", why);
  }
}

function isToBeBinary(options: OutputOptions): boolean {
  const region = options?.get("shared_memory_region");
  if (region !== undefined) throw unknownRegion(region);
  const isBinary = options?.get("binary_data");
  // null is of the wrong type, as anything but a boolean.
  if (isBinary === undefined) return false;
  if (typeof isBinary !== "boolean") throw wrongType("binary_data", "non-boolean as boolean");
  return isBinary;
}

/** 0: it is to stay as it is. */
function classCount(value: JsonValue | undefined): number {
  if (value === undefined) return 0;
  const count = asUnsigned(value);
  if (count === undefined) {
    const why = "attempt to access JSON non-unsigned-integer as unsigned-integer";
    throw new InferenceError("INTERNAL", `Unable to set 'classification': ${why}`);
  }
  return Number(count);
}
