/**
 * An ensemble by itself, with models that answer when a test says so, and whoever asks it.
 */
import type { EnsembleStepConfig } from "../core/ensemble-config.ts";
import { checkedEnsemble, EnsembleScheduler } from "../core/ensemble-scheduler.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { ModelStatistics } from "../core/model-statistics.ts";
import type { PendingRequest, ResponseSink } from "../core/scheduler.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { InferRequest, InferResponse } from "../protocol/infer.ts";
import { inferRequest } from "./core-fixture.ts";
import { type EnsembleChanges, ensembleConfig, stepConfig, stepModel } from "./ensemble-fixture.ts";
import { HeldModel, tensor, valuesOf } from "./step-models.ts";
import { VirtualClock } from "./virtual-clock.ts";

export const chain: readonly EnsembleStepConfig[] = [
  stepConfig("a", { x: "X" }, { y: "T" }),
  stepConfig("b", { x: "T" }, { y: "Y" }),
];

export class Caller implements ResponseSink {
  readonly heard: unknown[] = [];
  readonly responses: InferResponse[] = [];
  onHeard: () => void = () => {};

  respond(response: InferResponse, isFinal: boolean): void {
    this.responses.push(response);
    this.heard.push([valuesOf(response.outputs), isFinal ? "final" : "more"]);
    this.onHeard();
  }

  fail({ code, message }: InferenceError, reason?: string): void {
    this.heard.push([code, message, reason]);
    this.onHeard();
  }
}

export class Fixture {
  readonly clock: VirtualClock = new VirtualClock();
  readonly models: Readonly<Record<string, HeldModel>>;
  readonly statistics: ModelStatistics = new ModelStatistics("e", 1);
  readonly scheduler: EnsembleScheduler;
  readonly logged: string[] = [];
  missing = "";

  constructor(models: readonly ModelConfig[], ensemble: EnsembleChanges) {
    const entries = models.map((model) => [model.name, new HeldModel(model)] as const);
    this.models = Object.fromEntries(entries);
    const find = (name: string): HeldModel => this.#find(name);
    const config = checkedEnsemble(ensembleConfig(ensemble), find);
    const { clock, statistics } = this;
    const nothing = (): void => {};
    const error = (message: string): void => void this.logged.push(message);
    const log = { verbose: nothing, info: nothing, warning: nothing, error };
    this.scheduler = new EnsembleScheduler({ config, clock, log, statistics, find });
  }

  model(name: string): HeldModel {
    return this.models[name] ?? this.#find(name);
  }

  send(changes: Partial<InferRequest> = {}, deadlineMs: number = Infinity): Sent {
    const caller = new Caller();
    const request = inferRequest({ modelName: "e", inputs: [tensor("X", [5])], ...changes });
    const pending = this.scheduler.enqueue(request, caller, { deadlineMs });
    return { caller, pending };
  }

  get holdCounts(): readonly number[] {
    return Object.values(this.models).map(({ holdCount }) => holdCount);
  }

  snapshot(): ReturnType<ModelStatistics["snapshot"]> {
    return this.statistics.snapshot({ nowMs: this.clock.nowMs(), wallMs: 0 });
  }

  #find(name: string): HeldModel {
    const model = this.models[name];
    if (model === undefined || name === this.missing) {
      throw new InferenceError("NOT_FOUND", `no ${name}`);
    }
    return model;
  }
}

export interface Sent {
  readonly caller: Caller;
  readonly pending: PendingRequest;
}

/** A, then b. */
export function chained(changes: EnsembleChanges = {}): Fixture {
  const models = [stepModel({ name: "a" }), stepModel({ name: "b" })];
  return new Fixture(models, { steps: chain, ...changes });
}

/** A streams, and b gets each of its responses. */
export function streaming(changes: EnsembleChanges = {}): Fixture {
  const models = [stepModel({ name: "a", isDecoupled: true }), stepModel({ name: "b" })];
  return new Fixture(models, { steps: chain, ...changes });
}
