/**
 * Parameters of an inference request over gRPC: those that the protocol names, and the model's own.
 *
 * Not here: those of inputs and outputs (tensor-parameters.ts).
 */
import { InferenceError } from "./errors.ts";
import type { inference } from "./generated/messages.js";
import type { Parameters, ParameterValue, SequenceFields } from "./infer.ts";
import { noParameters } from "./infer.ts";
import { NamedParameters } from "./named-parameters.ts";
import { toBigint, toInteger } from "./wide-integers.ts";

type MessageParameter = inference.InferParameter;

export type MessageParameters = Readonly<Record<string, MessageParameter>>;

export interface ReadMessageParameters {
  readonly custom: Parameters;
  readonly priority: number;
  readonly timeoutMs: number;
  readonly sequence: SequenceFields | undefined;
  /** Of a streaming model: its end is to be told by a response of its own, if need be. */
  readonly wantsEmptyFinal: boolean;
}

const none: ReadMessageParameters = {
  custom: noParameters,
  priority: 0,
  timeoutMs: 0,
  sequence: undefined,
  wantsEmptyFinal: false,
};

const maxSequenceIdBytes = 128;
const emptyFinal = "triton_enable_empty_final_response";

/** In the order given: the first that is wrong is told, as INVALID_ARGUMENT. */
export function readMessageParameters(parameters: MessageParameters): ReadMessageParameters {
  const keys = Object.keys(parameters);
  if (keys.length === 0) return none;
  const read = new OpenParameters();
  for (const key of keys) {
    const parameter = parameters[key];
    if (parameter !== undefined) read.take(key, parameter);
  }
  return read;
}

class OpenParameters extends NamedParameters implements ReadMessageParameters {
  wantsEmptyFinal = false;

  take(key: string, parameter: MessageParameter): void {
    switch (key) {
      case "sequence_id":
        this.sequenceId = toSequenceId(parameter);
        break;
      case "sequence_start":
        this.isStart = toBoolean(key, parameter);
        break;
      case "sequence_end":
        this.isEnd = toBoolean(key, parameter);
        break;
      case "priority":
        this.priority = toPriority(parameter);
        break;
      case "timeout":
        this.timeoutMs = toTimeoutMs(parameter);
        break;
      case emptyFinal:
        this.wantsEmptyFinal = toBoolean(key, parameter);
        break;
      default:
        this.custom[key] = toCustom(key, parameter);
    }
  }
}

export function wrongKind(key: string, expected: string): InferenceError {
  return invalid(`invalid value type for ${key}, expected ${expected}.`);
}

/** An id that is negative is taken as unsigned. */
function toSequenceId({ int64Param, uint64Param, stringParam }: MessageParameter): bigint | string {
  if (int64Param !== null) return BigInt.asUintN(64, toBigint(int64Param));
  if (uint64Param !== null) return toBigint(uint64Param);
  if (stringParam === null) {
    throw wrongKind("'sequence_id' parameter", "int64_param or string_param");
  }
  if (new TextEncoder().encode(stringParam).byteLength > maxSequenceIdBytes) {
    const why = "string correlation ID cannot be longer than 128 characters";
    throw new InferenceError("UNIMPLEMENTED", why);
  }
  return stringParam;
}

function toBoolean(key: string, { boolParam }: MessageParameter): boolean {
  if (boolParam === null) throw wrongKind(`'${key}' parameter`, "bool_param");
  return boolParam;
}

function toPriority({ int64Param, uint64Param }: MessageParameter): number {
  const given = uint64Param ?? int64Param;
  if (given === null) throw wrongKind("'priority' parameter", "int64_param or uint64_param");
  const priority = toInteger(given);
  if (priority < 0) throw invalid("invalid value for 'priority', expected value >= 0.");
  if (typeof priority === "number") return priority;
  throw invalid(`invalid value for 'priority', expected value <= 2^53 - 1, got ${priority}.`);
}

/** Microseconds; negative: without effect. */
function toTimeoutMs({ int64Param }: MessageParameter): number {
  if (int64Param === null) throw wrongKind("'timeout' parameter", "int64_param");
  return Math.max(0, Number(toInteger(int64Param)) / 1000);
}

function toCustom(key: string, parameter: MessageParameter): ParameterValue {
  if (key.startsWith("triton_")) {
    throw invalid(
      "parameter keys starting with 'triton_' are reserved for Triton usage. Only the following " +
        `keys starting with 'triton_' are allowed: ${emptyFinal}`,
    );
  }
  const { boolParam, int64Param, stringParam, doubleParam } = parameter;
  const integer = int64Param === null ? null : toInteger(int64Param);
  const value = stringParam ?? integer ?? boolParam ?? doubleParam;
  if (value !== null) return value;
  throw wrongKind(`'${key}' parameter`, "int64_param, bool_param, or string_param");
}

function invalid(why: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", why);
}
