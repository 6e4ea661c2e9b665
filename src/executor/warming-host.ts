/**
 * Warming host: instances that run the warm-up of their model before they say that they are ready.
 *
 *   inner instance:  loads ──> ready ──> a warm-up batch ──> the next one ──> ...
 *   what is told:                                                            ready | exited(why)
 *
 * The batches take the way of any other, through the instance itself: so every kind of instance and
 * of function is warmed alike, outputs are checked, and the limit of a load holds for all of it.
 * Nobody counts them: the core does not know of them. Where one fails, the instance is stopped, and
 * the failure is why it exited.
 *
 * Not here: what the batches hold (warmup-batches.ts).
 */
import type {
  ExecutionBatch,
  ExecutionEmitter,
  Instance,
  InstanceEvents,
  InstanceHost,
} from "../core/instance.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { InferenceError } from "../protocol/errors.ts";
import { type WarmupRun, warmupRuns } from "./warmup-batches.ts";

/** The host itself, if there is nothing to run. Rejects if a sample cannot be used. */
export async function warmed(host: InstanceHost, config: ModelConfig): Promise<InstanceHost> {
  if (config.warmup.length === 0) return host;
  const runs = await warmupRuns(config);
  return {
    start: (index, events) => {
      const warming = new WarmingInstance(config, runs, events);
      return warming.start(host, index);
    },
  };
}

class WarmingInstance implements Instance, InstanceEvents {
  readonly #config: ModelConfig;
  readonly #runs: readonly WarmupRun[];
  readonly #events: InstanceEvents;
  #instance: Instance | undefined = undefined;
  #running: WarmupRun | undefined = undefined;
  #failure: InferenceError | undefined = undefined;
  #isEnding = false;

  constructor(config: ModelConfig, runs: readonly WarmupRun[], events: InstanceEvents) {
    this.#config = config;
    this.#runs = runs;
    this.#events = events;
  }

  start(host: InstanceHost, index: number): Instance {
    this.#instance = host.start(index, this);
    return this;
  }

  execute(batch: ExecutionBatch, emit: ExecutionEmitter): void {
    this.#instance?.execute(batch, emit);
  }

  abort(batch: ExecutionBatch, requestIndex: number): void {
    this.#instance?.abort(batch, requestIndex);
  }

  credit(batch: ExecutionBatch, requestIndex: number, responseCount: number): void {
    this.#instance?.credit(batch, requestIndex, responseCount);
  }

  stop(): void {
    this.#isEnding = true;
    this.#instance?.stop();
  }

  abandon(): boolean {
    this.#isEnding = true;
    return this.#instance?.abandon() ?? false;
  }

  ready(): void {
    this.#warm().catch((reason: unknown) => this.#fail(InferenceError.from(reason)));
  }

  exited(error: InferenceError | undefined, isFinal?: boolean): void {
    const run = this.#running;
    const died = run === undefined || error === undefined ? error : this.#toFailure(run, error);
    this.#events.exited(this.#failure ?? died, isFinal);
  }

  async #warm(): Promise<void> {
    for (const run of this.#runs) {
      for (let done = 0; done < run.count; done += 1) {
        if (this.#isEnding) return;
        this.#running = run;
        const error = await this.#run(run.makeBatch());
        this.#running = undefined;
        if (error !== undefined) {
          this.#fail(this.#toFailure(run, error));
          return;
        }
      }
    }
    if (!this.#isEnding) this.#events.ready();
  }

  /** What went wrong. Does not resolve if the instance is lost meanwhile. */
  #run(batch: ExecutionBatch): Promise<InferenceError | undefined> {
    return new Promise((resolve) => {
      let failed: InferenceError | undefined;
      this.#instance?.execute(batch, {
        respond: (index, _response, isFinal) => {
          if (!isFinal) this.credit(batch, index, 1);
        },
        fail: (_index, error) => {
          failed ??= error;
        },
        done: (_times, answers) => {
          resolve(failed ?? answers.find((answer) => answer instanceof InferenceError));
        },
        failed: (_times, error) => resolve(failed ?? error),
      });
    });
  }

  #fail(error: InferenceError): void {
    if (this.#isEnding) return;
    this.#failure = error;
    this.stop();
  }

  /** The operator sees what the model threw, which its callers never do. */
  #toFailure({ name, batchSize }: WarmupRun, error: InferenceError): InferenceError {
    const { cause, code, message } = error;
    const thrown = cause instanceof Error ? firstLine(cause) : message;
    const why = thrown.includes(message) ? message : thrown;
    const size = this.#config.maxBatchSize > 0 ? ` with batch size ${batchSize}` : "";
    const text = `model '${this.#config.name}' failed its warm-up, sample '${name}'${size}: ${why}`;
    return new InferenceError(code, text, { reason: "BACKEND", cause: cause ?? error });
  }
}

/** With its name, which the message of one from a thread begins with. */
function firstLine({ name, message }: Error): string {
  const [line = ""] = message.split("\n", 1);
  return (line.startsWith(name) ? line : `${name}: ${line}`).replace(/^Error: /, "");
}
