/**
 * eachRequest: the function gets one request at a time, as a batch of its own.
 *
 *   infer: eachRequest(({ x }, { requests: [request] }) => ({ y: scaled(x, request.parameters) }))
 *
 * Its inputs are that request's rows (views), and so is its context. One call follows another; of
 * an async function several may run at a time. Of a generator each request has a stream of its
 * own, which ends by itself.
 */
import { makeHelper, type Tensors } from "../infer-forms.ts";
import { optionsAndFunction } from "./arguments.ts";
import type { AnyContext, InferFunction, Inferrer, Streamed } from "./helper-types.ts";
import { type Part, partPerRequest } from "./parts.ts";
import type { PartOptions } from "./parts-work.ts";
import { returnedTensors } from "./returned-tensors.ts";
import { findPartMistakes, partOptionChecks, runParts } from "./run-parts.ts";
import { mapInputs, rowsOf } from "./tensor-rows.ts";

const helper = "eachRequest";

export function eachRequest<In, State, Returned>(
  fn: Inferrer<In, State, Returned>,
): InferFunction<In, State, Streamed<Returned>>;
export function eachRequest<In, State, Returned>(
  options: PartOptions,
  fn: Inferrer<In, State, Returned>,
): InferFunction<In, State, Streamed<Returned>>;
export function eachRequest(...given: readonly unknown[]): unknown {
  const { options, inner } = optionsAndFunction(helper, given, partOptionChecks);
  return makeHelper<AnyContext>({
    inner,
    check: (model) => findPartMistakes(helper, options, model),
    bind: (model, run) => (inputs, context) => {
      // One request is a batch already; so is the only one of a model without batching.
      if (context.requests.length === 1) return run(inputs, context);
      const call = (part: Part, inside: AnyContext): unknown => {
        const from = part.rows[0] ?? 0;
        const own = mapInputs(model, inputs, (tensor) =>
          rowsOf(tensor, from, from + part.rows.length),
        );
        return run(own, inside);
      };
      const parts = partPerRequest(context.requests);
      const toTensors = (returned: unknown, rows: number): Tensors => {
        return returnedTensors({ model, helper, rows }, returned);
      };
      return runParts({ helper, model, context, parts, options, call, toTensors });
    },
  });
}
