/**
 * What a response says beside its outputs. Outputs are the caller's own names, so it stands apart:
 * `responseOf(outputs)`.
 */
import type { Parameters, RequestTiming } from "../protocol/infer.ts";

export interface Response {
  readonly id: string;
  readonly modelName: string;
  readonly modelVersion: string;
  /** Set by the model. */
  readonly parameters: Parameters;
  /** Milliseconds that the request spent where in the server; undefined: it does not tell. */
  readonly timing: Partial<RequestTiming> | undefined;
}

const responses = new WeakMap<object, Response>();

/** Of what `infer` and its like resolve to, and streams yield. */
export function responseOf(outputs: object): Response {
  const response = responses.get(outputs);
  if (response === undefined) throw new TypeError("responseOf(): these are no outputs of a client");
  return response;
}

export function rememberResponse(outputs: object, response: Response): void {
  responses.set(outputs, response);
}
