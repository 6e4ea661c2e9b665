/**
 * Classified request: one that asks for classes of some outputs. Its model knows nothing of that: it
 * is given a request without, and what it answers is classified on the way to the caller. So equal
 * requests share answers, whatever of them is asked for.
 *
 * What is large is classified some of it in a turn of the event loop; the responses behind it wait.
 * What cannot be classified fails its request; the rest of a stream is then cancelled.
 *
 * Not here: the texts (protocol/classification.ts).
 */
import { ClassifySteps } from "../protocol/classification.ts";
import { type FailureReason, InferenceError } from "../protocol/errors.ts";
import type { InferRequest, InferResponse } from "../protocol/infer.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import type { Clock } from "./clock.ts";
import type { FindConfig } from "./ensemble-waits.ts";
import type { Log } from "./log.ts";
import type { ModelConfig } from "./model-config.ts";
import type { EnqueueOptions, PendingRequest, ResponseSink } from "./scheduler.ts";
import { tell } from "./sharing.ts";

export interface ClassifyingOptions {
  readonly enqueue: EnqueueOptions;
  readonly clock: Clock;
  readonly log: Log;
  /** Undefined: it is not there. */
  readonly configOf: FindConfig;
}

interface Asked {
  readonly config: ModelConfig;
  infer(request: InferRequest, sink: ResponseSink, options: EnqueueOptions): PendingRequest;
}

/** Throws what the model throws. */
export function inferClasses(
  model: Asked,
  { classes = new Map(), ...request }: InferRequest,
  sink: ResponseSink,
  options: ClassifyingOptions,
): PendingRequest {
  return new ClassifiedRequest({ model, request, classes, sink, options }).start();
}

/** Of the output of an ensemble those of the model that makes it, if it has none of its own. */
export function labelsOf(
  { outputs, ensemble }: ModelConfig,
  name: string,
  configOf: FindConfig,
): readonly string[] {
  const own = outputs.find((output) => output.name === name)?.labels;
  if (own !== undefined) return own;
  for (const { modelName, modelVersion, outputMap } of ensemble?.steps ?? []) {
    const made = [...outputMap].find(([, tensor]) => tensor === name);
    const maker = made && configOf(modelName, modelVersion);
    if (maker !== undefined) return labelsOf(maker, made?.[0] ?? "", configOf);
  }
  return [];
}

interface Fields {
  readonly model: Asked;
  readonly request: InferRequest;
  readonly classes: ReadonlyMap<string, number>;
  readonly sink: ResponseSink;
  readonly options: ClassifyingOptions;
}

interface Failure {
  readonly error: InferenceError;
  readonly reason: FailureReason | undefined;
}

interface OpenResponse {
  readonly response: InferResponse;
  readonly isFinal: boolean;
}

class ClassifiedRequest implements ResponseSink, PendingRequest {
  readonly #fields: Fields;
  #pending: PendingRequest | undefined = undefined;
  #waiting: (OpenResponse | Failure)[] = [];
  /** Outputs of the first that waits, as far as they are done, and the one in work. */
  #done: WireTensor[] = [];
  #steps: ClassifySteps | undefined = undefined;
  /** The model has said its last word. */
  #isAnswered = false;
  /** The caller has heard it. */
  #isOver = false;
  #isBusy = false;

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  start(): PendingRequest {
    const { model, request, options } = this.#fields;
    this.#pending = model.infer(request, this, options.enqueue);
    if (this.#isOver && !this.#isAnswered) this.#pending.cancel();
    return this;
  }

  respond(response: InferResponse, isFinal: boolean): void {
    this.#isAnswered = isFinal;
    this.#take({ response, isFinal });
  }

  fail(error: InferenceError, reason?: FailureReason): void {
    this.#isAnswered = true;
    this.#take({ error, reason });
  }

  expired(error: InferenceError): number {
    return this.#fields.sink.expired?.(error) ?? 0;
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#drop();
    this.#pending?.cancel();
    if (!this.#isOver) this.#end(new InferenceError("CANCELLED", "Request cancelled"), "CANCELED");
  }

  credit(responseCount: number): void {
    this.#pending?.credit(responseCount);
  }

  #take(next: OpenResponse | Failure): void {
    if (this.#isOver) return;
    this.#waiting.push(next);
    if (!this.#isBusy) this.#goOn();
  }

  /** As far as it goes in one turn. */
  #goOn(): void {
    this.#isBusy = true;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if ("error" in next) this.#end(next.error, next.reason);
      else if (!this.#isClassified(next.response)) {
        const { clock } = this.#fields.options;
        clock.wakeAt(clock.nowMs(), () => {
          if (!this.#isOver) this.#goOn();
        });
        return;
      } else if (!this.#isOver) this.#send(next);
    }
    this.#isBusy = false;
  }

  /** False if it takes longer. */
  #isClassified({ outputs }: InferResponse): boolean {
    try {
      for (let output = outputs[this.#done.length]; output; output = outputs[this.#done.length]) {
        const steps = this.#steps ?? this.#begin(output);
        const done = steps instanceof ClassifySteps ? steps.step() : steps;
        if (done === undefined) {
          this.#steps = steps as ClassifySteps;
          return false;
        }
        this.#steps = undefined;
        this.#done.push(done);
      }
    } catch (reason) {
      this.#end(InferenceError.from(reason));
      if (!this.#isAnswered) this.#pending?.cancel();
    }
    return true;
  }

  /** What is not to be classified stays as it is. */
  #begin(output: WireTensor): ClassifySteps | WireTensor {
    const { model, classes, options } = this.#fields;
    const { config } = model;
    const count = classes.get(output.name);
    if (count === undefined) return output;
    const labels = labelsOf(config, output.name, options.configOf);
    return new ClassifySteps(output, { count, isBatched: config.maxBatchSize > 0, labels });
  }

  #send({ response, isFinal }: OpenResponse): void {
    const outputs = this.#done;
    this.#done = [];
    this.#waiting.shift();
    this.#isOver = isFinal;
    this.#tell((sink) => sink.respond({ ...response, outputs }, isFinal));
  }

  #end(error: InferenceError, reason?: FailureReason): void {
    this.#drop();
    this.#isOver = true;
    this.#tell((sink) => sink.fail(error, reason));
  }

  #drop(): void {
    this.#waiting = [];
    this.#done = [];
    this.#steps = undefined;
    this.#isBusy = false;
  }

  #tell(say: (sink: ResponseSink) => void): void {
    const { model, request, sink, options } = this.#fields;
    tell({ log: options.log, config: model.config }, request.id, () => say(sink));
  }
}
