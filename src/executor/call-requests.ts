/**
 * What a model is told about the requests of its batch.
 */
import type { CallRequest } from "../backends/backend.ts";
import type { RequestMessage } from "./messages.ts";

export function callRequests(
  requests: readonly RequestMessage[],
  isAborted: (index: number) => boolean,
): readonly CallRequest[] {
  let firstRow = 0;
  return requests.map(({ id, parameters, requestedOutputs, rows }, index) => {
    const request = {
      id,
      parameters,
      requestedOutputs,
      firstRow,
      rows,
      isAborted: () => isAborted(index),
    };
    firstRow += rows;
    return request;
  });
}
