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
import { noParameters } from "../protocol/infer.ts";
import { formatShape } from "../protocol/shape.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { inOnePiece } from "./bytes.ts";
import { type CallOptions, checkInfer, type InferOptions } from "./call-options.ts";
import { badAnswer, ClientError, invalid } from "./client-error.ts";
import type {
  JsonObject,
  ModelMetadata,
  ModelTarget,
  Route,
  WireAnswer,
  WireRequest,
} from "./connection.ts";
import { sizeOf } from "./element-size.ts";
import { type Form, type GivenInputs, toWireInputs } from "./given-inputs.ts";
import { KnownModel } from "./known-model.ts";
import { type ModelShape, readModelShape } from "./model-shape.ts";
import type { InputsOf, OutputsOf } from "./model-types.ts";
import { ask, type ClientContext, untilReady, withHeaders } from "./questions.ts";
import { rememberResponse } from "./response.ts";
import { joinAnswers, partsOfRequest } from "./row-parts.ts";
import type { SequenceState } from "./sequence-state.ts";

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
    this.#known = knownModel(context, target);
    this.name = target.name;
    this.version = target.version;
  }

  /** Inputs as they are: with the batch dimension, if the model batches. */
  async infer(inputs: InputsOf<M>, options: InferOptions = {}): Promise<OutputsOf<M>> {
    return (await this.#infer("whole", inputs, options)) as OutputsOf<M>;
  }

  /** One sample, without the batch dimension; so are its outputs. */
  async inferSample(inputs: InputsOf<M>, options: InferOptions = {}): Promise<OutputsOf<M>> {
    return (await this.#infer("sample", inputs, options)) as OutputsOf<M>;
  }

  /** As `infer`, of a model that batches: any other is refused. */
  async inferBatch(inputs: InputsOf<M>, options: InferOptions = {}): Promise<OutputsOf<M>> {
    return (await this.#infer("batch", inputs, options)) as OutputsOf<M>;
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

  async #infer(
    form: Form,
    inputs: GivenInputs,
    options: InferOptions,
  ): Promise<OutputsOf<ModelBase>> {
    checkInfer(`model '${this.name}'`, options);
    return await this.#byShape(options, (shape) => {
      return this.#inferBy(shape, { form, inputs, options });
    });
  }

  async *#stream(
    form: Form,
    inputs: GivenInputs,
    options: InferOptions,
  ): AsyncGenerator<OutputsOf<M>, void, undefined> {
    checkInfer(`model '${this.name}'`, options);
    const { connection, calls, limitsOf } = this.#context;
    const limits = limitsOf(options, true);
    const { request, isSample } = await this.#byShape(options, (shape) => {
      const wire = toWireInputs({ modelName: this.name, shape, form }, inputs);
      const isSample = form === "sample" && shape.isBatching;
      return { request: this.#request(wire, options), isSample };
    });
    const answers = calls.stream(limits, (sent) => {
      return connection.stream(request, withHeaders(sent, options));
    });
    try {
      for await (const answer of answers) yield toOutputs(answer, isSample) as OutputsOf<M>;
    } catch (error) {
      if (mayBeChanged(error)) this.#known.forget();
      throw withId(error, options.id);
    }
  }

  /** By what is known of the model; where that proves wrong, by what is so now. */
  async #byShape<T>(options: InferOptions, run: (shape: ModelShape) => T | Promise<T>): Promise<T> {
    const wasKnown = this.#known.shape !== undefined;
    try {
      const shape = this.#known.shape ?? (await this.#known.read(options));
      try {
        return await run(shape);
      } catch (error) {
        const isOld = wasKnown && mayBeChanged(error);
        const newShape = isOld ? await this.#known.changed(shape, options) : undefined;
        if (newShape === undefined) throw error;
        return await run(newShape);
      }
    } catch (error) {
      throw withId(error, options.id);
    }
  }

  async #inferBy(
    shape: ModelShape,
    { form, inputs, options }: { form: Form; inputs: GivenInputs; options: InferOptions },
  ): Promise<OutputsOf<ModelBase>> {
    if (form === "batch" && !shape.isBatching) {
      throw invalid(`model '${this.name}' does not batch: use infer or inferSample`);
    }
    const wire = toWireInputs({ modelName: this.name, shape, form }, inputs);
    const request = this.#request(wire, options);
    const answer =
      this.#sequence === undefined
        ? joinAnswers(
            await Promise.all(
              partsOfRequest(request, shape).map((part) => this.#send(part, options)),
            ),
          )
        : await this.#sequence.run(options.isLast ?? false, (sequence) => {
            return this.#send({ ...request, sequence }, options);
          });
    this.#known.noteVersion(answer.modelVersion);
    return toOutputs(answer, form === "sample" && shape.isBatching);
  }

  #send(request: WireRequest, options: InferOptions): Promise<WireAnswer> {
    const { connection, calls, limitsOf } = this.#context;
    return calls.run(limitsOf(options), (sent) => {
      return connection.infer(request, withHeaders(sent, options));
    });
  }

  #request(inputs: WireRequest["inputs"], options: InferOptions): WireRequest {
    const { id = "", parameters = noParameters, priority = 0, timeoutMs = 0 } = options;
    const outputs = (options.outputs ?? []).map((output) => {
      return typeof output === "string" ? { name: output } : output;
    });
    const own = { id, parameters, priority, timeoutMs, sequence: undefined };
    return { ...this.#target, ...own, inputs, outputs };
  }
}

/** Inputs were found wrong, here or by the server: the model may have been loaded anew. */
function mayBeChanged(error: unknown): boolean {
  if (!(error instanceof ClientError) || error.code !== "INVALID_ARGUMENT") return false;
  return error.kind === "server" || error.kind === "invalid";
}

function withId(error: unknown, id = ""): unknown {
  if (error instanceof ClientError) error.requestId = id;
  return error;
}

function toOutputs({ outputs, ...response }: WireAnswer, isSample: boolean): OutputsOf<ModelBase> {
  const tensors = Object.fromEntries(
    outputs.map((output) => [output.name, toTensor(output, isSample)]),
  );
  rememberResponse(tensors, response);
  return tensors;
}

function toTensor({ name, datatype, shape, chunks }: WireTensor, isSample: boolean): PlainTensor {
  if (isSample && shape[0] !== 1) {
    throw badAnswer(`output '${name}' of one sample is of shape ${formatShape(shape)}`);
  }
  const bytes = inOnePiece(chunks, sizeOf(datatype) || 1);
  return new PlainTensor({ datatype, shape: isSample ? shape.slice(1) : shape, bytes });
}

/** By its name and version, whoever asks. */
function knownModel(context: ClientContext, target: ModelTarget): KnownModel {
  const { models, calls, limitsOf } = context;
  const key = `${target.version ?? ""}/${target.name}`;
  const known =
    models.get(key) ??
    new KnownModel({
      ask: (options) => {
        return readModelShape(
          ask(context, { route: "/models/*", ...target }, options),
          ask(context, { route: "/models/*/config", ...target }, options),
        );
      },
      share: (options, asking) => calls.share(limitsOf(options), asking),
    });
  models.set(key, known);
  return known;
}
