/**
 * padBatch: fills the batch up to a size that the function likes, by repeating its last row, and
 * cuts the surplus rows off the outputs.
 *
 *   infer: padBatch(run)                       the smallest preferred size that holds the rows
 *   infer: padBatch({ sizes: [1, 8] }, run)    of these sizes
 *
 * Beyond the largest of them it is `maxBatchSize`. To the function the new rows belong to the last
 * request.
 */
import { optionDefaults } from "../../protocol/model-options.ts";
import { eachOf, optionally, positiveInteger } from "../../protocol/option-checks.ts";
import { type DeclaredModel, makeHelper, type Run } from "../infer-forms.ts";
import type { Outputs } from "../model.ts";
import type { TensorSpecs } from "../specifications.ts";
import { optionsAndFunction } from "./arguments.ts";
import type { AnyContext, InferFunction, Inferrer } from "./helper-types.ts";
import { mapReturned } from "./map-returned.ts";
import { PartContext, partsOf } from "./parts.ts";
import { returnedTensors } from "./returned-tensors.ts";
import { mapInputs, mapTensors, rowsOf, takeRows } from "./tensor-rows.ts";

export interface PadBatchOptions {
  /** Sizes to fill up to; default `batching.preferredBatchSizes`. */
  readonly sizes?: readonly number[];
}

const helper = "padBatch";

export function padBatch<In, State, Returned>(
  fn: Inferrer<In, State, Returned>,
): InferFunction<In, State, Returned>;
export function padBatch<In, State, Returned>(
  options: PadBatchOptions,
  fn: Inferrer<In, State, Returned>,
): InferFunction<In, State, Returned>;
export function padBatch(...given: readonly unknown[]): unknown {
  const sizes = optionally(eachOf(positiveInteger, "a list of batch sizes"));
  const { options, inner } = optionsAndFunction(helper, given, { sizes });
  return makeHelper<AnyContext>({
    inner,
    check: (model) => findMistakes(options, model),
    bind: (model, run) => {
      const steps = sizesOf(options, model);
      return (inputs, context) => {
        const size = steps.find((each) => each >= context.rows) ?? context.rows;
        if (size === context.rows) return run(inputs, context);
        return runPadded(model, { inputs, context, run, size });
      };
    },
  });
}

function findMistakes({ sizes = [] }: PadBatchOptions, { options }: DeclaredModel) {
  if (options.batching === false) {
    return [`${helper} fills batches up, and 'batching' is false: leave one of them out`];
  }
  const { maxBatchSize: most = optionDefaults.maxBatchSize } = options;
  return sizes
    .filter((size) => size > most)
    .map(
      (size) => `${helper}: 'sizes' must be at most maxBatchSize, which is ${most}; got ${size}`,
    );
}

/** Ascending. */
function sizesOf({ sizes }: PadBatchOptions, { options }: DeclaredModel): readonly number[] {
  const { batching, maxBatchSize = optionDefaults.maxBatchSize } = options;
  const preferred = batching === false ? [] : (batching?.preferredBatchSizes ?? []);
  return [...(sizes ?? preferred), maxBatchSize].sort((one, other) => one - other);
}

interface Padded {
  readonly inputs: Parameters<Run<AnyContext>>[0];
  readonly context: AnyContext;
  readonly run: Run<AnyContext>;
  readonly size: number;
}

function runPadded(model: DeclaredModel, { inputs, context, run, size }: Padded): unknown {
  const { rows } = context;
  const padded = Array.from({ length: size }, (_, row) => Math.min(row, rows - 1));
  const cut = (returned: unknown, from: number, to: number): Outputs<TensorSpecs> => {
    const outputs = returnedTensors({ model, helper, rows: from }, returned);
    return mapTensors(outputs, (tensor) => rowsOf(tensor, 0, to));
  };
  const [part] = partsOf(context.requests, [padded]);
  if (part === undefined) return undefined;
  const inside = new PartContext({
    context,
    part,
    helper,
    send: (index, outputs, options) => {
      const { rows: own = 0 } = context.requests[index] ?? {};
      const { rows: given = own } = part.shares[index] ?? {};
      return context.send(index, given > own ? cut(outputs, given, own) : outputs, options);
    },
  });
  const returned = run(
    mapInputs(model, inputs, (tensor) => takeRows(tensor, padded, model)),
    inside,
  );
  return mapReturned(returned, (value) => cut(value, size, rows));
}
