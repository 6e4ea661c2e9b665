/**
 * Instance hosts: make instances of one model version, inline or in threads.
 */
import { createFunctionBackend } from "../backends/function.ts";
import type { Clock } from "../core/clock.ts";
import type { CustomMetrics, ModelMetricsStore } from "../core/custom-metrics.ts";
import type { Instance, InstanceEvents, InstanceHost } from "../core/instance.ts";
import type { Log } from "../core/log.ts";
import type { ModelConfig } from "../core/model-config.ts";
import type { FunctionModel } from "../definition/model.ts";
import { InferenceError } from "../protocol/errors.ts";
import { instanceLog } from "./batch-log.ts";
import type { SiblingService } from "./batch-siblings.ts";
import type { CopiedBytes } from "./copied-bytes.ts";
import { InlineInstance, type InlineWatch } from "./inline-instance.ts";
import { InstanceThread, type ThreadPlan } from "./instance-thread.ts";
import { ThreadInstance } from "./thread-instance.ts";

export interface HostOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly copied: CopiedBytes;
  readonly metrics: CustomMetrics;
  /** Told what an inline model does to the event loop. */
  readonly watch: (model: string, version: number) => InlineWatch;
  readonly siblings: SiblingService;
}

export class InlineHost implements InstanceHost {
  readonly #model: FunctionModel;
  readonly #config: ModelConfig;
  readonly #options: HostOptions;
  readonly #metrics: ModelMetricsStore;

  constructor(model: FunctionModel, config: ModelConfig, options: HostOptions) {
    this.#model = model;
    this.#config = config;
    this.#options = options;
    this.#metrics = options.metrics.open(config.name, config.version);
  }

  start(index: number, events: InstanceEvents): Instance {
    const { clock, log, copied, watch, siblings } = this.#options;
    const config = this.#config;
    const { name: model, version } = config;
    const options = {
      config,
      backend: createFunctionBackend(this.#model),
      clock,
      copied,
      log: instanceLog(log, { model, version, instance: index }),
      metrics: this.#metrics,
      siblings,
      watch: watch(model, version),
    };
    this.#metrics.instanceStarted(index);
    return new InlineInstance(options, index, events);
  }
}

/** Of all its threads. */
export interface HostPlan extends Omit<ThreadPlan, "index" | "device"> {
  /** By index of the instance. */
  readonly devices: readonly ThreadPlan["device"][];
}

export function threadPlan({ devices, ...plan }: HostPlan, index: number): ThreadPlan {
  return { ...plan, index, device: devices[index] ?? "cpu" };
}

export class ThreadHost implements InstanceHost {
  readonly #config: ModelConfig;
  readonly #options: HostOptions;
  readonly #metrics: ModelMetricsStore;
  readonly #plan: HostPlan;
  /** Started before, to find out what the model is. */
  #firstThread: InstanceThread | undefined;

  constructor(
    config: ModelConfig,
    plan: HostPlan,
    options: HostOptions,
    firstThread?: InstanceThread,
  ) {
    this.#config = config;
    this.#plan = plan;
    this.#options = options;
    this.#metrics = options.metrics.open(config.name, config.version);
    this.#firstThread = firstThread;
  }

  start(index: number, events: InstanceEvents): Instance {
    try {
      const thread = this.#firstThread ?? new InstanceThread(threadPlan(this.#plan, index));
      this.#firstThread = undefined;
      return this.#instanceIn(thread, index, events);
    } catch (reason) {
      return notStarted(this.#config.name, reason, events);
    }
  }

  #instanceIn(thread: InstanceThread, index: number, events: InstanceEvents): Instance {
    const { log, copied, siblings } = this.#options;
    const { name: model, version } = this.#config;
    const options = {
      config: this.#config,
      copied,
      log: instanceLog(log, { model, version, instance: index }),
      metrics: this.#metrics,
      index,
      siblings,
    };
    this.#metrics.instanceStarted(index);
    const instance = new ThreadInstance(options, thread, events);
    // What it has said already is told after this call, as the core expects.
    queueMicrotask(() => thread.listen(instance));
    return instance;
  }
}

/** The machine has no thread left, or no memory for one: it may have later. */
function notStarted(model: string, cause: unknown, events: InstanceEvents): Instance {
  const why = `no thread could be started for model '${model}'`;
  let isAbandoned = false;
  queueMicrotask(() => {
    const error = new InferenceError("UNAVAILABLE", why, { reason: "BACKEND", cause });
    if (!isAbandoned) events.exited(error);
  });
  const abandon = (): boolean => {
    isAbandoned = true;
    return false;
  };
  return { execute() {}, abort() {}, credit() {}, stop() {}, abandon };
}
