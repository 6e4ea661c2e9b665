/**
 * The public list of `shoal`: what a user needs to define models and serve them.
 *
 * Importing it starts nothing and is cheap: what runs a server is imported when one is made.
 */
export { eachRequest } from "./definition/helpers/each-request.ts";
export { fillOptionals } from "./definition/helpers/fill-optionals.ts";
export { type FirstValueOptions, firstValue } from "./definition/helpers/first-value.ts";
export { groupByValues } from "./definition/helpers/group-by-values.ts";
export type { InferFunction, Inferrer } from "./definition/helpers/helper-types.ts";
export type { Pad } from "./definition/helpers/join-parts.ts";
export { type PadBatchOptions, padBatch } from "./definition/helpers/pad-batch.ts";
export { type ConstantPad, type PadValue, padWith } from "./definition/helpers/pad-with.ts";
export type { PartOptions } from "./definition/helpers/parts-work.ts";
export {
  type ListedRequest,
  type RequestListOptions,
  requestList,
} from "./definition/helpers/request-list.ts";
export { sample } from "./definition/helpers/sample.ts";
export { wrapInfer } from "./definition/helpers/wrap-infer.ts";
export type { DeclaredModel } from "./definition/infer-forms.ts";
export type { Measures, WaitingRequest } from "./definition/measures.ts";
export {
  type InferContext,
  type Inputs,
  type InputValues,
  type InstanceInfo,
  type Model,
  type ModelDefinition,
  model,
  type Outputs,
  type OutputTensors,
  type RequestInfo,
  type SetupContext,
  type Sibling,
  type SiblingOptions,
  type Siblings,
} from "./definition/model.ts";
export type { BatchLog, ModelLog } from "./definition/model-log.ts";
export type {
  Counter,
  Gauge,
  GaugeOptions,
  HistogramMetric,
  HistogramOptions,
  MetricLabels,
  MetricOptions,
  ModelMetrics,
} from "./definition/model-metrics.ts";
export type { InferOptions } from "./definition/request-options.ts";
export type { SpanAttributes, SpanFunction } from "./definition/span.ts";
export {
  bf16,
  bool,
  bytes,
  fp16,
  fp32,
  fp64,
  int8,
  int16,
  int32,
  int64,
  optional,
  type TensorSpec,
  type TensorSpecs,
  uint8,
  uint16,
  uint32,
  uint64,
} from "./definition/specifications.ts";
export { Tensor } from "./definition/tensor.ts";
export { UnrecoverableError } from "./definition/unrecoverable-error.ts";
export type { EndpointGroup } from "./frontends/endpoint-groups.ts";
export type { Datatype } from "./protocol/datatype.ts";
export { type ErrorCode, InferenceError } from "./protocol/errors.ts";
export type {
  BatchingOptions,
  CacheOptions,
  InstancesOptions,
  LimitsOptions,
  ModelOptions,
  PrioritiesOptions,
  QueueOptions,
} from "./protocol/model-options.ts";
export type { Warmup, WarmupInput, WarmupSample } from "./protocol/warmup.ts";
export type { WrittenConfig } from "./protocol/written-config.ts";
export type { InProcessResponse } from "./server/in-process-infer.ts";
export type { InProcessRequest } from "./server/in-process-request.ts";
export type { CloseOptions, ServerUrls } from "./server/running-server.ts";
export type { SecurityOptions, TokenSource } from "./server/security-options.ts";
export { serve } from "./server/serve.ts";
export { createServer, type HttpHandler, type Models, type Server } from "./server/server.ts";
export type { ServerOptions } from "./server/server-options.ts";
