/**
 * Stream in process: the responses of one request, as its caller asks for them.
 */
import type { InferenceService } from "../core/inference-service.ts";
import type { ModelBase } from "../definition/model-base.ts";
import type { InferOptions } from "../definition/request-options.ts";
import { allResponses } from "../protocol/awaited-responses.ts";
import type { InferResponse } from "../protocol/infer.ts";
import { type InProcessResponse, toInferRequest, toResponse } from "./in-process-infer.ts";
import { checkInferCall, type InProcessRequest } from "./in-process-request.ts";

/** Nothing is sent before the first response is asked for. Throws an InferenceError. */
export async function* streamInProcess<M extends ModelBase>(
  service: InferenceService,
  request: InProcessRequest<M>,
  options: InferOptions,
): AsyncGenerator<InProcessResponse<M>, void, undefined> {
  checkInferCall("stream", request, options);
  const { signal, deadlineMs = Number.POSITIVE_INFINITY } = options;
  const responses = allResponses<InferResponse>(
    (sink) => service.infer(toInferRequest(service, request), sink, { deadlineMs }),
    signal,
  );
  for await (const response of responses) yield toResponse(request.model, response);
}
