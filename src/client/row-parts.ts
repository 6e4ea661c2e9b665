/**
 * Batches larger than a model takes: sent in parts of that size, whose outputs are joined again.
 *
 * Rows lie one behind another, whatever their datatype: so both are a matter of bytes.
 */

import { startsOfPacked } from "../protocol/packed-bytes.ts";
import { elementCount, formatShape } from "../protocol/shape.ts";
import { concatenated } from "./bytes.ts";
import { badAnswer } from "./client-error.ts";
import type { WireAnswer, WireInput, WireRequest } from "./connection.ts";
import { sizeOf } from "./element-size.ts";
import type { ModelShape } from "./model-shape.ts";

/** At least one. */
export function partsOfRequest(
  request: WireRequest,
  { maxBatchSize = Number.POSITIVE_INFINITY }: ModelShape,
): readonly WireRequest[] {
  const { inputs, outputs } = request;
  const rows = inputs[0]?.shape[0] ?? 0;
  // Inputs that differ in rows are the server's to refuse, and what is shared cannot be cut.
  const isEven = inputs.every(({ shape, shared }) => shape[0] === rows && !shared);
  if (rows <= maxBatchSize || !isEven || outputs.some(({ shared }) => shared)) return [request];
  const cuts = inputs.map(rowsOf);
  const parts: WireRequest[] = [];
  for (let from = 0; from < rows; from += maxBatchSize) {
    const to = Math.min(rows, from + maxBatchSize);
    parts.push({ ...request, inputs: cuts.map((cut) => cut(from, to)) });
  }
  return parts;
}

function rowsOf({ name, datatype, shape, bytes }: WireInput) {
  const perRow = elementCount(shape.slice(1));
  const starts = datatype === "BYTES" ? startsOfPacked(bytes) : undefined;
  const size = sizeOf(datatype);
  const startOf = (row: number): number => starts?.[row * perRow] ?? row * perRow * size;
  return (from: number, to: number): WireInput => {
    const part = bytes.subarray(startOf(from), startOf(to));
    return { name, datatype, shape: [to - from, ...shape.slice(1)], bytes: part };
  };
}

/** Of the parts of one request. */
export function joinAnswers(answers: readonly WireAnswer[]): WireAnswer {
  const [first, ...others] = answers;
  if (first === undefined || others.length === 0) return first as WireAnswer;
  const outputs = first.outputs.map((output) => {
    const { name, datatype, shape } = output;
    const row = formatShape(shape.slice(1));
    const parts = answers.map((answer) => {
      const part = answer.outputs.find((each) => each.name === name);
      if (part?.datatype === datatype && formatShape(part.shape.slice(1)) === row) return part;
      throw badAnswer(`output '${name}' differs from part to part of the batch`);
    });
    return {
      ...output,
      shape: [parts.reduce((rows, part) => rows + (part.shape[0] ?? 0), 0), ...shape.slice(1)],
      bytes: concatenated(parts.map(({ bytes }) => bytes)),
    };
  });
  return { ...first, outputs };
}
