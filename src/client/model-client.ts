/**
 * A model of a server: inference as people write it.
 *
 *   const linear = client.model<typeof definition>("linear");
 *   const { y } = await linear.inferSample({ x: [1, 2, 3] });
 *
 * Before anything is sent, inputs are checked against what the server says of the model
 * (model-shape.ts), which is asked for once. Batches that are larger than the model takes are sent
 * in parts (row-parts.ts).
 *
 * Not here: limits and retries (calls.ts), what goes over the wire (connection.ts).
 */

import type { ModelBase } from "../definition/model-base.ts";
import { PlainTensor } from "../definition/plain-tensor.ts";
import { formatShape } from "../protocol/shape.ts";
import { inOnePiece } from "./bytes.ts";
import { type CallOptions, checkInfer, type InferOptions } from "./call-options.ts";
import { badAnswer, ClientError } from "./client-error.ts";
import type {
  JsonObject,
  ModelMetadata,
  ModelTarget,
  NamedTensor,
  Route,
  SequencePlace,
  WireAnswer,
  WireRequest,
} from "./connection.ts";
import { sizeOf } from "./element-size.ts";
import { type Form, type GivenInputs, toWireInputs } from "./given-inputs.ts";
import { type ClientContext, KnownModel } from "./known-model.ts";
import type { ModelShape } from "./model-shape.ts";
import type { InputsOf, OutputsOf } from "./model-types.ts";
import { ask, untilReady, withHeaders } from "./questions.ts";
import { rememberResponse } from "./response.ts";
import { joinAnswers, partsOfRequest } from "./row-parts.ts";
import type { SequenceState } from "./sequence-state.ts";

interface Asked {
  readonly form: Form;
  readonly inputs: GivenInputs;
  readonly options: InferOptions;
}

export class ModelClient<M extends ModelBase = ModelBase> {
  readonly name: string;
  /** Undefined: the server decides. */
  readonly version: number | undefined;
  readonly #context: ClientContext;
  readonly #target: ModelTarget;
  readonly #sequence: SequenceState | undefined;
  readonly #known: KnownModel;

  constructor(context: ClientContext, target: ModelTarget, sequence?: SequenceState) {
    this.#context = context;
    this.#target = target;
    this.#sequence = sequence;
    this.#known = KnownModel.of(context, target);
    this.name = target.name;
    this.version = target.version;
  }

  /** Inputs as they are: with the batch dimension, if the model batches. */
  infer(inputs: InputsOf<M>, options: InferOptions = {}): Promise<OutputsOf<M>> {
    return this.#infer("whole", inputs, options) as Promise<OutputsOf<M>>;
  }

  /** One sample, without the batch dimension; so are its outputs. */
  inferSample(inputs: InputsOf<M>, options: InferOptions = {}): Promise<OutputsOf<M>> {
    return this.#infer("sample", inputs, options) as Promise<OutputsOf<M>>;
  }

  /** As `infer`, of a model that batches: any other is refused. */
  inferBatch(inputs: InputsOf<M>, options: InferOptions = {}): Promise<OutputsOf<M>> {
    return this.#infer("batch", inputs, options) as Promise<OutputsOf<M>>;
  }

  /**
   * Responses of a model that streams, or the one of any other. Who stops reading cancels the
   * request. Inputs as for `infer`.
   */
  stream(
    inputs: InputsOf<M>,
    options: InferOptions = {},
  ): AsyncGenerator<OutputsOf<M>, void, undefined> {
    return this.#stream("whole", inputs, options);
  }

  /** The same for one sample, without the batch dimension; so are its responses. */
  streamSample(
    inputs: InputsOf<M>,
    options: InferOptions = {},
  ): AsyncGenerator<OutputsOf<M>, void, undefined> {
    return this.#stream("sample", inputs, options);
  }

  isReady(options: CallOptions = {}): Promise<boolean> {
    return this.#ask("/models/*/ready", options);
  }

  /** Resolves when it is; a server that is not there yet is asked again. */
  waitReady(options: CallOptions = {}): Promise<void> {
    return untilReady(this.#context, options, (each) => this.isReady(each));
  }

  metadata(options: CallOptions = {}): Promise<ModelMetadata> {
    return this.#ask("/models/*", options);
  }

  config(options: CallOptions = {}): Promise<JsonObject> {
    return this.#ask("/models/*/config", options);
  }

  statistics(options: CallOptions = {}): Promise<JsonObject> {
    return this.#ask("/models/*/stats", options);
  }

  /** Without settings: as they are. They are those of all its versions. */
  traceSettings(settings?: JsonObject, options: CallOptions = {}): Promise<JsonObject> {
    const question = { route: "/models/*/trace/setting", name: this.name, body: settings } as const;
    return ask(this.#context, question, options);
  }

  #ask<Answer>(route: Route, options: CallOptions): Promise<Answer> {
    return ask(this.#context, { route, ...this.#target }, options);
  }

  #infer(form: Form, inputs: GivenInputs, options: InferOptions): Promise<OutputsOf<M>> {
    return this.#asked({ form, inputs, options }, async (request, shape) => {
      const answer =
        this.#sequence === undefined
          ? await this.#sendParts(partsOfRequest(request, shape), options)
          : await this.#sequence.run(this.#turn(options), (sequence) => {
              return this.#send({ ...request, sequence }, options);
            });
      this.#known.noteVersion(answer.modelVersion);
      return this.#outputs(answer, form, shape);
    });
  }

  #stream(
    form: Form,
    inputs: GivenInputs,
    options: InferOptions,
  ): AsyncGenerator<OutputsOf<M>, void, undefined> {
    const leaving = new AbortController();
    const { signal = leaving.signal } = options;
    const own = { ...options, signal: AbortSignal.any([signal, leaving.signal]) };
    const responses = this.#responses({ form, inputs, options: own }, leaving.signal);
    // By itself a generator ends when the response has come that somebody waits for.
    const end = responses.return.bind(responses);
    responses.return = (value) => {
      leaving.abort();
      return end(value);
    };
    return responses;
  }

  async *#responses(
    asked: Asked,
    left: AbortSignal,
  ): AsyncGenerator<OutputsOf<M>, void, undefined> {
    const { connection, calls, limitsOf } = this.#context;
    const { form, options } = asked;
    try {
      const [request, shape] = await this.#asked(asked, (...made) => made);
      const send = (sequence?: SequencePlace) => {
        return calls.stream(limitsOf(options, true), (sent) => {
          return connection.stream({ ...request, sequence }, withHeaders(sent, options));
        });
      };
      const answers = this.#sequence?.stream(this.#turn(options, true), send) ?? send();
      for await (const answer of answers) yield this.#outputs(answer, form, shape);
    } catch (error) {
      if (left.aborted) return;
      // Within a stream errors have no code.
      if (error instanceof ClientError && error.kind === "server") this.#known.forget();
      throw withId(error, options.id);
    }
  }

  /** By what is known of the model; where that proves wrong, by what is so now. */
  async #asked<T>(
    { form, inputs, options }: Asked,
    use: (request: WireRequest, shape: ModelShape) => T | Promise<T>,
  ): Promise<T> {
    const { name } = this;
    const known = this.#known;
    const attempt = async (shape: ModelShape): Promise<T> => {
      const wire = toWireInputs({ modelName: name, shape, form }, inputs);
      return await use(this.#request(wire, options), shape);
    };
    try {
      checkInfer(`model '${name}'`, options);
      const before = known.shape;
      if (before === undefined) return await attempt(await known.read(options));
      try {
        return await attempt(before);
      } catch (error) {
        const now = mayBeChanged(error) ? await known.changed(before, options) : undefined;
        if (now === undefined) throw error;
        return await attempt(now);
      }
    } catch (error) {
      throw withId(error, options.id);
    }
  }

  /** When one fails the others are cancelled. */
  #sendParts(parts: readonly WireRequest[], options: InferOptions): Promise<WireAnswer> {
    const { calls, limitsOf } = this.#context;
    const send = async (own: InferOptions): Promise<WireAnswer> => {
      return joinAnswers(await Promise.all(parts.map((part) => this.#send(part, own))));
    };
    if (parts.length === 1) return send(options);
    return calls.within(limitsOf(options), ({ signal }) => send({ ...options, signal }));
  }

  #turn(options: InferOptions, isStream = false) {
    const { calls, limitsOf } = this.#context;
    const limits = limitsOf(options, isStream);
    return {
      isEnd: options.isLast ?? false,
      wait: (before: Promise<void>) => calls.share(limits, before),
    };
  }

  #send(request: WireRequest, options: InferOptions): Promise<WireAnswer> {
    const { connection, calls, limitsOf } = this.#context;
    return calls.run(limitsOf(options), (sent) => {
      return connection.infer(request, withHeaders(sent, options));
    });
  }

  #request(inputs: WireRequest["inputs"], options: InferOptions): WireRequest {
    const { name, version } = this;
    const { id = "", parameters = {}, priority = 0, timeoutMs = 0 } = options;
    const outputs = (options.outputs ?? []).map((output) => {
      return typeof output === "string" ? { name: output } : output;
    });
    const sequence = undefined;
    return { name, version, id, parameters, priority, timeoutMs, sequence, inputs, outputs };
  }

  #outputs({ outputs, ...response }: WireAnswer, form: Form, shape: ModelShape): OutputsOf<M> {
    const isSample = form === "sample" && shape.isBatching;
    const tensors = Object.fromEntries(
      outputs.map((output) => [output.name, toTensor(output, isSample)]),
    );
    rememberResponse(tensors, response);
    return tensors as OutputsOf<M>;
  }
}

/** Inputs were found wrong, here or by the server: the model may have been loaded anew. */
function mayBeChanged(error: unknown): boolean {
  if (!(error instanceof ClientError) || error.code !== "INVALID_ARGUMENT") return false;
  return error.kind === "server" || error.kind === "invalid";
}

/** An error of its own: others may have waited for the same question about the model. */
function withId(error: unknown, requestId = ""): unknown {
  if (!(error instanceof ClientError)) return error;
  const { kind, message } = error;
  return Object.assign(new ClientError(kind, message, error), { requestId });
}

function toTensor({ name, datatype, shape, bytes }: NamedTensor, isSample: boolean): PlainTensor {
  if (isSample && shape[0] !== 1) {
    throw badAnswer(`output '${name}' of one sample is of shape ${formatShape(shape)}`);
  }
  const aligned = inOnePiece([bytes], sizeOf(datatype) || 1);
  const own = isSample ? shape.slice(1) : shape;
  return new PlainTensor({ datatype, shape: own, bytes: aligned });
}
