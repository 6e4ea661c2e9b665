/**
 * Ensemble scheduler: the requests of an ensemble that are on their way. It has no queue and no
 * instances: each request starts at once, and waits where its steps' models let it wait.
 *
 * The models of the steps are looked up when a request comes, and held until it has ended: what was
 * accepted goes to its end, also if one of them is unloaded or replaced meanwhile, and whatever is
 * asked later goes to what has come then; the same through ensembles of ensembles. The plan is made
 * anew when they are not those it was made for. So an ensemble is down while one of its models is
 * not there, or does not fit any more, and up again when it is: nobody has to tell it.
 *
 * Statistics: a request counts as executing at once, and never as waiting. Its compute times are
 * the sums over its steps, as Triton has them: of steps that run side by side they are more than the
 * request took. Whatever a step failed with counts as OTHER; a caller who leaves as CANCELED.
 *
 * Not here: a request's way through the steps (ensemble-run.ts); waiting for the models of an
 * ensemble that loads (ensemble-models.ts).
 */
import { assert } from "../assert.ts";
import { type FailureReason, InferenceError } from "../protocol/errors.ts";
import type { AskedVersion, InferRequest, Parameters, SequenceFields } from "../protocol/infer.ts";
import type { Clock } from "./clock.ts";
import type { EnsembleStepConfig } from "./ensemble-config.ts";
import { type EnsemblePlan, planEnsemble } from "./ensemble-plan.ts";
import { type EnsembleResponse, EnsembleRun, type RunOwner } from "./ensemble-run.ts";
import type { Log } from "./log.ts";
import type { ModelConfig } from "./model-config.ts";
import type { ExecutionMoments, ModelStatistics } from "./model-statistics.ts";
import { endedRequest } from "./scheduled-request.ts";
import type {
  EnqueueOptions,
  HeldStep,
  HeldSteps,
  PendingRequest,
  ResponseSink,
  Scheduler,
  StepModel,
} from "./scheduler.ts";
import { tell } from "./sharing.ts";
import { stopping } from "./stopping.ts";

/** Throws NOT_FOUND or UNAVAILABLE. */
export type FindModel = (name: string, version: AskedVersion) => StepModel;

export interface EnsembleSchedulerOptions {
  readonly config: ModelConfig;
  readonly clock: Clock;
  readonly log: Log;
  readonly statistics: ModelStatistics;
  readonly find: FindModel;
}

/** A plan, and the models for which it was made. */
interface Bound {
  readonly plan: EnsemblePlan;
  readonly models: readonly StepModel[];
  /** One more than of those before. */
  readonly number: number;
}

export class EnsembleScheduler implements Scheduler, RunOwner {
  readonly #options: EnsembleSchedulerOptions;
  readonly #runs: Set<EnsembleRun> = new Set();
  #bound: Bound | undefined = undefined;
  #isDraining = false;
  #isClosed = false;
  #onDrained: (() => void)[] = [];

  constructor(options: EnsembleSchedulerOptions) {
    this.#options = options;
  }

  /** As a pool of instances has it: nothing of its own can be lost. */
  readonly failure: undefined = undefined;

  async load(): Promise<void> {}

  async stop(): Promise<void> {}

  abandon(): void {}

  get isReady(): boolean {
    try {
      return this.#bind().models.every((model) => model.isReady());
    } catch {
      return false;
    }
  }

  /** Why it cannot be asked for anything, for the time being. */
  get whyDown(): InferenceError | undefined {
    try {
      this.#bind();
      return undefined;
    } catch (reason) {
      return InferenceError.from(reason);
    }
  }

  /** The same for two requests only if the same loads of the same models answer both. */
  stepsKey(held?: HeldSteps): string {
    if (held !== undefined) return held.key;
    try {
      const { models, number } = this.#bind();
      return keyOf(
        number,
        models.map((model) => model.stepsKey()),
      );
    } catch {
      return "";
    }
  }

  /** Throws if a model is not there, or does not fit; those that were held once are. */
  hold(again?: HeldSteps): HeldSteps {
    if (again !== undefined) {
      for (const { model, held } of again.models) model.hold(held);
      return again;
    }
    const { plan, models: found, number } = this.#bind();
    const models: HeldStep[] = [];
    try {
      for (const model of found) models.push({ model, held: model.hold() });
    } catch (reason) {
      letGoOf(models);
      throw reason;
    }
    const keys = models.map(({ held }) => held?.key ?? "");
    return { plan, models, key: keyOf(number, keys) };
  }

  enqueue(request: InferRequest, sink: ResponseSink, options: EnqueueOptions): PendingRequest {
    const { config, clock, statistics } = this.#options;
    const { deadlineMs, isInternal = false, held } = options;
    if (isInternal ? this.#isClosed : this.#isDraining) {
      return this.#refuse(request, sink, stopping(request));
    }
    let steps: HeldSteps;
    try {
      steps = this.hold(held);
    } catch (reason) {
      return this.#refuse(request, sink, InferenceError.from(reason));
    }
    const arrivedAtMs = clock.nowMs();
    const fields = { owner: this, config, request, sink, deadlineMs, arrivedAtMs };
    const run = new EnsembleRun({ ...fields, steps });
    this.#runs.add(run);
    statistics.requestStarted();
    run.start();
    return run;
  }

  get isIdle(): boolean {
    return this.#runs.size === 0;
  }

  drain(): Promise<void> {
    this.#isDraining = true;
    return new Promise((resolve) => {
      this.#onDrained.push(resolve);
      this.#tellIfDrained();
    });
  }

  close(): void {
    this.#isClosed = true;
  }

  failAll(error: InferenceError): void {
    for (const run of [...this.#runs]) run.abort(error, error.reason);
  }

  respond(run: EnsembleRun, { outputs, isShared }: EnsembleResponse, isFinal: boolean): void {
    const { config, clock, statistics } = this.#options;
    const { request, sink } = run.fields;
    const nowMs = clock.nowMs();
    if (isFinal) {
      run.endMs = nowMs;
      const moments = momentsOf(run);
      statistics.requestSucceeded(run, moments);
      statistics.executionEnded(run.rows, moments);
      this.#end(run);
    }
    if (config.isDecoupled) {
      const moments = { computeOutputStartMs: nowMs, computeEndMs: nowMs };
      statistics.responseEnded(run, outputs.length > 0 ? "success" : "emptyResponse", moments);
      run.responseCount += 1;
      run.respondedMs = nowMs;
    }
    const response = {
      modelName: config.name,
      modelVersion: config.version,
      id: request.id,
      parameters: parametersOf(request.sequence),
      outputs,
      timing: { ...run.timing },
    };
    tell(this.#options, request.id, () =>
      sink.respond(isShared ? { ...response, isShared } : response, isFinal),
    );
  }

  fail(run: EnsembleRun, error: InferenceError, reason: FailureReason): void {
    const { config, clock, statistics } = this.#options;
    const { request, sink } = run.fields;
    const nowMs = clock.nowMs();
    run.endMs = nowMs;
    statistics.requestFailed("executing", nowMs - run.arrivedAtMs, reason);
    if (config.isDecoupled) {
      const moments = { computeOutputStartMs: nowMs, computeEndMs: nowMs };
      statistics.responseEnded(run, reason === "CANCELED" ? "cancel" : "fail", moments);
    }
    this.#end(run);
    tell(this.#options, request.id, () => sink.fail(error, reason));
  }

  /** Throws if a model is not there, or does not fit. */
  #bind(): Bound {
    const { config, find } = this.#options;
    const bound = bindSteps(config, find, this.#bound);
    if (bound.plan.isDecoupled !== config.isDecoupled) {
      const how = bound.plan.isDecoupled ? "streams now" : "does not stream any more";
      const why = `ensemble '${config.name}' ${how}, as its models do: it must be loaded again`;
      throw new InferenceError("INVALID_ARGUMENT", why);
    }
    this.#bound = bound;
    return bound;
  }

  #end(run: EnsembleRun): void {
    this.#runs.delete(run);
    letGoOf(run.fields.steps.models);
    if (this.#isDraining) this.#tellIfDrained();
  }

  #refuse({ id }: InferRequest, sink: ResponseSink, why: InferenceError): PendingRequest {
    tell(this.#options, id, () => sink.fail(why));
    return endedRequest;
  }

  #tellIfDrained(): void {
    if (this.#runs.size > 0) return;
    for (const resolve of this.#onDrained.splice(0)) resolve();
  }
}

/** With what its models know of it. Throws if it does not fit them. */
export function checkedEnsemble(config: ModelConfig, find: FindModel): ModelConfig {
  const { name, cache, singleFlight } = config;
  const { isDecoupled } = bindSteps(config, find).plan;
  if (isDecoupled && cache !== undefined) {
    const what = `Response Cache does not currently support model ${name}`;
    const why = `${what} with 'decoupled' transaction policy. Please disable the response cache.`;
    throw new InferenceError("INVALID_ARGUMENT", why);
  }
  // What streams is never shared.
  return { ...config, isDecoupled, singleFlight: singleFlight && !isDecoupled };
}

function bindSteps({ ensemble, ...config }: ModelConfig, find: FindModel, known?: Bound): Bound {
  assert(ensemble !== undefined, "only an ensemble has steps");
  const models = ensemble.steps.map(({ modelName, modelVersion }: EnsembleStepConfig) =>
    find(modelName, modelVersion),
  );
  if (known?.models.every((model, index) => model === models[index])) return known;
  const configs = models.map((model) => model.config);
  const plan = planEnsemble({ ...config, ensemble }, configs);
  return { plan, models, number: 1 + (known?.number ?? 0) };
}

export function letGoOf(models: readonly HeldStep[]): void {
  for (const { model, held } of models) model.letGo(held);
}

function keyOf(number: number, ofSteps: readonly string[]): string {
  return `${number}(${ofSteps.join()})`;
}

/** As if it had run them one after another. */
function momentsOf({ arrivedAtMs, timing }: EnsembleRun): ExecutionMoments {
  const computeInputEndMs = arrivedAtMs + timing.batchMs;
  const computeOutputStartMs = computeInputEndMs + timing.computeMs;
  const computeEndMs = computeOutputStartMs + timing.outputMs;
  return { computeStartMs: arrivedAtMs, computeInputEndMs, computeOutputStartMs, computeEndMs };
}

const noSequence: Parameters = Object.freeze({
  sequence_id: 0,
  sequence_start: false,
  sequence_end: false,
});

/** Every response of an ensemble has them. */
function parametersOf(sequence: SequenceFields | undefined): Parameters {
  if (sequence === undefined) return noSequence;
  const { id, isStart, isEnd } = sequence;
  return { sequence_id: id, sequence_start: isStart, sequence_end: isEnd };
}
