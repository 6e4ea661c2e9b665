/**
 * requestList: the function gets the requests of the batch as a list, and returns a list of
 * outputs, one for each, in the same order.
 *
 *   infer: requestList((requests) => requests.map(({ inputs, parameters }) => ...))
 *
 * Inputs of a request are its own rows (views). An error in the place of outputs fails its request,
 * and so do outputs that are wrong. A generator yields such lists; each response goes to its own
 * request.
 */
import type { InferenceError } from "../../protocol/errors.ts";
import { type Check, callable, optionally } from "../../protocol/option-checks.ts";
import { isPromise, type Steps, stepsOf } from "../answer-forms.ts";
import { type DeclaredModel, makeHelper, type Tensors } from "../infer-forms.ts";
import type { InferContext, Outputs, RequestInfo } from "../model.ts";
import { wrongOutput } from "../named-outputs.ts";
import type { TensorSpecs } from "../specifications.ts";
import { optionsAndFunction } from "./arguments.ts";
import type { AnyContext, InferFunction } from "./helper-types.ts";
import type { Pad } from "./join-parts.ts";
import { type Part, partPerRequest } from "./parts.ts";
import { returnedTensors } from "./returned-tensors.ts";
import { findPartMistakes, runParts } from "./run-parts.ts";
import { mapInputs, rowsOf } from "./tensor-rows.ts";

/** A request with its inputs. */
export interface ListedRequest<In> extends RequestInfo {
  readonly inputs: In;
}

export interface RequestListOptions {
  /** Where rows of an output differ in shape from request to request: makes them equal. */
  readonly pad?: Pad;
}

type ListInferrer<In, State, Returned> =
  | ((requests: readonly ListedRequest<In>[], context: InferContext<State>) => Returned)
  | {
      infer(requests: readonly ListedRequest<In>[], context: InferContext<State>): Returned;
    };

type ElementOf<List> = List extends readonly (infer Element)[] ? Element : never;

/** What comes of the lists: outputs of the whole batch. */
type Listed<Returned> = Returned extends readonly (infer Element)[]
  ? Exclude<Element, InferenceError>
  : Returned extends PromiseLike<infer Later>
    ? Promise<Listed<Later>>
    : Returned extends AsyncIterable<infer List> | Iterable<infer List>
      ? AsyncGenerator<Exclude<ElementOf<List>, InferenceError>, void, undefined>
      : Returned extends undefined
        ? Returned
        : Returned extends object
          ? { readonly listNeeded: Returned }
          : Returned;

const helper = "requestList";

export function requestList<In, State, Returned>(
  fn: ListInferrer<In, State, Returned>,
): InferFunction<In, State, Listed<Returned>>;
export function requestList<In, State, Returned>(
  options: RequestListOptions,
  fn: ListInferrer<In, State, Returned>,
): InferFunction<In, State, Listed<Returned>>;
export function requestList(...given: readonly unknown[]): unknown {
  const checks: Readonly<Record<string, Check>> = { pad: optionally(callable) };
  const { options, inner } = optionsAndFunction(helper, given, checks);
  return makeHelper<AnyContext>({
    inner,
    check: (model) => findPartMistakes(helper, options, model),
    bind: (model, run) => (inputs, context) => {
      const inputsOf = ({ firstRow, rows }: RequestInfo): Tensors => {
        if (context.requests.length === 1) return inputs;
        return mapInputs(model, inputs, (tensor) => rowsOf(tensor, firstRow, firstRow + rows));
      };
      const requests = context.requests.map((request): ListedRequest<Tensors> => {
        return { ...request, inputs: inputsOf(request) };
      });
      // A list in the place of inputs: the types that users see say so.
      const returned = run(requests as unknown as Tensors, context);
      return answer({ model, context, options }, returned);
    },
  });
}

interface ListCall {
  readonly model: DeclaredModel;
  readonly context: AnyContext;
  readonly options: RequestListOptions;
}

function answer(call: ListCall, returned: unknown): unknown {
  if (isPromise(returned)) return returned.then((value) => answer(call, value));
  const { model, context, options } = call;
  const steps = Array.isArray(returned) ? undefined : stepsOf(returned);
  if (steps !== undefined) return streamLists(call, steps);
  if (model.isDecoupled) return returned;
  const list = checkedList(call, returned);
  if (list.length === 1) return outputsOf(list[0]);
  const toTensors = (index: unknown, rows: number): Tensors => {
    const wanted = { model, helper: `${helper}, request ${index}`, rows };
    return returnedTensors(wanted, outputsOf(list[Number(index)]));
  };
  const parts = partPerRequest(context.requests);
  const ownIndex = ({ shares: [share] }: Part): unknown => share?.request;
  return runParts({ helper, model, context, parts, options, call: ownIndex, toTensors });
}

function outputsOf(element: unknown): unknown {
  if (element instanceof Error) throw element;
  return element;
}

function checkedList({ model, context }: ListCall, returned: unknown): readonly unknown[] {
  const { length } = context.requests;
  if (Array.isArray(returned) && returned.length === length) return returned;
  const got = Array.isArray(returned) ? `${returned.length}` : `no list, but ${typeof returned}`;
  const expected = `as many outputs as requests, a list of ${length}`;
  throw wrongOutput(model.name, `${helper}: infer must return ${expected}; got ${got}`);
}

/** It yields nothing: the responses are sent, each to its request. */
async function* streamLists(call: ListCall, steps: Steps): AsyncGenerator<never, void, undefined> {
  const { context } = call;
  const failed = new Set<number>();
  const give = async (element: unknown, index: number): Promise<void> => {
    if (failed.has(index)) return;
    if (element instanceof Error) {
      failed.add(index);
      // Whatever it is: an error for the caller is made of it there.
      context.fail(index, element as InferenceError);
    } else {
      // One that is not taken fails its request, and no other.
      await context.send(index, element as Outputs<TensorSpecs>).catch(() => failed.add(index));
    }
  };
  const isWanted = (request: RequestInfo, index: number): boolean => {
    return !failed.has(index) && !request.isAborted();
  };
  try {
    while (context.requests.some(isWanted)) {
      const { done, value } = await steps.next();
      if (done) return;
      await Promise.all(checkedList(call, value).map(give));
    }
  } finally {
    await steps.return?.();
  }
  yield* [];
}
