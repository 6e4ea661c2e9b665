/**
 * What an ONNX graph says of itself, and what that means for serving it: names, datatypes, shapes,
 * and whether it batches.
 *
 * A graph batches if and only if every input and output has at least one dimension and a dynamic
 * first one. Then its tensors are declared without that dimension. A tensor that has no dimension
 * left is declared as [1], and backends/onnx-tensors.ts takes the 1 away and puts it back.
 *
 * Invariant, checked by onnx-description.test.ts: a model that asks for batches and whose graph
 * cannot have them does not load.
 */
import type { InferenceSession } from "onnxruntime-node";
import { datatypeOfOrtType } from "../definition/ort-types.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { ModelOptions, TensorDeclaration } from "../protocol/model-options.ts";
import { formatShape } from "../protocol/shape.ts";
import type { ModelDescription, TensorDescription } from "./backend.ts";

/** Most rows in a batch of a graph that can batch and whose definition does not say. */
const defaultMaxBatchSize = 32;

export interface OnnxServing {
  /** Without the batch dimension if it batches. In the order of the graph. */
  readonly inputs: readonly TensorDeclaration[];
  readonly outputs: readonly TensorDeclaration[];
  /** 0: no batch dimension, shapes are whole shapes. */
  readonly maxBatchSize: number;
  /** The definition's options with `maxBatchSize` and `batching` as the graph has them. */
  readonly options: ModelOptions;
  /** What was decided that the definition does not say, for the log; empty: nothing. */
  readonly remark: string;
}

/** `model` is the definition: its name for errors, its options for what it asks. */
export function describeOnnxModel(
  description: ModelDescription,
  model: { readonly name: string; readonly options: ModelOptions },
): OnnxServing {
  const { maxBatchSize: asked, batching } = model.options;
  const obstacle = [...description.inputs, ...description.outputs].find(({ shape }) => {
    return shape[0] !== -1;
  });
  if (obstacle !== undefined && (asked !== undefined || isObject(batching))) {
    throw new InferenceError(
      "INVALID_ARGUMENT",
      `autofill failed for model '${model.name}': model does not support batching while ` +
        `non-zero max_batch_size is specified (${fixedFirst(obstacle)})`,
    );
  }
  const batches = obstacle === undefined && batching !== false;
  const maxBatchSize = batches ? (asked ?? defaultMaxBatchSize) : 0;
  const declare = (tensor: TensorDescription): TensorDeclaration => {
    const dims = batches ? tensor.shape.slice(1) : tensor.shape;
    const { name, datatype } = tensor;
    return { name, datatype, dims: dims.length === 0 ? [1] : dims, isOptional: false };
  };
  return {
    inputs: description.inputs.map(declare),
    outputs: description.outputs.map(declare),
    maxBatchSize,
    options: batches ? { ...model.options, maxBatchSize } : { ...model.options, batching: false },
    remark: remarkOn(model, obstacle),
  };
}

function remarkOn(
  { name, options }: { readonly name: string; readonly options: ModelOptions },
  obstacle: TensorDescription | undefined,
): string {
  if (options.batching === false || options.maxBatchSize !== undefined) return "";
  if (obstacle !== undefined) {
    return `batching is off: model '${name}' takes one request at a time, ${fixedFirst(obstacle)}`;
  }
  const size = `at most ${defaultMaxBatchSize} rows, for it has no maxBatchSize`;
  return `batching is on: the graph of model '${name}' allows it, ${size}`;
}

function fixedFirst({ name, shape }: TensorDescription): string {
  return `the first dimension of '${name}', of shape ${formatShape(shape)}, is not dynamic`;
}

/** Throws an InferenceError for a tensor that the protocol cannot carry. */
export function describeSession(session: InferenceSession): ModelDescription {
  return {
    inputs: session.inputMetadata.map((value) => describeValue("input", value)),
    outputs: session.outputMetadata.map((value) => describeValue("output", value)),
  };
}

function describeValue(
  role: "input" | "output",
  value: InferenceSession.ValueMetadata,
): TensorDescription {
  const { name } = value;
  if (!value.isTensor) {
    const why = `${role} '${name}' is a sequence, a map or optional; only tensors can be served`;
    throw new InferenceError("INVALID_ARGUMENT", why);
  }
  const datatype = datatypeOfOrtType(value.type);
  if (datatype === undefined) {
    const why = `${role} '${name}' is of type ${value.type}, which the protocol does not have`;
    throw new InferenceError("INVALID_ARGUMENT", why);
  }
  // A dynamic dimension is its name, or an empty text if it has none.
  const shape = value.shape.map((size) => (typeof size === "number" ? size : -1));
  return { name, datatype, shape };
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null;
}
