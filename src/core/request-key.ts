/**
 * Request key: what a request asks for, in one text. Requests with equal keys get equal answers from
 * a model whose answers depend on nothing else.
 *
 * In it is all that a model is given: inputs (name, datatype, shape, bytes), outputs that are asked
 * for, parameters, forwarded headers. The order of inputs and of parameters says nothing,
 * neither does how bytes were cut on their way. Not in it: the id, priority, timeout, deadline. The
 * model and its version are not either: each loaded version keeps its own keys.
 *
 * What is variable in length says how long it is before its bytes come, and values say their type:
 * so what the digest is given tells apart any two requests that differ. That different requests
 * have different digests is the digest's part: SHA-256 in a server (server/sha256-digest.ts).
 */
import {
  type InferRequest,
  noParameters,
  type Parameters,
  type ParameterValue,
} from "../protocol/infer.ts";
import type { WireTensor } from "../protocol/tensor.ts";

/** Of a text, and of the bytes behind it, wherever they are cut. */
export type Digest = (head: string, pieces: readonly Uint8Array[]) => string;

export function requestKey(request: InferRequest, digest: Digest): string {
  const { parameters, headers = noParameters, requestedOutputs } = request;
  const inputs = inOrder(request.inputs);
  const described = inputs.map(({ name, datatype, shape, byteLength }) => {
    return [name, datatype, shape, byteLength];
  });
  const given = [parametersInOrder(parameters), parametersInOrder(headers)];
  const head = JSON.stringify([described, requestedOutputs, ...given]);
  const [first] = inputs;
  const isOne = first !== undefined && inputs.length === 1;
  return digest(head, isOne ? first.chunks : inputs.flatMap(({ chunks }) => chunks));
}

function inOrder(inputs: readonly WireTensor[]): readonly WireTensor[] {
  if (inputs.length < 2) return inputs;
  return [...inputs].sort((one, other) => (one.name < other.name ? -1 : 1));
}

function parametersInOrder(parameters: Parameters): readonly (readonly string[])[] {
  if (parameters === noParameters) return [];
  return Object.entries(parameters)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => [name, typeof value, textOf(value)]);
}

function textOf(value: ParameterValue): string {
  return Object.is(value, -0) ? "-0" : String(value);
}
