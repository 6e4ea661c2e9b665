/**
 * Inference in process: the same queue, batches and errors as over HTTP, without a wire.
 *
 * Inputs are written as people write them: tensors, nested arrays, or flat typed arrays where the
 * model's shape has one free dimension at most. Their bytes are copied, so the caller keeps his.
 */
import type { InferenceService } from "../core/inference-service.ts";
import type { TensorConfig } from "../core/model-config.ts";
import type { Model, OutputTensors } from "../definition/model.ts";
import type { ModelBase } from "../definition/model-base.ts";
import { defaultForm, type ElementForm } from "../definition/specifications.ts";
import { Tensor } from "../definition/tensor.ts";
import { writtenValues } from "../definition/written-values.ts";
import { type Datatype, datatypes } from "../protocol/datatype.ts";
import { InferenceError } from "../protocol/errors.ts";
import {
  type InferRequest,
  type InferResponse,
  noParameters,
  type Parameters,
  type RequestTiming,
} from "../protocol/infer.ts";
import { joinBytes } from "../protocol/sliced-bytes.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import { checkInferCall, type InferOptions, type InProcessRequest } from "./in-process-request.ts";

type OutputsOf<M> =
  M extends Model<string, infer _, infer O> ? OutputTensors<O> : Readonly<Record<string, Tensor>>;

export interface InProcessResponse<M extends ModelBase = ModelBase> {
  readonly id: string;
  readonly modelName: string;
  readonly modelVersion: number;
  readonly outputs: OutputsOf<M>;
  readonly parameters: Parameters;
  readonly timing: RequestTiming;
}

/** Rejects with an InferenceError. */
export function inferInProcess<M extends ModelBase>(
  service: InferenceService,
  request: InProcessRequest<M>,
  options: InferOptions,
): Promise<InProcessResponse<M>> {
  return new Promise((resolve, reject) => {
    checkInferCall("infer", request, options);
    const inferRequest = toInferRequest(service, request);
    const { modelName, modelVersion } = inferRequest;
    if (service.lookUp(modelName, modelVersion).config.isDecoupled) throw streams(modelName);
    const { signal, deadlineMs = Number.POSITIVE_INFINITY } = options;
    let isSettled = false;
    let cancel = (): void => {};
    const settle = (): void => {
      isSettled = true;
      signal?.removeEventListener("abort", cancel);
    };
    const sink = {
      respond: (response: InferResponse) => {
        settle();
        resolve(toResponse(request.model, response));
      },
      fail: (error: InferenceError) => {
        settle();
        reject(error);
      },
    };
    const pending = service.infer(inferRequest, sink, { deadlineMs });
    cancel = () => pending.cancel();
    if (signal?.aborted) cancel();
    else if (!isSettled) signal?.addEventListener("abort", cancel);
  });
}

function streams(modelName: string): InferenceError {
  const why = `model '${modelName}' streams: it has any number of responses; use stream()`;
  return new InferenceError("UNIMPLEMENTED", why);
}

export function toInferRequest<M extends ModelBase>(
  service: InferenceService,
  request: InProcessRequest<M>,
): InferRequest {
  const { model, id = "" } = request;
  const modelName = typeof model === "string" ? model : model.name;
  const modelVersion = request.version ?? (typeof model === "string" ? undefined : model.version);
  const { config } = service.lookUp(modelName, modelVersion);
  const given: Readonly<Record<string, unknown>> = request.inputs;
  const inputs = Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      const expected = config.inputs.find((input) => input.name === name);
      return toWireTensor(name, value, expected, config.maxBatchSize > 0);
    });
  return {
    modelName,
    modelVersion,
    id,
    logId: id,
    parameters: request.parameters ?? noParameters,
    inputs,
    requestedOutputs: request.outputs ?? [],
    priority: request.priority ?? 0,
    timeoutMs: request.timeoutMs ?? 0,
    sequence: undefined,
  };
}

/** An input that the model does not have is sent empty: the core refuses its name. */
function toWireTensor(
  name: string,
  value: unknown,
  expected: TensorConfig | undefined,
  isBatching: boolean,
): WireTensor {
  if (value instanceof Tensor) {
    const { datatype, shape, bytes } = value as Tensor;
    return wireTensor({ name, datatype, shape }, new Uint8Array(bytes));
  }
  if (expected === undefined) {
    return wireTensor({ name, datatype: "FP32", shape: [0] }, new Uint8Array());
  }
  const { datatype, dims } = expected;
  const whole = isBatching ? [-1, ...dims] : dims;
  try {
    const { shape, bytes, isOwn } = writtenValues({ datatype, as: "number", dims: whole }, value);
    return wireTensor({ name, datatype, shape }, isOwn ? bytes : new Uint8Array(bytes));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InferenceError("INVALID_ARGUMENT", `input '${name}' ${error.message}`);
  }
}

export function toResponse<M extends ModelBase>(
  model: M | string,
  response: InferResponse,
): InProcessResponse<M> {
  const { id, modelName, modelVersion, parameters, timing } = response;
  const outputs = response.outputs.map(({ name, datatype, shape, chunks, byteLength }) => {
    const joined = joinBytes(chunks, byteLength, datatypes[datatype].byteSize || 1);
    // What is his he may write to.
    const bytes = response.isShared ? new Uint8Array(joined) : joined;
    const as = formOf(model, name) ?? defaultForm(datatype);
    return [name, new Tensor<Datatype, ElementForm>({ datatype, shape, as, bytes })] as const;
  });
  return {
    id,
    modelName,
    modelVersion,
    outputs: Object.fromEntries(outputs) as unknown as OutputsOf<M>,
    parameters,
    timing,
  };
}

/** As the definition says, if there is one that does. */
function formOf(model: ModelBase | string, output: string): ElementForm | undefined {
  if (typeof model === "string" || model.kind !== "function") return undefined;
  return (model as Model).outputs[output]?.as;
}
