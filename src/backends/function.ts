/**
 * Function backend: runs a model that is a function of the user's.
 *
 * `setup` runs once per instance; `infer` once per batch, with the whole batch. What they throw
 * reaches the caller only if it is an InferenceError: of anything else the caller learns that the
 * model failed, and the log has the rest.
 */
import { isPromise } from "../definition/answer-forms.ts";
import { inferOf } from "../definition/infer-list.ts";
import type { FunctionModel, InferFunction } from "../definition/model.ts";
import { hasReachedServe } from "../definition/model-table.ts";
import { release, type Tensor } from "../definition/tensor.ts";
import type { InferenceError } from "../protocol/errors.ts";
import type {
  Backend,
  BackendCall,
  BackendResult,
  InstanceContext,
  LoadedModel,
} from "./backend.ts";
import {
  CallContext,
  type CallFields,
  type InstanceFields,
  inputTensors,
} from "./function-inputs.ts";
import { type OutputPlan, outputTensors } from "./function-outputs.ts";
import { FunctionSiblings, siblingsInSetup } from "./function-siblings.ts";
import { FunctionStream } from "./function-stream.ts";
import { toModelError } from "./model-error.ts";
import { span } from "./span.ts";

/** `parameters` are those of its configuration. */
export function createFunctionBackend(
  model: FunctionModel,
  parameters: InstanceFields["parameters"] = {},
): Backend {
  return {
    mayTerminateWhileBusy: true,
    load: async (context) => {
      try {
        const fields = { ...fieldsOf(model, context), parameters };
        const state = await model.setup?.({ ...fields, signal: context.signal });
        return new LoadedFunctionModel(model, fields, state);
      } catch (reason) {
        throw toModelError(model.name, reason, "setup");
      }
    },
  };
}

function fieldsOf(
  model: FunctionModel,
  context: InstanceContext,
): Omit<InstanceFields, "parameters"> {
  const { name, version, inputs, outputs, options, isDecoupled } = model;
  const { instanceIndex, device, log, metrics } = context;
  return {
    model: siblingsInSetup({ name, version, inputs, outputs, options, isDecoupled }),
    instance: { index: instanceIndex },
    device,
    log,
    metrics,
    span,
  };
}

class LoadedFunctionModel implements LoadedModel {
  readonly description = undefined;
  readonly #model: FunctionModel;
  /** Of this instance. */
  readonly #infer: InferFunction;
  readonly #fields: CallFields;
  readonly #state: unknown;
  readonly #outputs: OutputPlan;
  readonly #stream: FunctionStream;

  constructor(model: FunctionModel, fields: InstanceFields, state: unknown) {
    this.#model = model;
    this.#infer = inferOf<InferFunction>(model.infer, fields.instance.index);
    this.#fields = { ...fields, siblings: new FunctionSiblings(fields.model) };
    this.#state = state;
    this.#outputs = {
      modelName: model.name,
      outputs: Object.entries(model.outputs).map(([name, spec]) => ({ name, spec })),
      names: Object.keys(model.outputs),
      isBatching: model.options.batching !== false,
      isDecoupled: model.isDecoupled,
    };
    this.#stream = new FunctionStream(this.#outputs);
  }

  run(call: BackendCall): BackendResult | Promise<BackendResult> {
    const { inputs: specs, isDecoupled } = this.#model;
    const inputs = inputTensors(specs, call, !isDecoupled);
    try {
      const context = new CallContext(this.#fields, this.#state, call, this.#stream);
      const returned = this.#infer(inputs, context);
      if (isDecoupled) return this.#streamLater(call, inputs, returned);
      if (isPromise(returned)) return this.#finishLater(call, inputs, returned);
      return this.#finish(call, inputs, returned);
    } catch (reason) {
      throw this.#toError(inputs, reason);
    }
  }

  async unload(): Promise<void> {}

  async #finishLater(
    call: BackendCall,
    inputs: Record<string, Tensor>,
    returned: PromiseLike<unknown>,
  ): Promise<BackendResult> {
    try {
      return this.#finish(call, inputs, await returned);
    } catch (reason) {
      throw this.#toError(inputs, reason);
    }
  }

  async #streamLater(
    call: BackendCall,
    inputs: Record<string, Tensor>,
    returned: unknown,
  ): Promise<BackendResult> {
    try {
      await this.#stream.run(call, returned);
      releaseAll(inputs);
      return { outputs: [], copiedBytes: 0 };
    } catch (reason) {
      throw this.#toError(inputs, reason);
    }
  }

  #toError(inputs: Record<string, Tensor>, reason: unknown): InferenceError {
    const { name } = this.#model;
    releaseAll(inputs);
    return toModelError(name, isInDeadZone(reason) ? explainDeadZone(reason) : reason, "infer");
  }

  #finish(call: BackendCall, inputs: Record<string, Tensor>, returned: unknown): BackendResult {
    const result = outputTensors(this.#outputs, call, returned);
    releaseAll(inputs);
    return result;
  }
}

function releaseAll(inputs: Readonly<Record<string, Tensor>>): void {
  for (const name in inputs) if (inputs[name] !== undefined) release(inputs[name]);
}

/** What stands below `serve()` in the model's module is never evaluated in an instance. */
function isInDeadZone(reason: unknown): reason is ReferenceError {
  return (
    reason instanceof ReferenceError &&
    reason.message.includes("before initialization") &&
    hasReachedServe()
  );
}

function explainDeadZone(reason: ReferenceError): Error {
  const remedy =
    "it is defined below serve(): define it above, or put models in a file of their own";
  return new Error(`${reason.message}: ${remedy}`, { cause: reason });
}
