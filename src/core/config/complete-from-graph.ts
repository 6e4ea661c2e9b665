/**
 * What a configuration leaves open, completed from what the ONNX graph says: inputs, outputs,
 * whether it batches.
 *
 * A graph can batch if and only if every input and output has at least one dimension and a dynamic
 * first one. A configuration that gives both inputs and outputs is taken as it is.
 *
 * Not here: whether what is given agrees with the graph (graph-mistakes.ts).
 */
import { type Datatype, datatypes } from "../../protocol/datatype.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { Written, WrittenConfig } from "../../protocol/written-config.ts";

export interface GraphTensor {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1: of any size. Empty: a scalar. */
  readonly shape: readonly number[];
}

export interface Graph {
  readonly inputs: readonly GraphTensor[];
  readonly outputs: readonly GraphTensor[];
}

export interface GraphCompletion {
  readonly config: WrittenConfig;
  /** For the log: what was decided that nobody wrote. */
  readonly remarks: readonly string[];
}

export interface CompletionOptions {
  /** Of the model. */
  readonly name: string;
  readonly graph: Graph;
  /** What a model that can batch gets if it does not say; 0: no batches. */
  readonly defaultMaxBatchSize: number;
}

/** Throws INVALID_ARGUMENT if batches are asked for that the graph cannot have. */
export function completeFromGraph(
  written: WrittenConfig,
  { name, graph, defaultMaxBatchSize }: CompletionOptions,
): GraphCompletion {
  if (written.input !== undefined && written.output !== undefined) {
    return { config: written, remarks: [] };
  }
  const canBatch = [...graph.inputs, ...graph.outputs].every(({ shape }) => shape[0] === -1);
  const asked = written.max_batch_size ?? 0;
  if (!canBatch && asked > 0) {
    const why = "model does not support batching while non-zero max_batch_size is specified";
    throw new InferenceError("INVALID_ARGUMENT", `autofill failed for model '${name}': ${why}`);
  }
  const maxBatchSize = canBatch && asked === 0 ? defaultMaxBatchSize : asked;
  const { dynamic_batching, sequence_batching } = written;
  const isScheduled = dynamic_batching !== undefined || sequence_batching !== undefined;
  const addsBatching = canBatch && maxBatchSize > 1 && !isScheduled;
  const tensors = (list: readonly GraphTensor[]): readonly Written<"ModelOutput">[] => {
    return list.map((tensor) => describe(tensor, maxBatchSize > 0));
  };
  return {
    config: {
      ...written,
      max_batch_size: maxBatchSize,
      input: written.input ?? tensors(graph.inputs),
      output: written.output ?? tensors(graph.outputs),
      ...(addsBatching && { dynamic_batching: {} }),
    },
    remarks: [
      ...(maxBatchSize === asked
        ? []
        : [`model '${name}' can batch: 'max_batch_size' is ${maxBatchSize}, the default`]),
      ...(addsBatching ? [`model '${name}' has 'dynamic_batching' with its defaults`] : []),
    ],
  };
}

function describe(
  { name, datatype, shape }: GraphTensor,
  batches: boolean,
): Written<"ModelOutput"> {
  const dims = batches ? shape.slice(1) : shape;
  const data_type = datatypes[datatype].configName;
  if (dims.length > 0) return { name, data_type, dims };
  return { name, data_type, dims: [1], ...(batches && { reshape: { shape: [] } }) };
}
