/**
 * What a model is told about the requests of its batch.
 */
import type { CallRequest } from "../backends/backend.ts";
import { noHeaders } from "../protocol/infer.ts";
import type { RequestMessage } from "./messages.ts";

/** Undefined: none. */
export function deadlineOf(deadlineMs: number): number | undefined {
  return deadlineMs === Number.POSITIVE_INFINITY ? undefined : deadlineMs;
}

/** `deadlineMs` is a moment of this thread. */
export function callRequests(
  requests: readonly RequestMessage[],
  isAborted: (index: number) => boolean,
): readonly CallRequest[] {
  let firstRow = 0;
  return requests.map((given, index) => {
    const { id, parameters, headers = noHeaders, deadlineMs, requestedOutputs, rows } = given;
    const request = {
      id,
      parameters,
      headers,
      deadlineMs,
      requestedOutputs,
      firstRow,
      rows,
      isAborted: () => isAborted(index),
    };
    firstRow += rows;
    return request;
  });
}
