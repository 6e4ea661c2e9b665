/**
 * What a server says of a model, kept: its tensors, and whether it batches.
 *
 * It is asked for once, and again when a version answers that is another, or the server finds
 * inputs wrong that were right by it: then the model was loaded anew.
 *
 * Where a server has no configuration to tell (not all have the extension), a model batches if all
 * of its shapes begin with -1.
 */

import type { Datatype } from "../protocol/datatype.ts";
import { badAnswer, ClientError } from "./client-error.ts";
import type { JsonObject, ModelMetadata, TensorMetadata } from "./connection.ts";
import { isDatatype } from "./element-size.ts";
import { isFields } from "./infer-answer.ts";

export interface KnownTensor {
  readonly name: string;
  readonly datatype: Datatype;
  /** Whole, batch dimension included; -1 is free. */
  readonly dims: readonly number[];
  readonly isOptional: boolean;
}

export interface ModelShape {
  readonly inputs: readonly KnownTensor[];
  readonly isBatching: boolean;
  /** Undefined: the server does not tell. */
  readonly maxBatchSize: number | undefined;
  readonly isDecoupled: boolean;
}

/** Of both answers; that of the configuration may fail. */
export async function readModelShape(
  metadata: Promise<ModelMetadata>,
  config: Promise<JsonObject>,
): Promise<ModelShape> {
  const [described, configuration] = await Promise.all([metadata, config.catch(ifMissing)]);
  try {
    return toShape(described, configuration);
  } catch (cause) {
    if (cause instanceof ClientError) throw cause;
    throw badAnswer("what the server says of the model is no metadata of one", { cause });
  }
}

/** Throws a TypeError where it is not what its type says. */
function toShape(
  described: ModelMetadata | undefined,
  configuration: JsonObject | undefined,
): ModelShape {
  const { name, inputs = [], outputs = [] } = described ?? {};
  const { max_batch_size: most, input, model_transaction_policy: policy } = configuration ?? {};
  const maxBatchSize = typeof most === "number" ? most : undefined;
  const isOptional = optionalNames(input);
  const isFree = ({ shape }: TensorMetadata): boolean => shape[0] === -1;
  return {
    inputs: inputs.map((tensor) => toKnown(name ?? "", tensor, isOptional.has(tensor.name))),
    isBatching:
      maxBatchSize === undefined ? [...inputs, ...outputs].every(isFree) : maxBatchSize > 0,
    maxBatchSize: maxBatchSize === undefined || maxBatchSize === 0 ? undefined : maxBatchSize,
    isDecoupled: isFields(policy) && policy["decoupled"] === true,
  };
}

function ifMissing(error: unknown): undefined {
  const missing = ["NOT_FOUND", "UNIMPLEMENTED", "PERMISSION_DENIED"];
  const isServers = error instanceof ClientError && error.status !== undefined;
  if (isServers && missing.includes(error.code)) return undefined;
  throw error;
}

function optionalNames(inputs: unknown): ReadonlySet<string> {
  if (!Array.isArray(inputs)) return new Set();
  const optional = inputs.filter((input) => isFields(input) && input["optional"] === true);
  return new Set(optional.map(({ name }: { readonly name: string }) => name));
}

function toKnown(
  modelName: string,
  { name, datatype, shape }: TensorMetadata,
  isOptional: boolean,
): KnownTensor {
  if (isDatatype(datatype)) return { name, datatype, dims: [...shape], isOptional };
  throw badAnswer(`input '${name}' of model '${modelName}': unknown datatype ${datatype}`);
}
