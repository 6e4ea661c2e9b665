/**
 * What a model's function gets: a tensor per input, over the memory of the batch, and a context.
 *
 * Both are made for every batch, so they hold little: what is seldom asked for (the requests, the
 * signal) is made when it is.
 */
import type { InferContext, RequestInfo, SetupContext } from "../definition/model.ts";
import type { TensorSpecs } from "../definition/specifications.ts";
import { Tensor } from "../definition/tensor.ts";
import type { BackendCall } from "./backend.ts";

/** In the specification's form (`as`). */
export function inputTensors(specs: TensorSpecs, call: BackendCall): Record<string, Tensor> {
  const tensors: Record<string, Tensor> = {};
  for (const input of call.inputs) {
    const { name, datatype, shape, chunks } = input;
    const as = specs[name]?.as ?? "number";
    const unread = { chunks, join: () => call.join(input) };
    // The memory is the batch's alone: a model may return it as it is.
    tensors[name] = new Tensor({ datatype, shape, as, unread, isOwn: true }) as Tensor;
  }
  return tensors;
}

export type InstanceFields = Omit<SetupContext, "signal">;

export class CallContext implements InferContext<unknown> {
  readonly model: InstanceFields["model"];
  readonly instance: InstanceFields["instance"];
  readonly device: InstanceFields["device"];
  readonly log: InstanceFields["log"];
  readonly state: unknown;
  readonly #call: BackendCall;

  constructor(fields: InstanceFields, state: unknown, call: BackendCall) {
    this.model = fields.model;
    this.instance = fields.instance;
    this.device = fields.device;
    this.log = fields.log;
    this.state = state;
    this.#call = call;
  }

  get rows(): number {
    return this.#call.rows;
  }

  get requests(): readonly RequestInfo[] {
    return this.#call.requests;
  }

  get signal(): AbortSignal {
    return this.#call.signal;
  }
}
