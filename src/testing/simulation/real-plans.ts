/**
 * Plans in the core's own terms, and what the simulated models compute.
 *
 * Every element of a request's inputs is a number that no request of another content has, and the
 * outputs are made of them; so an answer tells whose inputs it belongs to.
 *   y  one element per row: the first element of that row in the first input by name, and one more
 *   z  the content of the request, doubled, and its flavor
 */
import type { ExecutionRequest, ModelResponse } from "../../core/instance.ts";
import type {
  DynamicBatchingConfig,
  ModelConfig,
  QueuePolicy,
  TensorConfig,
} from "../../core/model-config.ts";
import type { RequestMeasures } from "../../core/request-measures.ts";
import type { InferRequest, Parameters } from "../../protocol/infer.ts";
import type { WireTensor } from "../../protocol/tensor.ts";
import type { BatchingPlan, ModelPlan, PolicyPlan, RequestPlan } from "./plans.ts";

const mostElements = 1000;

export function asModelConfig(plan: ModelPlan): ModelConfig {
  const { name, version, maxBatchSize, batching, limits } = plan;
  return {
    name,
    version,
    platform: "",
    backend: "simulated",
    maxBatchSize,
    inputs: plan.inputs.map((input) => tensorConfig(input.name, input.dims, input.isOptional)),
    outputs: [tensorConfig("y", maxBatchSize > 0 ? [] : [1], false), tensorConfig("z", [1], false)],
    dynamicBatching: batching && asBatchingConfig(batching),
    concurrency: plan.concurrency,
    instanceGroups: plan.instanceGroups.map((count, index) => {
      return { name: `group ${index}`, kind: "KIND_CPU", count, gpus: [] };
    }),
    defaultModelFilename: "",
    isDecoupled: plan.isDecoupled,
    parameters: {},
    warmup: [],
    limits: {
      maxWaitingRequests: limits.maxWaiting,
      loadTimeoutMs: limits.loadTimeoutMs,
      executionTimeoutMs: limits.executionTimeoutMs,
      restartBackoffMs: limits.backoffMs,
      maxRestartBackoffMs: limits.maxBackoffMs,
      maxWrittenOffInstances: limits.maxWrittenOff,
    },
    cache: plan.cacheBytes === undefined ? undefined : { maxBytes: plan.cacheBytes },
    singleFlight: plan.singleFlight,
  };
}

export function asMeasures({ batching }: ModelPlan): RequestMeasures {
  return {
    cost:
      batching === undefined || batching.maxCost === Number.POSITIVE_INFINITY
        ? undefined
        : ({ parameters }) => parameters["cost"],
    bucket: batching?.hasBuckets ? ({ parameters }) => parameters["bucket"] : undefined,
  };
}

function asBatchingConfig(plan: BatchingPlan): DynamicBatchingConfig {
  const policies = plan.policies.flatMap((policy, level) =>
    policy === undefined ? [] : [[level, asQueuePolicy(policy)] as const],
  );
  return {
    preferredBatchSizes: plan.preferredSizes,
    maxQueueDelayMs: plan.delayMs,
    maxCost: plan.maxCost,
    preserveOrdering: plan.preservesOrder,
    isolatesFailures: plan.isolates,
    priorityLevels: plan.levels,
    defaultPriorityLevel: plan.defaultLevel,
    defaultQueuePolicy: asQueuePolicy(plan.defaultPolicy),
    priorityQueuePolicies: new Map(policies),
  };
}

function asQueuePolicy({ action, timeoutMs, allowsOverride, maxSize }: PolicyPlan): QueuePolicy {
  return {
    timeoutAction: action,
    defaultTimeoutMs: timeoutMs,
    allowTimeoutOverride: allowsOverride,
    maxQueueSize: maxSize,
  };
}

function tensorConfig(name: string, dims: readonly number[], isOptional: boolean): TensorConfig {
  return { name, datatype: "INT32", dims, isOptional, reshape: undefined };
}

export function asInferRequest(plan: RequestPlan): InferRequest {
  return {
    modelName: plan.modelName,
    modelVersion: plan.version,
    id: plan.id,
    logId: `r${plan.number}`,
    parameters: parametersOf(plan),
    inputs: plan.inputs.map(({ name, shape }) => {
      const values = new Int32Array(shape.reduce((size, dim) => size * dim, 1));
      const first = plan.content * mostElements;
      for (let index = 0; index < values.length; index += 1) values[index] = first + index;
      return int32(name, shape, values);
    }),
    requestedOutputs: plan.requestedOutputs,
    priority: plan.priority,
    timeoutMs: plan.timeoutMs,
    sequence: undefined,
  };
}

/** The content where inputs do not hold it. */
function parametersOf({ content, inputs, ...plan }: RequestPlan): Parameters {
  const { flavor, cost, bucket, isPoisonous } = plan;
  const parameters = { flavor, cost, bucket, isPoisonous };
  return inputs.length > 0 ? parameters : { ...parameters, content };
}

/** What a simulated instance answers to a request, read from its inputs. */
export function respondTo(
  { request, rows }: ExecutionRequest,
  part: number | undefined,
): ModelResponse {
  const { content = 0, flavor } = request.parameters;
  const input = firstByName(request.inputs);
  const values = input === undefined ? [Number(content) * mostElements] : int32sOf(input);
  const [first = 0] = values;
  const ofRow = values.length / rows;
  const z = (first / mostElements) * 2 + Number(flavor);
  const y = Int32Array.from({ length: rows }, (_, row) => (values[row * ofRow] ?? 0) + 1);
  return {
    outputs: [int32("y", [rows], y), int32("z", [1], Int32Array.of(z))],
    parameters: part === undefined ? {} : { part },
  };
}

/** In words: what a response to this request must hold. */
export function expectedOutputsText(plan: RequestPlan): string {
  const { content, flavor, inputs, rows } = plan;
  const count = firstByName(inputs)?.shape.reduce((size, dim) => size * dim, 1) ?? rows;
  const first = content * mostElements + 1;
  const y = Array.from({ length: rows }, (_, row) => first + row * (count / rows));
  const texts = { y: `y [${rows}] ${y}`, z: `z [1] ${content * 2 + flavor}` };
  if (plan.requestedOutputs.length === 0) return `${texts.y} ${texts.z}`;
  const isWanted = (name: "y" | "z"): boolean => plan.requestedOutputs.includes(name);
  return (["y", "z"] as const)
    .filter(isWanted)
    .map((name) => texts[name])
    .join(" ");
}

function firstByName<Named extends { readonly name: string }>(
  tensors: readonly Named[],
): Named | undefined {
  return [...tensors].sort((one, other) => one.name.localeCompare(other.name))[0];
}

export function outputsText(outputs: readonly WireTensor[]): string {
  return outputs.map((output) => `${output.name} [${output.shape}] ${int32sOf(output)}`).join(" ");
}

function int32(name: string, shape: readonly number[], values: Int32Array): WireTensor {
  const chunk = new Uint8Array(values.buffer);
  return { name, datatype: "INT32", shape, chunks: [chunk], byteLength: chunk.byteLength };
}

/** Of one chunk. */
function int32sOf({ chunks: [chunk = new Uint8Array()] }: WireTensor): Int32Array {
  return new Int32Array(chunk.buffer, chunk.byteOffset, chunk.byteLength / 4);
}
