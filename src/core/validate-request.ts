/**
 * Validation of a request against the model that it is for: names, datatypes, shapes, bytes.
 *
 * The first error wins, in the protocol's order, with the protocol's texts: requested outputs,
 * number and names of the inputs, batch size, then input by input, in the order of the
 * configuration, datatype, shape and bytes. What passes here is safe to gather into a batch.
 *
 * Not here: the syntax of a request (protocol codecs), whether the model is there (repository.ts).
 */
import { datatypes } from "../protocol/datatype.ts";
import { InferenceError, requestPrefix } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";
import { findPackedBytesFault, type PackedBytesFault } from "../protocol/packed-bytes.ts";
import { elementCount, exactElementCount, formatShape } from "../protocol/shape.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import type { ModelConfig, TensorConfig } from "./model-config.ts";

/** Throws INVALID_ARGUMENT. */
export function validateRequest(request: InferRequest, config: ModelConfig): void {
  checkOutputs(request, config);
  checkInputNames(request, config);
  if (config.maxBatchSize > 0) checkBatchSize(request, config);
  for (const expected of config.inputs) {
    const input = findInput(request, expected.name);
    if (input !== undefined) checkInput({ request, config, expected, input });
  }
}

function checkOutputs({ requestedOutputs }: InferRequest, { name, outputs }: ModelConfig): void {
  for (const requested of requestedOutputs) {
    if (isNamed(requested, outputs)) continue;
    throw invalid(`unexpected inference output '${requested}' for model '${name}'`);
  }
}

function checkInputNames(request: InferRequest, config: ModelConfig): void {
  const { name, inputs } = config;
  const count = request.inputs.length;
  let requiredCount = 0;
  for (const { isOptional } of inputs) if (!isOptional) requiredCount += 1;
  if (count < requiredCount || count > inputs.length) throw wrongInputs(request, config);
  for (const input of request.inputs) {
    if (isNamed(input.name, inputs)) continue;
    throw invalid(`unexpected inference input '${input.name}' for model '${name}'`);
  }
  for (const expected of inputs) {
    if (expected.isOptional || findInput(request, expected.name) !== undefined) continue;
    throw wrongInputs(request, config);
  }
}

function isNamed(name: string, tensors: readonly TensorConfig[]): boolean {
  for (const tensor of tensors) if (tensor.name === name) return true;
  return false;
}

function wrongInputs(request: InferRequest, { name, inputs }: ModelConfig): InferenceError {
  const required = inputs.filter(({ isOptional }) => !isOptional);
  const got = request.inputs.map((input) => input.name);
  const missing = required.map((input) => input.name).filter((wanted) => !got.includes(wanted));
  const expected =
    required.length === inputs.length
      ? `expected ${inputs.length} inputs`
      : `expected number of inputs between ${required.length} and ${inputs.length}`;
  return about(
    request,
    `${expected} but got ${got.length} inputs for model '${name}'. ` +
      `Got input(s) ${quote(got)}, but missing required input(s) ${quote(missing)}. ` +
      "Please provide all required input(s).",
  );
}

function checkBatchSize(request: InferRequest, { name, inputs, maxBatchSize }: ModelConfig): void {
  let rows: number | undefined;
  for (const expected of inputs) {
    const input = findInput(request, expected.name);
    if (input === undefined) continue;
    const [inputRows] = input.shape;
    const what = `input '${input.name}'`;
    if (inputRows === undefined) {
      const why = `${what} has no shape but model requires batch dimension for '${name}'`;
      throw about(request, why);
    }
    rows ??= inputRows;
    if (inputRows !== rows) {
      throw about(request, `${what} batch size does not match other inputs for '${name}'`);
    }
  }
  if ((rows ?? 0) > maxBatchSize) {
    throw about(request, `inference request batch-size must be <= ${maxBatchSize} for '${name}'`);
  }
}

/** One input beside its configuration. */
interface CheckedInput {
  readonly request: InferRequest;
  readonly config: ModelConfig;
  readonly expected: TensorConfig;
  readonly input: WireTensor;
}

function checkInput(checked: CheckedInput): void {
  const { request, config, expected, input } = checked;
  if (input.datatype !== expected.datatype) {
    throw about(
      request,
      `inference input '${input.name}' data-type is '${input.datatype}', ` +
        `but model '${config.name}' expects '${expected.datatype}'`,
    );
  }
  checkShape(checked);
  const isEmptyBatch = config.maxBatchSize > 0 && input.shape[0] === 0;
  // A batch of no rows is refused as if its first row were missing.
  const shape = isEmptyBatch ? [1, ...input.shape.slice(1)] : input.shape;
  if (input.datatype === "BYTES") checkPackedBytes(checked, shape, isEmptyBatch);
  else checkByteLength(checked, shape, isEmptyBatch);
}

function checkShape({ request, config, expected, input }: CheckedInput): void {
  const { shape, name } = input;
  const { dims } = expected;
  const offset = config.maxBatchSize > 0 ? 1 : 0;
  let matches = shape.length === dims.length + offset && (shape[0] ?? 0) >= 0;
  for (let index = 0; matches && index < dims.length; index += 1) {
    const dimension = shape[index + offset] ?? -1;
    matches = dims[index] === -1 ? dimension >= 0 : dims[index] === dimension;
  }
  if (matches) return;
  if (shape.some((dimension) => dimension < 0)) {
    const why = `All input dimensions should be specified for input '${name}' for model`;
    throw about(request, `${why} '${config.name}', got ${formatShape(shape)}`);
  }
  const wanted = formatShape(offset === 1 ? [-1, ...dims] : dims);
  throw about(
    request,
    `unexpected shape for input '${name}' for model '${config.name}'. ` +
      `Expected ${wanted}, got ${formatShape(shape)}. ${offset === 1 ? batchDimensionNote : ""}`,
  );
}

const batchDimensionNote =
  "NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to be " +
  "prepended to each input shape. If you want to specify the full shape including the batch dim " +
  "in your input dims config, try setting max_batch_size to zero. See the model configuration " +
  "docs for more info on max_batch_size.";

function checkByteLength(
  { request, config, input }: CheckedInput,
  shape: readonly number[],
  isEmptyBatch: boolean,
): void {
  const { name, byteLength } = input;
  const elementSize = datatypes[input.datatype].byteSize;
  if (elementCount(shape) * elementSize === byteLength && !isEmptyBatch) return;
  // Exact, also beyond 2^53.
  const expectedBytes = exactElementCount(shape) * BigInt(elementSize);
  throw about(
    request,
    `input byte size mismatch for input '${name}' for model '${config.name}'. ` +
      `Expected ${expectedBytes}, got ${byteLength}`,
  );
}

function checkPackedBytes(
  { request, config, input }: CheckedInput,
  shape: readonly number[],
  isEmptyBatch: boolean,
): void {
  const expectedCount = elementCount(shape);
  const fault = isEmptyBatch
    ? ({ kind: "too-few", count: 0 } as const)
    : findPackedBytesFault(input.chunks, expectedCount);
  if (fault !== undefined) throw packedBytesError({ request, config, input }, fault, expectedCount);
}

function packedBytesError(
  { request, config, input }: Omit<CheckedInput, "expected">,
  fault: PackedBytesFault,
  expectedCount: number,
): InferenceError {
  const what = `inference input '${input.name}'`;
  const where = `${what} for model '${config.name}'`;
  switch (fault.kind) {
    case "data-cut":
      return invalid(
        `incomplete string data for ${what}, expecting string of length ` +
          `${fault.expectedBytes} but only ${fault.availableBytes} bytes available`,
      );
    case "length-cut":
      return about(
        request,
        `incomplete string length indicator for ${where}, expecting 4 bytes but only ` +
          `${fault.availableBytes} bytes available. Please make sure the string length indicator ` +
          "is in one buffer.",
      );
    case "too-many":
      return about(
        request,
        `unexpected number of string elements ${fault.count} for ${where}, ` +
          `expecting ${expectedCount}`,
      );
    case "too-few":
      return about(
        request,
        `expected ${expectedCount} string elements for ${where}, got ${fault.count}`,
      );
  }
}

function findInput({ inputs }: InferRequest, name: string): WireTensor | undefined {
  for (const input of inputs) if (input.name === name) return input;
  return undefined;
}

function quote(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(",")}]`;
}

function about({ id }: InferRequest, text: string): InferenceError {
  return invalid(requestPrefix(id) + text);
}

function invalid(text: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", text);
}
