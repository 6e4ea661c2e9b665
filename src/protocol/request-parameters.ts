/**
 * Parameters of an inference request: those that the protocol names, and the model's own.
 */
import { InferenceError } from "./errors.ts";
import {
  noParameters,
  type Parameters,
  type ParameterValue,
  type SequenceFields,
} from "./infer.ts";
import { asUnsigned, JsonFloat, JsonObject, type JsonValue } from "./json-value.ts";
import { NamedParameters } from "./named-parameters.ts";
import { wrongType } from "./request-faults.ts";

export interface RequestParameters {
  readonly custom: Parameters;
  readonly priority: number;
  readonly timeoutMs: number;
  readonly sequence: SequenceFields | undefined;
  /** Of the outputs that are not listed. */
  readonly binaryDataOutput: boolean;
}

const none: RequestParameters = {
  custom: noParameters,
  priority: 0,
  timeoutMs: 0,
  sequence: undefined,
  binaryDataOutput: false,
};

const maxSequenceIdLength = 128;

/** In the order given: the first that is wrong is told. */
export function readParameters(value: JsonValue | undefined): RequestParameters {
  if (value === undefined) return none;
  if (!(value instanceof JsonObject)) {
    const why = "failed to get request params.: attempt to get members for non-object";
    throw new InferenceError("INTERNAL", why);
  }
  const parameters = new OpenParameters();
  for (const [key, member] of value.members) parameters.take(key, member);
  return parameters;
}

export class OpenParameters extends NamedParameters implements RequestParameters {
  binaryDataOutput = false;

  take(key: string, value: JsonValue): void {
    if (this.takeNamed(key, value)) return;
    if (key.startsWith("triton_")) throw reserved();
    this.takeCustom(key, value);
  }

  /** Of equal keys the first counts. */
  takeCustom(key: string, value: JsonValue): void {
    const custom = toCustom(key, value);
    this.custom[key] ??= custom;
  }

  /** False: the protocol does not name it. */
  takeNamed(key: string, value: JsonValue): boolean {
    switch (key) {
      case "sequence_id":
        this.sequenceId = toSequenceId(value);
        break;
      case "sequence_start":
        this.isStart = toBoolean(key, value);
        break;
      case "sequence_end":
        this.isEnd = toBoolean(key, value);
        break;
      case "binary_data_output":
        this.binaryDataOutput = toBoolean(key, value);
        break;
      case "priority":
        this.priority = toUnsigned(key, value);
        break;
      case "timeout":
        this.timeoutMs = toUnsigned(key, value) / 1000;
        break;
      default:
        return false;
    }
    return true;
  }
}

function toSequenceId(value: JsonValue): bigint | string {
  const unsigned = asUnsigned(value);
  if (unsigned !== undefined) return BigInt(unsigned);
  if (typeof value !== "string") throw wrongType("sequence_id", "non-string as string");
  if (value.length > maxSequenceIdLength) {
    const why = "string correlation ID cannot be longer than 128 characters";
    throw new InferenceError("UNIMPLEMENTED", why);
  }
  return value;
}

function toBoolean(key: string, value: JsonValue): boolean {
  if (typeof value !== "boolean") throw wrongType(key, "non-boolean as boolean");
  return value;
}

function toUnsigned(key: string, value: JsonValue): number {
  const unsigned = asUnsigned(value);
  if (unsigned !== undefined) return Number(unsigned);
  throw wrongType(key, "non-unsigned-integer as unsigned-integer");
}

function toCustom(key: string, value: JsonValue): ParameterValue {
  if (value instanceof JsonFloat) return value.value;
  if (typeof value === "object") throw invalidType(key);
  // Beyond int64 an integer is handed on as the double that it is nearest to.
  return typeof value === "bigint" && value >= 2n ** 63n ? Number(value) : value;
}

function reserved(): InferenceError {
  const why =
    "parameter keys starting with 'triton_' are reserved for Triton usage and should not be " +
    "specified.";
  return new InferenceError("INVALID_ARGUMENT", why);
}

export function invalidType(key: string): InferenceError {
  const why = "has invalid type. It should be either 'int', 'bool', or 'string'.";
  return new InferenceError("INVALID_ARGUMENT", `parameter '${key}' ${why}`);
}
