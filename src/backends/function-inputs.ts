/**
 * What a model's function gets: a tensor per input, over the memory of the batch, and a context.
 *
 * Both are made for every batch, so they hold little: what is seldom asked for (the requests, the
 * signal) is made when it is.
 */
import type { DeclaredModel, InnerContext } from "../definition/infer-forms.ts";
import { latestDeadlineMs } from "../definition/latest-deadline.ts";
import type { InferContext, RequestInfo, SetupContext, Siblings } from "../definition/model.ts";
import type { TensorSpecs } from "../definition/specifications.ts";
import { Tensor } from "../definition/tensor.ts";
import type { InferenceError } from "../protocol/errors.ts";
import type { BackendCall } from "./backend.ts";
import type { FunctionSiblings } from "./function-siblings.ts";

/**
 * In the specification's form (`as`). With `isOwn` their memory is the batch's alone: a model may
 * return it as it is; one that streams goes on reading them.
 */
export function inputTensors(
  specs: TensorSpecs,
  call: BackendCall,
  isOwn: boolean,
): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  for (const input of call.inputs) {
    const { name, datatype, shape, chunks } = input;
    const as = specs[name]?.as ?? "number";
    const unread = { chunks, join: () => call.join(input) };
    tensors[name] = new Tensor({ datatype, shape, as, unread, isOwn }) as Tensor;
  }
  return tensors;
}

export type InstanceFields = Omit<SetupContext, "signal">;

export interface CallFields extends InstanceFields {
  readonly siblings: FunctionSiblings;
}

export class CallContext implements InferContext<unknown>, InnerContext {
  readonly instance: InstanceFields["instance"];
  readonly device: InstanceFields["device"];
  readonly parameters: InstanceFields["parameters"];
  readonly metrics: InstanceFields["metrics"];
  readonly span: InstanceFields["span"];
  readonly state: unknown;
  readonly #call: BackendCall;
  readonly #sender: Sender;
  readonly #siblings: FunctionSiblings;
  #model: Siblings | undefined = undefined;
  #hasWarned = false;

  constructor(fields: CallFields, state: unknown, call: BackendCall, sender: Sender) {
    this.instance = fields.instance;
    this.device = fields.device;
    this.parameters = fields.parameters;
    this.metrics = fields.metrics;
    this.span = fields.span;
    this.state = state;
    this.#call = call;
    this.#sender = sender;
    this.#siblings = fields.siblings;
  }

  get model(): Siblings {
    this.#model ??= this.#siblings.of(this.#call);
    return this.#model;
  }

  /** The same for all batches: helpers know by it that nothing has changed. */
  get seenModel(): DeclaredModel {
    return this.#siblings.own;
  }

  get log(): InferContext<unknown>["log"] {
    return this.#call.log;
  }

  get rows(): number {
    return this.#call.rows;
  }

  get requests(): readonly RequestInfo[] {
    return this.#call.requests;
  }

  get deadlineMs(): number | undefined {
    return latestDeadlineMs(this.#call.requests);
  }

  get isWarmup(): boolean {
    return this.#call.isWarmup;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }

  /** Not methods: they work without their object, too. */
  get send(): InferContext<unknown>["send"] {
    return (request, outputs, { isFinal = false } = {}) => {
      const sent = this.#sender.send(this.#call, request, { outputs, isFinal });
      // Often nobody waits for it: then what goes wrong must not end the process.
      sent.catch((reason: unknown) => this.#warn(reason));
      return sent;
    };
  }

  get end(): InferContext<unknown>["end"] {
    return (request) => this.#sender.end(this.#call, request);
  }

  get fail(): InferContext<unknown>["fail"] {
    return (request, error) => this.#sender.fail(this.#call, request, error);
  }

  /** Once: whoever goes on sending would fill the log. */
  #warn(reason: unknown): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const why = reason instanceof Error ? reason.message : String(reason);
    this.log.warning(`model '${this.model.name}': a response was not sent: ${why}`);
  }
}

/** How a model gives responses by itself. */
export interface Sender {
  /** What it rejects with, the request has failed with, if there is one that still waits. */
  send(call: BackendCall, request: number, sent: Sent): Promise<void>;
  end(call: BackendCall, request: number): void;
  fail(call: BackendCall, request: number, error: InferenceError): void;
}

export interface Sent {
  readonly outputs: object;
  readonly isFinal: boolean;
}
