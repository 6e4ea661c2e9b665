/**
 * Measured requests: what a model's `cost` and `bucket` get to see of a request of the core.
 */
import type { RequestMeasures } from "../core/request-measures.ts";
import { noMeasures } from "../core/request-measures.ts";
import type { ModelMeasures, WaitingRequest } from "../definition/measures.ts";
import { defaultForm, type TensorSpecs } from "../definition/specifications.ts";
import { Tensor } from "../definition/tensor.ts";
import { datatypes } from "../protocol/datatype.ts";
import type { InferRequest } from "../protocol/infer.ts";
import { joinBytes } from "../protocol/sliced-bytes.ts";
import type { WireTensor } from "../protocol/tensor.ts";

/** `specs`: in which form elements are read; what is not there, in the usual one. */
export function requestMeasures(
  { cost, bucket }: ModelMeasures,
  specs: TensorSpecs,
  isBatching: boolean,
): RequestMeasures {
  if (cost === undefined && bucket === undefined) return noMeasures;
  const seen = (request: InferRequest): WaitingRequest => {
    const rows = isBatching ? (request.inputs[0]?.shape[0] ?? 1) : 1;
    return { inputs: tensorsOf(request, specs), parameters: request.parameters, rows };
  };
  return {
    cost: cost && ((request) => cost(seen(request))),
    bucket: bucket && ((request) => bucket(seen(request))),
  };
}

function tensorsOf({ inputs }: InferRequest, specs: TensorSpecs): WaitingRequest["inputs"] {
  return Object.fromEntries(inputs.map((input) => [input.name, tensorOf(input, specs)]));
}

function tensorOf(input: WireTensor, specs: TensorSpecs): Tensor {
  const { name, datatype, shape, chunks, byteLength } = input;
  const as = specs[name]?.as ?? defaultForm(datatype);
  const join = (): Uint8Array => joinBytes(chunks, byteLength, datatypes[datatype].byteSize || 1);
  return new Tensor({ datatype, shape, as, unread: { chunks, join } }) as Tensor;
}
