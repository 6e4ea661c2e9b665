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
import { Tensor } from "../definition/tensor.ts";
import { defaultForm } from "../definition/specifications.ts";
import { noParameters } from "../protocol/infer.ts";
import { joinBytes } from "../protocol/sliced-bytes.ts";
import { datatypes } from "../protocol/datatype.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { type CallOptions, checkCall, checkInfer, type InferOptions } from "./call-options.ts";
import type { CallLimits, Calls } from "./calls.ts";
import { ClientError, invalid } from "./client-error.ts";
import type {
  Connection,
  JsonObject,
  ModelMetadata,
  ModelTarget,
  Sent,
  WireAnswer,
  WireOutput,
  WireRequest,
} from "./connection.ts";
import { type Form, type GivenInputs, toWireInputs } from "./given-inputs.ts";
import type { InputsOf, OutputsOf } from "./model-types.ts";
import { type ModelShape, readModelShape } from "./model-shape.ts";
import { type Response, rememberResponse } from "./response.ts";
import { joinAnswers, partsOfRequest } from "./row-parts.ts";

export interface ModelContext {
  readonly connection: Connection;
  readonly calls: Calls;
  readonly limitsOf: (options: CallOptions) => CallLimits;
}

export class ModelClient<M extends ModelBase = ModelBase> {
  readonly name: string;
  /** Undefined: the server decides. */
  readonly version: number | undefined;
  readonly #context: ModelContext;
  readonly #target: ModelTarget;
  #shape: Promise<ModelShape> | undefined;
  #answeredVersion: string | undefined;

  constructor(context: ModelContext, target: ModelTarget) {
    this.#context = context;
    this.#target = target;
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
    const { isBatching } = await this.#knownShape(this.#context.limitsOf(options));
    if (isBatching) return await this.infer(inputs, options);
    throw invalid(`model '${this.name}' does not batch: use infer or inferSample`);
  }

  async isReady(options: CallOptions = {}): Promise<boolean> {
    return await this.#ask(options, (connection, sent) =>
      connection.isModelReady(this.#target, sent),
    );
  }

  async metadata(options: CallOptions = {}): Promise<ModelMetadata> {
    return await this.#ask(options, (connection, sent) =>
      connection.modelMetadata(this.#target, sent),
    );
  }

  async config(options: CallOptions = {}): Promise<JsonObject> {
    return await this.#ask(options, (connection, sent) => connection.modelConfig(this.#target, sent));
  }

  async statistics(options: CallOptions = {}): Promise<JsonObject> {
    return await this.#ask(options, (connection, sent) => connection.statistics(this.#target, sent));
  }

  async #ask<T>(
    options: CallOptions,
    ask: (connection: Connection, sent: Sent) => Promise<T>,
  ): Promise<T> {
    checkCall(`model '${this.name}'`, options);
    const { connection, calls, limitsOf } = this.#context;
    return await calls.run(limitsOf(options), (sent) => ask(connection, sent));
  }

  async #infer(form: Form, inputs: GivenInputs, options: InferOptions): Promise<OutputsOf<ModelBase>> {
    checkInfer(`model '${this.name}'`, options);
    const limits = this.#context.limitsOf(options);
    const shape = await this.#knownShape(limits);
    try {
      return await this.#inferBy(shape, { form, inputs, options });
    } catch (error) {
      const newShape = await this.#changedShape(shape, error, limits);
      if (newShape === undefined) throw withId(error, options.id);
      return await this.#inferBy(newShape, { form, inputs, options });
    }
  }

  async #inferBy(
    shape: ModelShape,
    { form, inputs, options }: { form: Form; inputs: GivenInputs; options: InferOptions },
  ): Promise<OutputsOf<ModelBase>> {
    const { connection, calls, limitsOf } = this.#context;
    const wire = toWireInputs({ modelName: this.name, shape, form }, inputs);
    const request = this.#request(wire, options);
    const parts = partsOfRequest(request, shape);
    const answers = await Promise.all(
      parts.map((part) => {
        return calls.run(limitsOf(options), (sent) => connection.infer(part, withHeaders(sent, options)));
      }),
    );
    const answer = joinAnswers(answers);
    this.#noteVersion(answer);
    return toOutputs(answer, form === "sample" && shape.isBatching);
  }

  #request(inputs: WireRequest["inputs"], options: InferOptions): WireRequest {
    const { id = "", parameters = noParameters, priority = 0, timeoutMs = 0 } = options;
    const outputs = (options.outputs ?? []).map((output): WireOutput => {
      return typeof output === "string" ? { name: output } : output;
    });
    const own = { id, parameters, priority, timeoutMs, sequence: undefined };
    return { ...this.#target, ...own, inputs, outputs };
  }

  /** What the server says of the model, asked for once by whoever comes first. */
  async #knownShape(limits: CallLimits): Promise<ModelShape> {
    this.#shape ??= this.#readShape({ ...limits, signal: undefined });
    const { signal } = limits;
    return signal === undefined ? await this.#shape : await raced(this.#shape, signal);
  }

  #readShape(limits: CallLimits): Promise<ModelShape> {
    const { connection, calls } = this.#context;
    const target = this.#target;
    const reading = readModelShape({
      metadata: () => calls.run(limits, (sent) => connection.modelMetadata(target, sent)),
      config: () => calls.run(limits, (sent) => connection.modelConfig(target, sent)),
    });
    reading.catch(() => {
      // Another time it may go well.
      if (this.#shape === reading) this.#shape = undefined;
    });
    return reading;
  }

  /** If the server found wrong what was right by this shape, and it has changed. */
  async #changedShape(
    shape: ModelShape,
    error: unknown,
    limits: CallLimits,
  ): Promise<ModelShape | undefined> {
    if (!(error instanceof ClientError) || error.kind !== "server") return undefined;
    if (error.code !== "INVALID_ARGUMENT") return undefined;
    this.#shape = undefined;
    const now = await this.#knownShape(limits).catch(() => shape);
    return JSON.stringify(now) === JSON.stringify(shape) ? undefined : now;
  }

  #noteVersion({ modelVersion }: WireAnswer): void {
    const before = this.#answeredVersion;
    this.#answeredVersion = modelVersion;
    if (before !== undefined && before !== modelVersion) this.#shape = undefined;
  }
}

function withHeaders(sent: Sent, { headers }: CallOptions): Sent {
  return headers === undefined ? sent : { ...sent, headers: { ...sent.headers, ...headers } };
}

function withId(error: unknown, id = ""): unknown {
  if (error instanceof ClientError) error.requestId = id;
  return error;
}

async function raced<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(new ClientError("cancelled", "cancelled", { cause: signal.reason }));
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

export function toOutputs(answer: WireAnswer, isSample: boolean): OutputsOf<ModelBase> {
  const { id, modelName, modelVersion, parameters, timing } = answer;
  const outputs = Object.fromEntries(
    answer.outputs.map((output) => [output.name, toTensor(output, isSample)]),
  );
  const response: Response = { id, modelName, modelVersion, parameters, timing };
  rememberResponse(outputs, response);
  return outputs;
}

function toTensor({ datatype, shape, chunks, byteLength }: WireTensor, isSample: boolean): Tensor {
  const bytes = joinBytes(chunks, byteLength, datatypes[datatype].byteSize || 1);
  const tensor = new Tensor({ datatype, shape, as: defaultForm(datatype), bytes });
  return isSample ? tensor.reshape(shape.slice(1)) : tensor;
}
