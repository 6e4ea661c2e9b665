/**
 * Stream in process: the responses of one request, as its caller asks for them.
 *
 * What the caller has not asked for yet the model may be ahead of by its window, and no more. To
 * leave the loop is to leave the model: its signal fires, and a generator ends.
 */
import type { InferenceService } from "../core/inference-service.ts";
import type { ModelBase } from "../definition/model-base.ts";
import type { InferenceError } from "../protocol/errors.ts";
import type { InferResponse } from "../protocol/infer.ts";
import { type InProcessResponse, toInferRequest, toResponse } from "./in-process-infer.ts";
import { checkInferCall, type InferOptions, type InProcessRequest } from "./in-process-request.ts";

/** Nothing is sent before the first response is asked for. Throws an InferenceError. */
export async function* streamInProcess<M extends ModelBase>(
  service: InferenceService,
  request: InProcessRequest<M>,
  options: InferOptions,
): AsyncGenerator<InProcessResponse<M>, void, undefined> {
  checkInferCall("stream", request, options);
  const { signal, deadlineMs = Number.POSITIVE_INFINITY } = options;
  const given: InferResponse[] = [];
  let error: InferenceError | undefined;
  let isOver = false;
  let wake = (): void => {};
  const pending = service.infer(
    toInferRequest(service, request),
    {
      respond: (response, isFinal) => {
        // A last one without outputs says only that it is the last one.
        if (response.outputs.length > 0 || !isFinal) given.push(response);
        isOver = isFinal;
        wake();
      },
      fail: (reason) => {
        error = reason;
        isOver = true;
        wake();
      },
    },
    { deadlineMs },
  );
  const cancel = (): void => pending.cancel();
  if (signal?.aborted) cancel();
  else signal?.addEventListener("abort", cancel);
  try {
    for (;;) {
      const next = given.shift();
      if (next !== undefined) {
        pending.credit(1);
        yield toResponse(request.model, next);
      } else if (error !== undefined) throw error;
      else if (isOver) return;
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    signal?.removeEventListener("abort", cancel);
    cancel();
  }
}
