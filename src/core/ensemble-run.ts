/**
 * Ensemble run: one request of an ensemble on its way through the steps.
 *
 *   tensors of the request ──> steps that read them ──> their tensors ──> ... ──> outputs
 *
 * Whenever a tensor appears, each step that has all it reads is run: a request to its model, as from
 * a client, with this one's id, parameters, priority and times. Tensors are handed on as they are.
 * A tensor may be absent: its step's model was not asked for it or left it out, or the request has no
 * such input. Whoever reads it is run without it, and its model says whether it may be missing.
 *
 * Iterations: what a step that streams responds is the first tensor of an iteration of its own. An
 * iteration is open while a step of it runs or waits, while one that came of it is open, and while
 * the caller has not taken a response of it. When it closes, its maker may respond once more: so a
 * slow reader, or a slow step, holds up the streams before it. In front of one step the responses of
 * its maker's window wait, at most.
 *
 * The first error ends it: nothing new is run, streams are cancelled, what else runs is waited for;
 * then the caller hears it, with the name of the ensemble in front. A run ends at once if it is
 * cancelled from outside. Deadlines are the steps': one of them is always on its way.
 *
 * Whatever calls back from within a call is only noted down, and done by the outermost call.
 *
 * Not here: counters and sinks (ensemble-scheduler.ts), what a request may be (ensemble-plan.ts).
 */
import { type FailureReason, InferenceError } from "../protocol/errors.ts";
import type { InferRequest, InferResponse } from "../protocol/infer.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { Iteration, StepCall, type StepOwner } from "./ensemble-parts.ts";
import type { PlannedStep, PlannedTensor } from "./ensemble-plan.ts";
import { type EnsembleValue, fitted, isPassedOn, sequenceAfter } from "./ensemble-values.ts";
import type { ModelConfig } from "./model-config.ts";
import { endedRequest } from "./scheduled-request.ts";
import type { HeldSteps, PendingRequest, ResponseSink } from "./scheduler.ts";

export interface RunOwner {
  respond(run: EnsembleRun, response: EnsembleResponse, isFinal: boolean): void;
  fail(run: EnsembleRun, error: InferenceError, reason: FailureReason): void;
}

export interface EnsembleResponse {
  readonly outputs: readonly WireTensor[];
  readonly isShared: boolean;
}

export interface RunFields {
  readonly owner: RunOwner;
  readonly config: ModelConfig;
  readonly steps: HeldSteps;
  readonly request: InferRequest;
  readonly sink: ResponseSink;
  readonly deadlineMs: number;
  readonly arrivedAtMs: number;
}

/** A step that has all it reads. */
interface ReadyStep {
  readonly step: PlannedStep;
  readonly iteration: Iteration;
}

export class EnsembleRun implements PendingRequest, StepOwner {
  readonly fields: RunFields;
  readonly rows: number;
  readonly arrivedAtMs: number;
  /** What the owner counts with. */
  endMs = 0;
  responseCount = 0;
  respondedMs: number;
  /** Sums over the steps that have ended. */
  readonly timing: { queueMs: number; batchMs: number; computeMs: number; outputMs: number } = {
    queueMs: 0,
    batchMs: 0,
    computeMs: 0,
    outputMs: 0,
  };
  readonly #wanted: readonly PlannedTensor[];
  readonly #maxInflight: number;
  readonly #calls: StepCall[] = [];
  #ready: ReadyStep[] = [];
  /** Held back by `maxInflightRequests`. */
  #waiting: ReadyStep[] = [];
  /** Whose outputs are all there, and were not sent yet. */
  #complete: Iteration[] = [];
  /** Sent, and not taken by the caller. */
  readonly #untaken: Iteration[] = [];
  #error: InferenceError | undefined = undefined;
  #isOver = false;
  #isBusy = false;

  constructor(fields: RunFields) {
    const { config, request, arrivedAtMs } = fields;
    const { plan } = fields.steps;
    const { requestedOutputs } = request;
    this.fields = fields;
    this.rows = config.maxBatchSize > 0 ? (request.inputs[0]?.shape[0] ?? 1) : 1;
    this.arrivedAtMs = arrivedAtMs;
    this.respondedMs = arrivedAtMs;
    this.#maxInflight = config.ensemble?.maxInflightRequests ?? 0;
    this.#wanted =
      requestedOutputs.length === 0
        ? plan.outputs
        : plan.outputs.filter(({ name }) => requestedOutputs.includes(name));
  }

  start(): void {
    const { request, steps } = this.fields;
    const { plan } = steps;
    const { sequence } = request;
    const root = this.#iteration();
    for (const { name, tensor } of plan.inputs) {
      const input = request.inputs.find((given) => given.name === name);
      const isShared = input?.isShared === true;
      this.#set(root, tensor, { tensor: input, isShared, sequence });
    }
    this.#goOn();
  }

  cancel(): void {
    this.abort(new InferenceError("CANCELLED", "Request cancelled"), "CANCELED");
  }

  /** From outside: it ends at once, and all its steps are cancelled. */
  abort(error: InferenceError, reason: FailureReason): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#drop();
    for (const call of [...this.#calls]) call.cancel();
    this.fields.owner.fail(this, error, reason);
  }

  credit(responseCount: number): void {
    for (let count = 0; count < responseCount && !this.#isOver; count += 1) {
      const taken = this.#untaken.shift();
      if (taken === undefined) return;
      this.#release(taken);
    }
  }

  /** By a step. */
  answered(call: StepCall, response: InferResponse, isFinal: boolean): void {
    if (isFinal) this.#end(call);
    if (this.#isOver) return;
    const { step, iteration } = call;
    const isResult = !step.isDecoupled || response.outputs.length > 0;
    const isUsed = isResult && this.#error === undefined;
    if (isUsed && step.isDecoupled) this.#iterate(call, response);
    else if (isUsed) this.#setAll(call, response, iteration);
    else if (!isFinal) call.credit(1);
    if (isFinal) {
      this.#addTiming(response.timing);
      this.#release(iteration);
    }
    this.#goOn();
  }

  failed(call: StepCall, error: InferenceError): void {
    this.#end(call);
    if (this.#isOver) return;
    if (this.#error === undefined) {
      this.#error = error;
      this.#drop();
      for (const other of [...this.#calls]) if (other.step.isDecoupled) other.cancel();
    }
    this.#goOn();
  }

  #iterate(call: StepCall, response: InferResponse): void {
    const next = this.#iteration(call);
    call.iteration.openCount += 1;
    next.openCount += 1;
    this.#setAll(call, response, next);
    this.#release(next);
  }

  #setAll(call: StepCall, response: InferResponse, iteration: Iteration): void {
    const { step, request } = call;
    const sequence = sequenceAfter(request.sequence, response.parameters);
    for (const { name, tensor } of step.outputs) {
      const output = response.outputs.find((given) => given.name === name);
      const isShared =
        response.isShared === true || isPassedOn(output, request.inputs, step.isDecoupled);
      this.#set(iteration, tensor, { tensor: output, isShared, sequence });
    }
  }

  #set(iteration: Iteration, tensor: number, value: EnsembleValue): void {
    const { plan } = this.fields.steps;
    iteration.values[tensor] = value;
    for (const step of plan.readers[tensor] ?? []) {
      if (iteration.lacksNoneAfter(step)) {
        iteration.openCount += 1;
        this.#ready.push({ step, iteration });
      }
    }
    if (!this.#wanted.some((output) => output.tensor === tensor)) return;
    iteration.missingOutputs -= 1;
    if (iteration.missingOutputs > 0) return;
    iteration.openCount += 1;
    this.#complete.push(iteration);
  }

  /** Unless a call around this one does. */
  #goOn(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    while (!this.#isOver && this.#doNext());
    this.#isBusy = false;
  }

  /** False: it has to wait for somebody. */
  #doNext(): boolean {
    const next = this.#ready.shift();
    if (next !== undefined) {
      if (this.#isCrowded(next.step)) this.#waiting.push(next);
      else this.#run(next);
      return true;
    }
    // Nobody waits in front of a step that does not run.
    const isQuiet = this.#calls.length === 0;
    if (this.#error !== undefined) {
      if (isQuiet) this.#fail(this.#error);
      return false;
    }
    const { plan } = this.fields.steps;
    const [complete] = plan.isDecoupled || isQuiet ? this.#complete : [];
    if (complete !== undefined) {
      this.#complete.shift();
      this.#respond(complete, isQuiet && this.#complete.length === 0);
    } else if (isQuiet) this.#respond(undefined, true);
    return complete !== undefined;
  }

  #isCrowded(step: PlannedStep): boolean {
    if (this.#maxInflight === 0) return false;
    let count = 0;
    for (const call of this.#calls) if (call.step === step) count += 1;
    return count >= this.#maxInflight;
  }

  #run({ step, iteration }: ReadyStep): void {
    const { steps, deadlineMs } = this.fields;
    const { model, held } = steps.models[step.index] ?? {};
    const call = new StepCall(this, step, iteration, this.#requestOf(step, iteration));
    this.#calls.push(call);
    try {
      const options = { deadlineMs, isInternal: true, held };
      call.sent(model?.infer(call.request, call, options) ?? endedRequest);
    } catch (reason) {
      call.fail(InferenceError.from(reason));
    }
  }

  #requestOf(step: PlannedStep, { values }: Iteration): InferRequest {
    const { request, config } = this.fields;
    const { models, plan } = this.fields.steps;
    const inputs: WireTensor[] = [];
    let { sequence } = request;
    for (const input of step.inputs) {
      const value = values[input.tensor];
      sequence = value?.sequence ?? sequence;
      if (value?.tensor === undefined) continue;
      const isShared = value.isShared || plan.isShared[input.tensor] === true;
      inputs.push(fitted(value.tensor, input, { isBatching: step.isBatching, isShared }));
    }
    const { name, version } = models[step.index]?.model.config ?? config;
    const { requestedOutputs } = step;
    return {
      ...request,
      modelName: name,
      modelVersion: version,
      inputs,
      requestedOutputs,
      sequence,
    };
  }

  /** `isFinal`: no more will come. Undefined: it is only the end of a stream. */
  #respond(iteration: Iteration | undefined, isFinal: boolean): void {
    const { owner, config, steps } = this.fields;
    const outputs: WireTensor[] = [];
    let isShared = false;
    for (const output of iteration === undefined ? [] : this.#wanted) {
      const value = iteration?.values[output.tensor];
      if (value?.tensor === undefined) continue;
      const isBatching = config.maxBatchSize > 0;
      isShared ||= value.isShared || steps.plan.isShared[output.tensor] === true;
      outputs.push(fitted(value.tensor, output, { isBatching, isShared: false }));
    }
    if (isFinal) this.#isOver = true;
    else if (iteration !== undefined) this.#untaken.push(iteration);
    owner.respond(this, { outputs, isShared }, isFinal);
  }

  #fail({ code, message, retryAfterS }: InferenceError): void {
    const { owner, config } = this.fields;
    const text = `in ensemble '${config.name}', ${message}`;
    const hint = retryAfterS === undefined ? {} : { retryAfterS };
    this.#isOver = true;
    owner.fail(this, new InferenceError(code, text, { reason: "OTHER", ...hint }), "OTHER");
  }

  /** Whoever was held back behind it goes on. */
  #end(call: StepCall): void {
    this.#calls.splice(this.#calls.indexOf(call), 1);
    const index = this.#waiting.findIndex(({ step }) => step === call.step);
    if (index >= 0) this.#ready.push(...this.#waiting.splice(index, 1));
  }

  #drop(): void {
    this.#ready = [];
    this.#waiting = [];
  }

  #release(iteration: Iteration): void {
    let closing: Iteration | undefined = iteration;
    while (closing !== undefined) {
      closing.openCount -= 1;
      const maker: StepCall | undefined = closing.openCount === 0 ? closing.maker : undefined;
      maker?.credit(1);
      closing = maker?.iteration;
    }
  }

  #addTiming({ queueMs, batchMs, computeMs, outputMs }: InferResponse["timing"]): void {
    this.timing.queueMs += queueMs;
    this.timing.batchMs += batchMs;
    this.timing.computeMs += computeMs;
    this.timing.outputMs += outputMs;
  }

  #iteration(maker?: StepCall): Iteration {
    return new Iteration(this.fields.steps.plan, this.#wanted.length, maker);
  }
}
