/**
 * Parameters of inputs and requested outputs over gRPC: shared memory and classification.
 * This server has no shared memory: that is checked as the protocol says, and then refused.
 *
 * Unknown keys mean nothing here, as in Triton.
 */
import { InferenceError } from "./errors.ts";
import { type MessageParameters, wrongKind } from "./message-parameters.ts";
import { unknownRegion } from "./request-faults.ts";
import { toInteger } from "./wide-integers.ts";

/** Undefined: none is named. Throws INVALID_ARGUMENT. */
export function sharedMemoryRegion(
  parameters: MessageParameters,
  tensorName: string,
): string | undefined {
  const region = readRegion(parameters, tensorName);
  for (const key of ["shared_memory_offset", "shared_memory_byte_size"]) {
    const parameter = parameters[key];
    if (parameter === undefined) continue;
    if (region === undefined) {
      const why = `'${key}' can not be specified without 'shared_memory_region' parameter for`;
      throw invalid(`${why} tensor '${tensorName}'`);
    }
    if (parameter.int64Param === null) {
      throw wrongKind(`'${key}' parameter for tensor '${tensorName}'`, "int64_param");
    }
  }
  if (region !== undefined && parameters["shared_memory_byte_size"] === undefined) {
    const why = "'shared_memory_byte_size' must be specified along with 'shared_memory_region'";
    throw invalid(`${why} parameter for tensor '${tensorName}'`);
  }
  return region;
}

function readRegion(parameters: MessageParameters, tensorName: string): string | undefined {
  const parameter = parameters["shared_memory_region"];
  if (parameter === undefined) return undefined;
  if (parameter.stringParam !== null) return parameter.stringParam;
  throw wrongKind(`'shared_memory_region' parameter for tensor '${tensorName}'`, "string_param");
}

/** Most classes of the output; undefined: it is not to be classified. Throws an InferenceError. */
export function classCount(parameters: MessageParameters, outputName: string): number | undefined {
  const region = sharedMemoryRegion(parameters, outputName);
  const classification = parameters["classification"];
  if (classification !== undefined) {
    const { int64Param } = classification;
    if (int64Param === null) throw wrongKind("'classification' parameter", "int64_param");
    const count = toInteger(int64Param);
    if (count <= 0) {
      throw invalid("invalid value for 'classification' parameter, expected >= 0");
    }
    if (region === undefined) return Number(count);
    throw invalid("output can't set both 'shared_memory_region' and 'classification'");
  }
  if (region !== undefined) throw unknownRegion(region);
  return undefined;
}

function invalid(why: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", why);
}
