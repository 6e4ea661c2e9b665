/**
 * Parameters of inputs and requested outputs over gRPC: shared memory and classification, which
 * this server does not have. They are checked as the protocol says, and then refused.
 *
 * Unknown keys mean nothing here, as in Triton.
 */
import { InferenceError } from "./errors.ts";
import { type MessageParameters, wrongKind } from "./message-parameters.ts";
import { classificationUnsupported, unknownRegion } from "./request-faults.ts";
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

/** Throws whatever keeps an output from being sent as it is. */
export function checkOutputParameters(parameters: MessageParameters, outputName: string): void {
  const region = sharedMemoryRegion(parameters, outputName);
  const classification = parameters["classification"];
  if (classification !== undefined) {
    const { int64Param } = classification;
    if (int64Param === null) throw wrongKind("'classification' parameter", "int64_param");
    if (toInteger(int64Param) <= 0) {
      throw invalid("invalid value for 'classification' parameter, expected >= 0");
    }
    if (region === undefined) throw classificationUnsupported();
    throw invalid("output can't set both 'shared_memory_region' and 'classification'");
  }
  if (region !== undefined) throw unknownRegion(region);
}

function invalid(why: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", why);
}
