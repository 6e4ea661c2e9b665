/**
 * Test server: models on a virtual clock, without ports, threads or waiting.
 *
 *   const server = await testServer(linear);
 *   const answers = [1, 2, 3].map((x) => server.infer({ model: linear, inputs: { x: [[x]] } }));
 *   await server.advance(5);            // The queue delay of `linear` is over.
 *   server.batches;                     // [{ model: "linear", rows: 3, requestCount: 3, atMs: 5 }]
 *
 * Queues, batches, timeouts and errors are those of a real server, and so is the model's function.
 * Every model runs inline, whatever it says: a test wants one thread. What has no delay needs no
 * `advance`: a request that can run at once does so before the caller's next `await` is over.
 */
import { availableParallelism } from "node:os";
import { CustomMetrics } from "../core/custom-metrics.ts";
import { InferenceCore } from "../core/inference-core.ts";
import type { ExecutionBatch, ExecutionEmitter, InstanceHost } from "../core/instance.ts";
import type { Log } from "../core/log.ts";
import type { ModelConfig } from "../core/model-config.ts";
import type { ModelSource, ResolvedModel } from "../core/model-source.ts";
import type { ModelStatisticsSnapshot } from "../core/model-statistics.ts";
import type { FunctionModel, Model } from "../definition/model.ts";
import type { ModelBase } from "../definition/model-base.ts";
import type { InferOptions } from "../definition/request-options.ts";
import type { SiblingService } from "../executor/batch-siblings.ts";
import type { InlineWatch } from "../executor/inline-instance.ts";
import type { HostOptions } from "../executor/instance-hosts.ts";
import { modelSource } from "../executor/model-source.ts";
import { devicesOfInstances, instanceGroups } from "../protocol/instance-groups.ts";
import { type InProcessResponse, inferInProcess } from "../server/in-process-infer.ts";
import type { InProcessRequest } from "../server/in-process-request.ts";
import { streamInProcess } from "../server/in-process-stream.ts";
import { resolveServerOptions } from "../server/resolve-server-options.ts";
import { servedModels } from "../server/served-models.ts";
import { sha256Digest } from "../server/sha256-digest.ts";
import { ServerSiblings } from "../server/sibling-service.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** A batch that a model was given. */
export interface ObservedBatch {
  readonly model: string;
  readonly version: number;
  readonly rows: number;
  readonly requestCount: number;
  /** Virtual milliseconds since the server was made. */
  readonly atMs: number;
}

export interface TestServer extends AsyncDisposable {
  /** In the order in which they were handed over. */
  readonly batches: readonly ObservedBatch[];
  /** Virtual milliseconds since the server was made. */
  readonly nowMs: number;
  infer<M extends ModelBase>(
    request: InProcessRequest<M>,
    options?: InferOptions,
  ): Promise<InProcessResponse<M>>;
  /** The responses of a model that streams. */
  stream<M extends ModelBase>(
    request: InProcessRequest<M>,
    options?: InferOptions,
  ): AsyncGenerator<InProcessResponse<M>, void, undefined>;
  /** Lets so much time pass, and all happen that is due in it. */
  advance(durationMs: number): Promise<void>;
  /** Counters of the models. */
  statistics(model?: string, version?: number): readonly ModelStatisticsSnapshot[];
  /** Drains; time that is needed for it passes. */
  close(): Promise<void>;
}

/** Rejects if a model fails to load. Only function models: an ONNX model needs a thread. */
export async function testServer(models: Model | readonly Model[]): Promise<TestServer> {
  const server = new VirtualServer();
  for (const { model } of servedModels(models)) await server.load(model);
  return server;
}

class VirtualServer implements TestServer {
  readonly batches: ObservedBatch[] = [];
  readonly #clock = new SettlingClock();
  readonly #core: InferenceCore;
  readonly #siblings: SiblingService;

  constructor() {
    this.#core = new InferenceCore({
      clock: this.#clock,
      log: silence,
      metadata: { name: "test", version: "0", extensions: [] },
      maxWaitingBytes: Number.POSITIVE_INFINITY,
      cacheBytes: resolveServerOptions({}).cacheBytes,
      digest: sha256Digest,
    });
    this.#core.setRunning();
    this.#siblings = new ServerSiblings(this.#core);
  }

  get nowMs(): number {
    return this.#clock.nowMs();
  }

  async load(model: ModelBase): Promise<void> {
    if (model.kind !== "function") {
      throw new TypeError(`model '${model.name}' is no function: it needs a thread, and real time`);
    }
    const options = { clock: this.#clock, siblings: this.#siblings };
    await this.#core.load(this.#observed(inlineSource(model as FunctionModel, options)));
  }

  infer<M extends ModelBase>(
    request: InProcessRequest<M>,
    options: InferOptions = {},
  ): Promise<InProcessResponse<M>> {
    return inferInProcess(this.#core, request, options);
  }

  stream<M extends ModelBase>(
    request: InProcessRequest<M>,
    options: InferOptions = {},
  ): AsyncGenerator<InProcessResponse<M>, void, undefined> {
    return streamInProcess(this.#core, request, options);
  }

  async advance(durationMs: number): Promise<void> {
    if (!(Number.isFinite(durationMs) && durationMs >= 0)) {
      const expected = "a number of milliseconds, 0 or more";
      throw new TypeError(`advance(): expected ${expected}; got ${durationMs}`);
    }
    const untilMs = this.#clock.nowMs() + durationMs;
    await settle();
    while (this.#clock.nextWakeMs() <= untilMs) {
      this.#clock.runNext();
      await settle();
    }
    this.#clock.advanceTo(untilMs);
    await settle();
  }

  statistics(model?: string, version?: number): readonly ModelStatisticsSnapshot[] {
    return this.#core.statistics(model, version);
  }

  async close(): Promise<void> {
    let isDrained = false;
    const drained = this.#core.drain().then(() => {
      isDrained = true;
    });
    await settle();
    while (!isDrained) {
      this.#clock.runNext();
      await settle();
    }
    await drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #observed(source: ModelSource<ResolvedModel>): ModelSource {
    const resolve: ModelSource["resolve"] = async (signal) => {
      const resolved = await source.resolve(signal);
      return { ...resolved, host: this.#observedHost(resolved.config, resolved.host) };
    };
    return { name: source.name, version: source.version, resolve };
  }

  #observedHost({ name: model, version }: ModelConfig, host: InstanceHost): InstanceHost {
    const start: InstanceHost["start"] = (index, events) => {
      const instance = host.start(index, events);
      return {
        execute: (batch: ExecutionBatch, emit: ExecutionEmitter) => {
          const { rows, requests } = batch;
          const atMs = this.#clock.nowMs();
          this.batches.push({ model, version, rows, requestCount: requests.length, atMs });
          instance.execute(batch, emit);
        },
        abort: (batch, requestIndex) => instance.abort(batch, requestIndex),
        credit: (batch, requestIndex, count) => instance.credit(batch, requestIndex, count),
        stop: () => instance.stop(),
        abandon: () => instance.abandon(),
      };
    };
    return { start };
  }
}

function inlineSource(
  model: FunctionModel,
  shared: Pick<HostOptions, "clock" | "siblings">,
): ModelSource<ResolvedModel> {
  const { instances } = model.options;
  const count = devicesOfInstances(instances, availableParallelism()).length;
  const { concurrency } =
    instanceGroups(instances).find((group) => group.concurrency !== undefined) ?? {};
  const inlineOnes = {
    count,
    kind: "inline" as const,
    ...(concurrency !== undefined && { concurrency }),
  };
  const options = { ...model.options, instances: inlineOnes };
  const inline: FunctionModel = { ...model, module: undefined, options };
  const copied = { inputs: 0, outputs: 0 };
  const metrics = new CustomMetrics({ log: silence, isThere: () => true });
  const hostOptions = { ...shared, log: silence, copied, metrics, watch: () => unwatched };
  return modelSource(inline, undefined, hostOptions);
}

/** What is asked for now happens without a further call, as on a real event loop. */
class SettlingClock extends VirtualClock {
  override wakeAt(atMs: number, wake: () => void): () => void {
    const cancel = super.wakeAt(atMs, wake);
    if (atMs <= this.nowMs()) queueMicrotask(() => this.advance(0));
    return cancel;
  }
}

/** A turn of the event loop: promises that can settle do. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

const unwatched: InlineWatch = { blocked() {}, awaits() {}, settled() {} };

const silence: Log = { verbose() {}, info() {}, warning() {}, error() {} };
