/**
 * Inference in process: the same queue, batches and errors as over HTTP, without a wire.
 *
 * Not here: how inputs are written and outputs read (definition/in-process-tensors.ts).
 */
import type { InferenceService } from "../core/inference-service.ts";
import type { ModelConfig } from "../core/model-config.ts";
import {
  type GivenInput,
  givenInputs,
  toTensors,
  toWireTensor,
} from "../definition/in-process-tensors.ts";
import type { OutputTensorsOf } from "../definition/model.ts";
import type { ModelBase } from "../definition/model-base.ts";
import type { InferOptions, RequestOptions } from "../definition/request-options.ts";
import { onlyResponse } from "../protocol/awaited-responses.ts";
import { InferenceError } from "../protocol/errors.ts";
import {
  type InferRequest,
  type InferResponse,
  noParameters,
  type Parameters,
  type RequestTiming,
} from "../protocol/infer.ts";
import { checkInferCall, type InProcessRequest } from "./in-process-request.ts";

export interface InProcessResponse<M extends ModelBase = ModelBase> {
  readonly id: string;
  readonly modelName: string;
  readonly modelVersion: number;
  readonly outputs: OutputTensorsOf<M>;
  readonly parameters: Parameters;
  readonly timing: RequestTiming;
}

/** Rejects with an InferenceError. */
export async function inferInProcess<M extends ModelBase>(
  service: InferenceService,
  request: InProcessRequest<M>,
  options: InferOptions,
): Promise<InProcessResponse<M>> {
  checkInferCall("infer", request, options);
  const inferRequest = toInferRequest(service, request);
  const { modelName, modelVersion } = inferRequest;
  refuseStream(service.lookUp(modelName, modelVersion).config);
  const { signal, deadlineMs = Number.POSITIVE_INFINITY } = options;
  const response = await onlyResponse<InferResponse>(
    (sink) => service.infer(inferRequest, sink, { deadlineMs }),
    signal,
  );
  return toResponse(request.model, response);
}

/** Where one response is expected. */
export function refuseStream({ name, isDecoupled }: ModelConfig): void {
  if (!isDecoupled) return;
  const why = `model '${name}' streams: it has any number of responses; use stream()`;
  throw new InferenceError("UNIMPLEMENTED", why);
}

export function toInferRequest<M extends ModelBase>(
  service: InferenceService,
  request: InProcessRequest<M>,
): InferRequest {
  const { model, inputs } = request;
  const modelName = typeof model === "string" ? model : model.name;
  const modelVersion = request.version ?? (typeof model === "string" ? undefined : model.version);
  const { config } = service.lookUp(modelName, modelVersion);
  const target = { modelName, modelVersion, config };
  return inferRequestFor(target, givenInputs(inputs), request);
}

/** Whom a request is for. */
export interface InferTarget extends Pick<InferRequest, "modelName" | "modelVersion"> {
  readonly config: ModelConfig;
}

export function inferRequestFor(
  { modelName, modelVersion, config }: InferTarget,
  given: readonly GivenInput[],
  options: RequestOptions,
): InferRequest {
  const { id = "" } = options;
  return {
    modelName,
    modelVersion,
    id,
    logId: id,
    parameters: options.parameters ?? noParameters,
    inputs: given.map((input) => {
      const expected = config.inputs.find(({ name }) => name === input.name);
      return toWireTensor(input, expected, config.maxBatchSize > 0);
    }),
    requestedOutputs: options.outputs ?? [],
    priority: options.priority ?? 0,
    timeoutMs: options.timeoutMs ?? 0,
    sequence: undefined,
  };
}

export function toResponse<M extends ModelBase>(
  model: M | string,
  response: InferResponse,
): InProcessResponse<M> {
  const { id, modelName, modelVersion, parameters, timing } = response;
  return {
    id,
    modelName,
    modelVersion,
    outputs: toTensors(model, response) as OutputTensorsOf<M>,
    parameters,
    timing,
  };
}
