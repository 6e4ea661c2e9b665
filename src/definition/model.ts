/**
 * Function model: an inference function with what it takes and what it returns.
 *
 *   const linear = model("linear", {
 *     inputs: { x: fp32(-1) },
 *     outputs: { y: fp32(-1) },
 *     infer: ({ x }) => ({ y: x.map((value) => -value) }),
 *   });
 *
 * Types flow from the specifications: a wrong input name, a wrong datatype, a missing output and
 * a surplus one do not compile, and are checked again at run time (backends/function-outputs.ts).
 *
 * A model streams if `infer` is a generator, whose yields are responses for the whole batch, or if it
 * sends responses to single requests of it (`decoupled: true`, `context.send`).
 *
 * Where it runs: inline, on the event loop, or in threads, which import its module again; for
 * that it says where it lives: `module: import.meta.url`.
 *
 * Not here: checks of the definition (model-check.ts), how it is run (backends/function.ts).
 */
import type { Datatype } from "../protocol/datatype.ts";
import type { InferenceError } from "../protocol/errors.ts";
import type { ForwardedHeaders, Parameters } from "../protocol/infer.ts";
import type { ModelOptions } from "../protocol/model-options.ts";
import type { NumericDatatype, TypedArrays } from "../protocol/typed-arrays.ts";
import type { Warmup } from "../protocol/warmup.ts";
import type { WrittenData } from "./element-arrays.ts";
import { type DeclaredModel, isGenerator } from "./infer-forms.ts";
import { bindInferences, countedInstances } from "./infer-list.ts";
import { type Measures, measuresOf } from "./measures.ts";
import type { ModelBase } from "./model-base.ts";
import { checkModel } from "./model-check.ts";
import type { BatchLog, ModelLog } from "./model-log.ts";
import type { ModelMetrics } from "./model-metrics.ts";
import { registerModel } from "./model-table.ts";
import type { Nested } from "./nested-values.ts";
import type { PlainTensor } from "./plain-tensor.ts";
import type { InferOptions, RequestOptions } from "./request-options.ts";
import type { SpanFunction } from "./span.ts";
import type { ElementForm, Elements, TensorSpec, TensorSpecs } from "./specifications.ts";
import type { Tensor } from "./tensor.ts";

type TensorOf<S> =
  S extends TensorSpec<infer D extends Datatype, infer As extends ElementForm>
    ? Tensor<D, As>
    : never;

type OptionalNames<S extends TensorSpecs> = {
  [Name in keyof S]: S[Name]["isOptional"] extends true ? Name : never;
}[keyof S];

/** What `infer` gets: a tensor per input; an optional one may be missing. */
export type Inputs<S extends TensorSpecs> = {
  readonly [Name in Exclude<keyof S, OptionalNames<S>>]: TensorOf<S[Name]>;
} & { readonly [Name in OptionalNames<S>]?: TensorOf<S[Name]> };

/** 64-bit integers and booleans may be written in either form. */
type Writable<D extends Datatype, As extends ElementForm> = D extends "INT64" | "UINT64"
  ? number | bigint
  : D extends "BYTES"
    ? string | Uint8Array
    : Elements[As];

/** A typed array has the shape of its specification, if at most one dimension is free. */
type ValuesOf<S> =
  S extends TensorSpec<infer D extends Datatype, infer As extends ElementForm>
    ?
        | PlainTensor<D, ElementForm>
        | WrittenData<D, As>
        | (D extends NumericDatatype ? TypedArrays[D] : never)
        | readonly Nested<Writable<D, As>>[]
    : never;

/** What `infer` returns: a tensor, a typed array, or nested arrays per output. */
export type Outputs<S extends TensorSpecs> = { readonly [Name in keyof S]: ValuesOf<S[Name]> };

/** What a caller gives, in the same forms; optional inputs may be left out. */
export type InputValues<S extends TensorSpecs> = {
  readonly [Name in Exclude<keyof S, OptionalNames<S>>]: ValuesOf<S[Name]>;
} & { readonly [Name in OptionalNames<S>]?: ValuesOf<S[Name]> };

/** What a caller gets back: a tensor per output. */
export type OutputTensors<S extends TensorSpecs> = {
  readonly [Name in keyof S]: TensorOf<S[Name]>;
};

/** Of a model whose definition is known; else whatever is written. */
export type InputValuesOf<M> =
  M extends Model<string, infer I> ? InputValues<I> : Readonly<Record<string, unknown>>;

export type OutputTensorsOf<M> =
  M extends Model<string, infer _, infer O> ? OutputTensors<O> : Readonly<Record<string, Tensor>>;

type Result<T> = T | Promise<T>;
type Stream<T> = AsyncIterable<T> | Iterable<T>;
type Nothing = void | Promise<void>;
type Answer<T> = Result<T> | Stream<T> | Nothing;
type Unwrap<A> = A extends Stream<infer T> ? T : A extends PromiseLike<infer T> ? T : A;

/** Names only: where they are known at run time alone, TypeScript counts numbers among them. */
type SurplusNames<A, O> = Exclude<keyof Unwrap<A> & string, keyof O>;

/**
 * Inference of a return type accepts surplus outputs, and nothing at all: this refuses them. Only
 * a model that says `decoupled: true` may return nothing: it sends its responses.
 */
type Checked<A, O, D> = [Unwrap<A>] extends [never]
  ? unknown
  : [A] extends [Nothing]
    ? D extends true
      ? unknown
      : { readonly missingOutput: keyof O }
    : [SurplusNames<A, O>] extends [never]
      ? unknown
      : { readonly undeclaredOutput: SurplusNames<A, O> };

/** Where a list was given, nothing is known of a single function. */
type AnyOf<A, As extends readonly unknown[]> = [A] extends [never] ? As[number] : A;

/** One that yields its responses, or says that it sends them. */
type IsDecoupled<A, D extends boolean> = A extends Stream<unknown> ? true : D;

export interface InstanceInfo {
  /** 0, 1, ... among the instances of the model. */
  readonly index: number;
}

/** What this model is, and the way to others of its server. */
export interface Siblings extends DeclaredModel {
  <M extends ModelBase>(model: M): Sibling<M>;
  /** `model<typeof other>("other")` has its types. Without a version: the highest that is ready. */
  <M extends ModelBase = ModelBase>(name: M["name"], version?: number): Sibling<M>;
}

/**
 * Another model of the server, on behalf of a batch that runs: with the latest deadline of its
 * requests, and cancelled when every caller of it has gone, or it has ended.
 */
export interface Sibling<M extends ModelBase = ModelBase> {
  /** Resolves to its outputs; rejects with an InferenceError. */
  infer(inputs: InputValuesOf<M>, options?: SiblingOptions): Promise<OutputTensorsOf<M>>;
  /** Of one that streams: its responses, one by one. To leave the loop is to leave the model. */
  stream(
    inputs: InputValuesOf<M>,
    options?: SiblingOptions,
  ): AsyncGenerator<OutputTensorsOf<M>, void, undefined>;
}

export interface SiblingOptions extends RequestOptions, InferOptions {}

export interface SetupContext {
  /** What the definition says. */
  readonly model: DeclaredModel;
  readonly instance: InstanceInfo;
  readonly device: "cpu" | `cuda:${number}`;
  /** Those of its configuration in a model repository, not those of requests; else there are none. */
  readonly parameters: Readonly<Record<string, string>>;
  readonly log: ModelLog;
  /** Metrics of the model's own, on the server's metrics page. */
  readonly metrics: ModelMetrics;
  /** A stretch of work, as a span in the traces of whoever has OpenTelemetry; else it just runs. */
  readonly span: SpanFunction;
  /** Fires when the instance is asked to stop while it is set up. */
  readonly signal: AbortSignal;
}

/** One request of the batch. */
export interface RequestInfo {
  readonly id: string;
  readonly parameters: Parameters;
  /** Headers of HTTP, or metadata of gRPC, that the server forwards: names in lower case. */
  readonly headers: ForwardedHeaders;
  /** Moment of `performance.now()` after which its caller no longer waits; undefined: none. */
  readonly deadlineMs: number | undefined;
  /** Empty: all. */
  readonly requestedOutputs: readonly string[];
  /** Where its rows are in the batch. */
  readonly firstRow: number;
  readonly rows: number;
  /** Has its caller gone? To be asked at any time, also by synchronous code. */
  isAborted(): boolean;
}

export interface InferContext<State, O extends TensorSpecs = TensorSpecs>
  extends Omit<SetupContext, "model" | "signal" | "log"> {
  readonly log: BatchLog;
  /** Name and version; called with another model, or with its name, the way to that one. */
  readonly model: Siblings;
  /** What `setup` returned. */
  readonly state: State;
  /** Rows of the batch; 1 for a model without batching. */
  readonly rows: number;
  readonly requests: readonly RequestInfo[];
  /** A batch of the model's warm-up: nobody waits for it, and nobody counts it. */
  readonly isWarmup: boolean;
  /** Fires when nobody in the batch is left waiting. */
  readonly signal: AbortSignal;
  /** The latest of its requests' deadlines; undefined if one of them has none. */
  readonly deadlineMs: number | undefined;
  /**
   * Of a model that streams: a response to one request of the batch (its index), with that
   * request's rows. Resolves when there is room for a further one; whoever does not wait for that
   * is stopped. Sent to a caller who has gone, it is dropped.
   */
  send(request: number, outputs: Outputs<O>, options?: SendOptions): Promise<void>;
  /** Of a model that streams: this request gets no more. */
  end(request: number): void;
  /**
   * One request of the batch (its index) fails, with this error; the others go on. Its rows of
   * the outputs, if `infer` returns any, mean nothing.
   */
  fail(request: number, error: InferenceError): void;
}

interface SendOptions {
  /** The last response to this request; default false. */
  readonly isFinal?: boolean;
}

export interface ModelDefinition<I extends TensorSpecs, O extends TensorSpecs>
  extends ModelOptions,
    Measures<Inputs<I>> {
  /** Positive integer; default 1. */
  readonly version?: number;
  readonly inputs: I;
  readonly outputs: O;
  /** `import.meta.url`: threads import this module again. Without it the model runs inline. */
  readonly module?: string | URL;
  /** What each instance runs before it is ready; default nothing. */
  readonly warmup?: Warmup<NoInfer<keyof I & string>>;
}

/** Functions of a model: what its types are inferred from. */
interface ModelFunctions<I extends TensorSpecs, O extends TensorSpecs, A, As, State, D> {
  /**
   * It streams: a request may have any number of responses. A generator says so by itself; say
   * true where `infer` sends its responses (`context.send`), or hands on somebody else's generator.
   */
  readonly decoupled?: D;
  /** Once per instance. Stands before `infer` if it takes a parameter. */
  readonly setup?: (context: SetupContext) => Result<State>;
  /**
   * A function, or an object with such a method (`this` is the object). A list: an instance for
   * each of them, whatever form of answer each one has.
   */
  readonly infer:
    | Infer<I, O, A, State, D>
    | { readonly [Index in keyof As]: Infer<I, O, As[Index], State, D> };
}

type Infer<I extends TensorSpecs, O extends TensorSpecs, A, State, D> =
  | ((inputs: Inputs<I>, context: InferContext<State, O>) => A & Checked<A, O, D>)
  | InferMethod<Inputs<I>, InferContext<State, O>, A & Checked<A, O, D>>;

interface InferMethod<Given, Context, Returned> {
  infer(inputs: Given, context: Context): Returned;
}

export interface Model<
  Name extends string = string,
  I extends TensorSpecs = TensorSpecs,
  O extends TensorSpecs = TensorSpecs,
  Decoupled extends boolean = boolean,
> extends ModelBase<Name> {
  readonly kind: "function";
  readonly inputs: I;
  readonly outputs: O;
  readonly isDecoupled: Decoupled;
  /** A file URL. */
  readonly module: string | undefined;
}

/** A model with its functions, whose types are known no more. */
export interface FunctionModel extends Model {
  readonly setup: ((context: SetupContext) => unknown) | undefined;
  /** A list: by index of the instance. */
  readonly infer: InferFunction | readonly InferFunction[];
}

/** Of a model with its functions, whose types are known no more. */
export type InferFunction = (
  inputs: Readonly<Record<string, Tensor>>,
  context: InferContext<unknown>,
) => unknown;

export function model<
  const Name extends string,
  const I extends TensorSpecs,
  const O extends TensorSpecs,
  A extends Answer<Outputs<O>> = never,
  const As extends readonly Answer<Outputs<O>>[] = readonly Answer<Outputs<O>>[],
  State = undefined,
  D extends boolean = false,
>(
  name: Name,
  definition: ModelDefinition<I, O> & ModelFunctions<I, O, A, As, State, D>,
): Model<Name, I, O, IsDecoupled<AnyOf<A, As>, D>> {
  checkModel(name, definition);
  const { version = 1, inputs, outputs, module, setup, infer, decoupled } = definition;
  const { maxBatchSize, batching, limits, cache, singleFlight, warmup } = definition;
  const instances = countedInstances(infer, definition.instances);
  const declared = {
    name,
    version,
    inputs,
    outputs,
    isDecoupled: (decoupled === true || isGenerator(infer)) as IsDecoupled<AnyOf<A, As>, D>,
    options: {
      ...(maxBatchSize !== undefined && { maxBatchSize }),
      ...(batching !== undefined && { batching }),
      ...(instances !== undefined && { instances }),
      ...(limits !== undefined && { limits }),
      ...(cache !== undefined && { cache }),
      ...(singleFlight !== undefined && { singleFlight }),
      ...(warmup !== undefined && { warmup }),
    },
  };
  const built = Object.freeze({
    ...declared,
    kind: "function" as const,
    module: module === undefined ? undefined : String(module),
    measures: measuresOf(definition),
    setup,
    infer: bindInferences<InferFunction>(infer, declared),
  });
  registerModel(built);
  return built;
}
