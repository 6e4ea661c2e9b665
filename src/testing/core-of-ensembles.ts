/**
 * A core on a virtual clock, whose models add 1 (or what the test says) to each input and answer at
 * once, or when they are told to.
 */
import { InferenceCore } from "../core/inference-core.ts";
import type { ExecutionBatch, ExecutionEmitter, Instance, InstanceHost } from "../core/instance.ts";
import type { ModelConfig } from "../core/model-config.ts";
import type { ModelSource } from "../core/model-source.ts";
import { InferenceError } from "../protocol/errors.ts";
import { noParameters } from "../protocol/infer.ts";
import { inferRequest } from "./core-fixture.ts";
import { tensor, valuesOf } from "./step-models.ts";
import { VirtualClock } from "./virtual-clock.ts";

type Values = Readonly<Record<string, number>>;

export interface SentRequest {
  /** Outputs, or an error as text. */
  readonly heard: (Values | string)[];
}

export interface OpenLoad {
  readonly loading: Promise<void>;
  resolve(): void;
}

const nothing = (): void => {};

export class CoreFixture {
  readonly clock: VirtualClock = new VirtualClock();
  readonly core: InferenceCore;
  /** By name and version: what a model adds. */
  readonly addends: Map<string, number> = new Map();
  /** Models answer when `release` is called. */
  holds = false;
  readonly #held: (() => void)[] = [];

  constructor(cacheBytes = 0) {
    this.core = new InferenceCore({
      clock: this.clock,
      log: { verbose: nothing, info: nothing, warning: nothing, error: nothing },
      metadata: { name: "test", version: "0", extensions: [] },
      maxWaitingBytes: 1e6,
      cacheBytes,
      digest: (head) => head,
    });
  }

  load(config: ModelConfig): Promise<void> {
    return this.core.load(this.#sourceOf(config));
  }

  /** By one that adds so much. */
  replace(config: ModelConfig, addend?: number): Promise<void> {
    return this.core.replace(this.#sourceOf(config, addend));
  }

  loadLater(config: ModelConfig): OpenLoad {
    let resolve = nothing;
    const opened = new Promise<void>((open) => {
      resolve = open;
    });
    const source = this.#sourceOf(config);
    const later: ModelSource = {
      ...source,
      resolve: async (signal) => {
        await opened;
        return await source.resolve(signal);
      },
    };
    return { loading: this.core.load(later), resolve };
  }

  fail(name: string, why: string): Promise<void> {
    const error = new InferenceError("INVALID_ARGUMENT", why);
    return this.core.load({ name, version: 1, resolve: () => Promise.reject(error) });
  }

  /** All that can happen without time has happened. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn += 1) {
      this.clock.advance(0);
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  send(
    modelName: string,
    inputs: Values,
    deadlineMs: number = Number.POSITIVE_INFINITY,
  ): SentRequest {
    const heard: (Values | string)[] = [];
    const given = Object.entries(inputs).map(([name, value]) => tensor(name, [value]));
    const sink = {
      respond: ({ outputs }: { readonly outputs: Parameters<typeof valuesOf>[0] }) =>
        void heard.push(first(valuesOf(outputs))),
      fail: ({ code, message }: InferenceError) => void heard.push(`${code} ${message}`),
    };
    this.core.infer(inferRequest({ modelName, inputs: given }), sink, { deadlineMs });
    this.clock.advance(0);
    return { heard };
  }

  ask(modelName: string, inputs: Values): Values | string | undefined {
    return this.send(modelName, inputs).heard[0];
  }

  /** What runs ends; what follows begins. */
  release(): void {
    for (const end of this.#held.splice(0)) end();
    this.clock.advance(0);
  }

  index(): readonly string[] {
    return this.core.index().map(({ name, version, state, reason }) => {
      return `${name}/${version} ${state}${reason === "" ? "" : ` ${reason}`}`;
    });
  }

  #sourceOf(config: ModelConfig, addend?: number): ModelSource {
    const { name, version } = config;
    const isEnsemble = config.ensemble !== undefined;
    const resolved = isEnsemble ? { config } : { config, host: this.#host(config, addend) };
    return { name, version, resolve: () => Promise.resolve(resolved) };
  }

  #host(config: ModelConfig, own?: number): InstanceHost {
    const addend = own ?? this.addends.get(`${config.name}/${config.version}`) ?? 1;
    return {
      start: (_index, events) => {
        void Promise.resolve().then(() => events.ready());
        const instance: Instance = {
          execute: (batch, emit) => {
            if (this.holds) this.#held.push(() => this.#answer(addend, batch, emit));
            else this.#answer(addend, batch, emit);
          },
          abort: nothing,
          credit: nothing,
          stop: () => events.exited(undefined),
          abandon: () => false,
        };
        return instance;
      },
    };
  }

  #answer(addend: number, batch: ExecutionBatch, emit: ExecutionEmitter): void {
    const nowMs = this.clock.nowMs();
    const times = { computeInputEndMs: nowMs, computeOutputStartMs: nowMs };
    const answers = batch.requests.map(({ request }) => {
      const [value = 0] = Object.values(first(valuesOf(request.inputs)));
      return { outputs: [tensor("y", [value + addend])], parameters: noParameters };
    });
    emit.done(times, answers);
  }
}

function first(values: Readonly<Record<string, readonly number[]>>): Values {
  return Object.fromEntries(Object.entries(values).map(([name, [value = 0]]) => [name, value]));
}
