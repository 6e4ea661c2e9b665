/**
 * Siblings of a function model: `context.model`, by which it calls other models, and which says
 * what it is itself.
 *
 * An instance has a limited number of calls open, whatever its batches do. What is written wrong
 * is a TypeError, as of any function: it is not the client's fault.
 *
 * Not here: what becomes of a call (sibling-calls.ts).
 */
import { givenInputs, toTensors } from "../definition/in-process-tensors.ts";
import type { DeclaredModel } from "../definition/infer-forms.ts";
import type { Sibling, SiblingOptions, Siblings } from "../definition/model.ts";
import { isModel, type ModelBase } from "../definition/model-base.ts";
import {
  inferOptionChecks,
  inputsCheck,
  requestOptionChecks,
} from "../definition/request-options.ts";
import type { Tensor } from "../definition/tensor.ts";
import { allResponses, onlyResponse, type Send } from "../protocol/awaited-responses.ts";
import { InferenceError } from "../protocol/errors.ts";
import {
  type Check,
  expecting,
  fieldsOf,
  optionally,
  positiveInteger,
} from "../protocol/option-checks.ts";
import type { BackendCall } from "./backend.ts";
import { type SiblingRequest, type SiblingSink, tellingEnd } from "./sibling-calls.ts";

/** Calls that an instance has open at a time. */
const mostOpenCalls = 1024;

type Response = Parameters<SiblingSink["respond"]>[0];

const modelCheck: Check = expecting("a model or its name", (value) => {
  return typeof value === "string" || isModel(value);
});
const versionCheck: Check = optionally(positiveInteger);
const optionsCheck: Check = fieldsOf({ ...requestOptionChecks, ...inferOptionChecks });

/** What `setup` has: nobody promises that other models are loaded by then. */
export function siblingsInSetup(own: DeclaredModel): Siblings {
  return siblings(own, () => {
    const why = "setup cannot call other models, which may not be loaded yet: infer can";
    throw new Error(why);
  });
}

export class FunctionSiblings {
  readonly own: DeclaredModel;
  #openCount = 0;

  constructor(own: DeclaredModel) {
    this.own = own;
  }

  /** As one batch has them. */
  of(call: BackendCall): Siblings {
    return siblings(this.own, (asked) => this.#sibling(call, asked));
  }

  #sibling(call: BackendCall, asked: Asked): Sibling {
    const sendTo = (
      inputs: unknown,
      options: SiblingOptions,
      isStream: boolean,
    ): Send<Response> => {
      const request = requestFor(asked, inputs, options, isStream);
      return (sink) => this.#send(call, request, sink);
    };
    const infer = async (inputs: unknown, options: SiblingOptions): Promise<Outputs> => {
      const response = await onlyResponse(sendTo(inputs, options, false), options.signal);
      return toTensors(asked.model, response);
    };
    return {
      infer: (inputs, options = {}) => {
        const outputs = infer(inputs, options);
        // Often nobody waits for it: then what goes wrong must not end the process.
        outputs.catch(() => {});
        return outputs;
      },
      async *stream(inputs, options = {}) {
        const responses = allResponses(sendTo(inputs, options, true), options.signal);
        for await (const response of responses) yield toTensors(asked.model, response);
      },
    };
  }

  #send(call: BackendCall, request: SiblingRequest, sink: SiblingSink): ReturnType<Send<Response>> {
    if (this.#openCount >= mostOpenCalls) {
      const why = `model '${this.own.name}' has ${mostOpenCalls} calls of other models open`;
      throw new InferenceError("UNAVAILABLE", `${why}: await some before more`);
    }
    this.#openCount += 1;
    const end = (): void => {
      this.#openCount -= 1;
    };
    try {
      return call.siblings.send(request, tellingEnd(sink, end));
    } catch (reason) {
      end();
      throw reason;
    }
  }
}

type Outputs = Readonly<Record<string, Tensor>>;

interface Asked {
  readonly model: ModelBase | string;
  readonly version: number | undefined;
}

function requestFor(
  { model, version }: Asked,
  inputs: unknown,
  options: SiblingOptions,
  isStream: boolean,
): SiblingRequest {
  const name = typeof model === "string" ? model : model.name;
  refuse(`${isStream ? "stream" : "infer"}() of model '${name}'`, [
    ...inputsCheck(inputs, "inputs"),
    ...optionsCheck(options, "options"),
  ]);
  const { signal: _, deadlineMs = Number.POSITIVE_INFINITY, ...others } = options;
  return {
    modelName: name,
    version: typeof model === "string" ? version : model.version,
    inputs: givenInputs(inputs as Readonly<Record<string, unknown>>),
    options: others,
    isStream,
    deadlineMs,
  };
}

/** A function, with a name and a version. */
function siblings(own: DeclaredModel, find: (asked: Asked) => Sibling): Siblings {
  function model<M extends ModelBase>(of: M): Sibling<M>;
  function model<M extends ModelBase>(of: M["name"], version?: number): Sibling<M>;
  function model(of: ModelBase | string, version?: number): Sibling {
    const mistakes = [...modelCheck(of, "model"), ...versionCheck(version, "version")];
    refuse("context.model()", mistakes);
    return find({ model: of, version });
  }
  const { name, ...others } = own;
  // A function has a name that cannot be assigned.
  Object.defineProperty(model, "name", { value: name, enumerable: true });
  return Object.assign(model, others);
}

function refuse(where: string, mistakes: readonly string[]): void {
  if (mistakes.length > 0) throw new TypeError(`${where}: ${mistakes.join("; ")}`);
}
