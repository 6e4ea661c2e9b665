/**
 * Running core: the real core with real instances on the real clock, without a server around it.
 */
import { InferenceCore } from "../core/inference-core.ts";
import type { ModelLimits } from "../core/model-config.ts";
import type { ModelBase } from "../definition/model-base.ts";
import { modelSource } from "../executor/model-source.ts";
import { InferenceError } from "../protocol/errors.ts";
import { type InferOptions, inferInProcess } from "../server/in-process-infer.ts";
import { hostOptions, type ObservedHostOptions } from "./executor-fixture.ts";

export class RunningCore implements AsyncDisposable {
  readonly host: ObservedHostOptions = hostOptions();
  readonly core: InferenceCore;

  constructor() {
    const { clock, log } = this.host;
    this.core = new InferenceCore({
      clock,
      log,
      metadata: { name: "test", version: "0", extensions: [] },
      maxWaitingBytes: Number.POSITIVE_INFINITY,
    });
    this.core.setRunning();
  }

  /** With limits that no option sets, too. */
  async load(model: ModelBase, limits: Partial<ModelLimits> = {}): Promise<void> {
    const { name, version, resolve } = modelSource(model, undefined, this.host);
    await this.core.load({
      name,
      version,
      resolve: async () => {
        const { config, host } = await resolve();
        return { config: { ...config, limits: { ...config.limits, ...limits } }, host };
      },
    });
  }

  /** The values of its only output. */
  async infer(
    model: ModelBase,
    inputs: Readonly<Record<string, unknown>>,
    options: InferOptions = {},
  ): Promise<readonly unknown[]> {
    const { outputs } = await inferInProcess(this.core, { model: model.name, inputs }, options);
    return Object.values(outputs).flatMap(({ data }) => [
      ...(data as ArrayLike<unknown> & Iterable<unknown>),
    ]);
  }

  isReady(name: string): boolean {
    return this.core.lookUp(name, undefined).isReady();
  }

  /** Its instances end, whatever they do. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.core.abandon(new InferenceError("UNAVAILABLE", "the test is over"));
    await this.core.drain();
  }
}
