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
import { isFields } from "../protocol/fields.ts";
import { badAnswer, ClientError, statusOf } from "./client-error.ts";
import type { JsonObject, ModelMetadata, TensorMetadata } from "./connection.ts";
import { isDatatype } from "./element-size.ts";

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
    throw badAnswer("the answer is no metadata", { cause });
  }
}

/** Throws a TypeError where it is not what its type says. */
function toShape(
  { inputs = [], outputs = [] }: Partial<ModelMetadata>,
  { max_batch_size: most, input }: JsonObject,
): ModelShape {
  const maxBatchSize = typeof most === "number" ? most : undefined;
  const configs: readonly unknown[] = Array.isArray(input) ? input : [];
  const isOptional = (name: string): boolean => {
    return configs.some((each) => {
      return isFields(each) && each["name"] === name && each["optional"] === true;
    });
  };
  const isFree = ({ shape }: TensorMetadata): boolean => shape[0] === -1;
  return {
    inputs: inputs.map(({ name, datatype, shape }) => {
      if (!isDatatype(datatype)) throw badAnswer(`input '${name}': unknown datatype ${datatype}`);
      return { name, datatype, dims: [...shape], isOptional: isOptional(name) };
    }),
    isBatching:
      maxBatchSize === undefined ? [...inputs, ...outputs].every(isFree) : maxBatchSize > 0,
    maxBatchSize: maxBatchSize || undefined,
  };
}

/** Not all servers have it, and not all callers the right to read it. */
function ifMissing(error: unknown): JsonObject {
  const missing = /NOT_FOUND|UNIMPLEMENTED|PERMISSION_DENIED/;
  if (statusOf(error) !== undefined && missing.test((error as ClientError).code)) return {};
  throw error;
}
