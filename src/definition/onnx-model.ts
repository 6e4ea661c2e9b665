/**
 * ONNX model: a model file as a model. Inputs, outputs and whether it batches are read from its
 * graph when it is loaded; what stands here is only where the file is and how to run it.
 *
 *   onnx("detector", { path: "models/detector.onnx" })
 *
 * But for its measures it is plain data: a thread gets it as a message, and needs no module.
 * It is checked on the spot: a wrong or misspelt option throws a TypeError that names it.
 *
 * Not here: reading the graph (backends/onnx-description.ts), running it (backends/onnx.ts).
 */
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModelOptions } from "../protocol/model-options.ts";
import { type Measures, measuresOf } from "./measures.ts";
import type { ModelBase } from "./model-base.ts";
import {
  checkOnnxModel,
  type executionProviderNames,
  type graphOptimizationLevels,
} from "./onnx-model-check.ts";
import type { OnnxTuning } from "./onnx-tuning.ts";

export type ExecutionProviderName = (typeof executionProviderNames)[number];
export type GraphOptimizationLevel = (typeof graphOptimizationLevels)[number];

/** What computes the graph. The first that can compute a node does; the CPU is always last. */
export interface ExecutionProviderOptions {
  readonly name: ExecutionProviderName;
  /** Which GPU; default the one of `instances.device`, else 0. */
  readonly deviceId?: number;
  /**
   * Handed to onnxruntime-node as they are. One that it does not read fails the load: nothing
   * that is written here is ignored.
   */
  readonly options?: Readonly<Record<string, string | number | boolean>>;
}

export type ExecutionProvider = ExecutionProviderName | ExecutionProviderOptions;

/** How onnxruntime runs the graph. */
export interface OnnxSessionOptions {
  /** Threads that share one operator; default cores / instances, at least 1. */
  readonly intraOpThreads?: number;
  /** Threads that run operators side by side; default 1: one after another. */
  readonly interOpThreads?: number;
  /** How far the graph is rewritten to run faster; default "all". */
  readonly graphOptimizationLevel?: GraphOptimizationLevel;
  /**
   * Default ["cpu"], or CUDA on the device of `instances.device`. One that is not there fails
   * the load: there is no silent fall back to the CPU.
   */
  readonly executionProviders?: readonly ExecutionProvider[];
}

/**
 * `maxBatchSize` is 32 by default, if every input and output of the graph has a dynamic first
 * dimension. A graph that has not runs one request at a time, and refuses `maxBatchSize` and
 * `batching`. `batching: false` leaves the first dimension to the requests.
 *
 * An ONNX model always runs in threads: a run blocks the thread that calls it.
 */
export interface OnnxOptions extends ModelOptions, OnnxSessionOptions, Measures {
  /** The model file; a relative path starts at the working directory. */
  readonly path: string | URL;
  /** Positive integer; default 1. */
  readonly version?: number;
}

export interface OnnxModel<Name extends string = string> extends ModelBase<Name> {
  readonly kind: "onnx";
  /** Absolute. */
  readonly path: string;
  readonly session: OnnxSessionOptions;
  /** Of a repository. */
  readonly tuning?: OnnxTuning;
}

export function onnx<const Name extends string>(name: Name, options: OnnxOptions): OnnxModel<Name> {
  checkOnnxModel(name, options);
  const { path, version = 1, maxBatchSize, batching, instances, limits, ...others } = options;
  const { cache, singleFlight, warmup, cost, bucket, ...session } = others;
  return Object.freeze({
    kind: "onnx",
    name,
    version,
    path: toAbsolutePath(path),
    session,
    measures: measuresOf({ cost, bucket }),
    options: {
      ...(maxBatchSize !== undefined && { maxBatchSize }),
      ...(batching !== undefined && { batching }),
      ...(instances !== undefined && { instances }),
      ...(limits !== undefined && { limits }),
      ...(cache !== undefined && { cache }),
      ...(singleFlight !== undefined && { singleFlight }),
      ...(warmup !== undefined && { warmup }),
    },
  });
}

/** `import.meta.resolve` gives a file URL as a string, so that is a path as well. */
function toAbsolutePath(path: string | URL): string {
  if (path instanceof URL || path.startsWith("file:")) return fileURLToPath(path);
  return resolve(path);
}
