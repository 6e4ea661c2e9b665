/**
 * Function stream: runs a model that streams, from its call to its last response.
 *
 * A generator is pulled while each request that still waits has room for a response, and ended
 * (`return`, so that its `finally` runs) when nobody waits any more or a response of it is wrong. A
 * model that sends by itself is waited for.
 *
 * Not here: what room is (executor/response-outlet.ts).
 */
import { type Steps, stepsOf } from "../definition/answer-forms.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { BackendCall } from "./backend.ts";
import type { Sender, Sent } from "./function-inputs.ts";
import { type OutputPlan, outputTensors } from "./function-outputs.ts";
import { toModelError } from "./model-error.ts";

export class FunctionStream implements Sender {
  readonly #plan: OutputPlan;

  constructor(plan: OutputPlan) {
    this.#plan = plan;
  }

  /** Resolves when the model has said all. */
  async run(call: BackendCall, returned: unknown): Promise<void> {
    const given = await returned;
    const steps = stepsOf(given);
    if (steps !== undefined) await this.#pull(call, steps);
    else if (given !== undefined) throw wrongReturn(this.#plan, given);
  }

  async send(call: BackendCall, request: number, sent: Sent): Promise<void> {
    const { responses } = this.#streamOf(call, request);
    try {
      this.#give(call, request, sent);
    } catch (reason) {
      // Whoever does not wait for it never hears of this: the request does.
      responses.fail(request, this.#toError(reason));
      throw reason;
    }
    if (!sent.isFinal) await responses.whenRoom(request);
  }

  /** Later than `infer` there is nothing left to end. */
  end(call: BackendCall, request: number): void {
    const { responses } = this.#streamOf(call, request);
    if (responses.isOver) return;
    responses.respond({ outputs: [], copiedBytes: 0, requestIndex: request, isFinal: true });
  }

  /** Also of a model that does not stream. */
  fail(call: BackendCall, request: number, error: InferenceError): void {
    const { responses } = this.#known(call, request);
    if (!responses.isOver) responses.fail(request, this.#toError(error));
  }

  #give({ responses, requests, allocate }: BackendCall, request: number, sent: Sent): void {
    const { rows = 1 } = requests[request] ?? {};
    const result = outputTensors(this.#plan, { rows, allocate }, sent.outputs);
    responses.respond({ ...result, requestIndex: request, isFinal: sent.isFinal });
  }

  #toError(reason: unknown): InferenceError {
    return toModelError(this.#plan.modelName, reason, "infer");
  }

  async #pull(call: BackendCall, steps: Steps): Promise<void> {
    const { responses } = call;
    try {
      for (;;) {
        const { done, value } = await steps.next();
        if (done) return;
        const result = outputTensors(this.#plan, call, value);
        responses.respond({ ...result, requestIndex: undefined, isFinal: false });
        const room = responses.whenRoom(undefined);
        if (room !== undefined) await room;
        if (responses.isOver) break;
      }
    } catch (reason) {
      // One that threw by itself has ended; of two errors the first counts.
      await end(steps).catch(() => {});
      throw reason;
    }
    await end(steps);
  }

  #streamOf(call: BackendCall, request: number): BackendCall {
    const { modelName, isDecoupled } = this.#plan;
    if (isDecoupled) return this.#known(call, request);
    const why = "only a model that streams may send responses: say decoupled: true";
    throw new TypeError(`model '${modelName}': ${why}`);
  }

  #known(call: BackendCall, request: number): BackendCall {
    const { modelName } = this.#plan;
    if (request in call.requests) return call;
    const why = `there is no request ${request} in its batch of ${call.requests.length}`;
    throw new RangeError(`model '${modelName}': ${why}`);
  }
}

async function end(steps: Steps): Promise<void> {
  await steps.return?.();
}

function wrongReturn({ modelName }: OutputPlan, given: unknown): InferenceError {
  const why = "infer of a model that streams must be a generator, or return nothing";
  const got = `model '${modelName}': ${why}; got ${typeof given}`;
  return new InferenceError("INTERNAL", got, { reason: "BACKEND" });
}
