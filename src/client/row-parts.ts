/**
 * Batches larger than a model takes: sent in parts of that size, whose outputs are joined again.
 */
import { defaultForm } from "../definition/specifications.ts";
import { Tensor } from "../definition/tensor.ts";
import { joinBytes } from "../protocol/sliced-bytes.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import { badAnswer } from "./client-error.ts";
import type { WireAnswer, WireRequest } from "./connection.ts";
import type { ModelShape } from "./model-shape.ts";

/** At least one. */
export function partsOfRequest(
  request: WireRequest,
  { maxBatchSize = Number.POSITIVE_INFINITY }: ModelShape,
): readonly WireRequest[] {
  const rows = request.inputs[0]?.shape[0] ?? 0;
  // Inputs that differ in rows are the server's to refuse, and what is shared cannot be cut.
  const isEven = request.inputs.every(({ shape, shared }) => shape[0] === rows && !shared);
  const hasPlace = request.outputs.some(({ shared }) => shared !== undefined);
  if (rows <= maxBatchSize || !isEven || hasPlace) return [request];
  const tensors = request.inputs.map(toTensor);
  const parts: WireRequest[] = [];
  for (let from = 0; from < rows; from += maxBatchSize) {
    const to = Math.min(rows, from + maxBatchSize);
    const inputs = tensors.map((tensor, index) => {
      const { datatype, shape, bytes } = tensor.slice(from, to);
      return wireTensor({ name: request.inputs[index]?.name ?? "", datatype, shape }, bytes);
    });
    parts.push({ ...request, inputs });
  }
  return parts;
}

/** Of the parts of one request. */
export function joinAnswers(answers: readonly WireAnswer[]): WireAnswer {
  const [first, ...others] = answers;
  if (first === undefined || others.length === 0) return first as WireAnswer;
  const outputs = first.outputs.map((output) => {
    const all = answers.map(({ outputs: own }) => {
      const part = own.find(({ name }) => name === output.name);
      if (part !== undefined) return toTensor(part);
      throw badAnswer(`a part of the batch has no output '${output.name}', and others do`);
    });
    const { datatype, shape, bytes } = Tensor.concatenate(all);
    return wireTensor({ name: output.name, datatype, shape }, bytes);
  });
  return { ...first, outputs };
}

function toTensor({ datatype, shape, chunks, byteLength }: WireTensor): Tensor {
  const bytes = joinBytes(chunks, byteLength, 8);
  return new Tensor({ datatype, shape, as: defaultForm(datatype), bytes });
}
