/**
 * Units in the core's own terms, and an instance that computes what they should, in its own time.
 *
 * An instance runs batches as it draws: how long, whether a request of it fails, or all. One that
 * streams is ahead of each reader by a window of responses, and waits. What it has read, and nobody
 * else does, it writes over: as a model may that runs inline.
 */
import type { Clock } from "../../core/clock.ts";
import type { EnsembleStepConfig } from "../../core/ensemble-config.ts";
import type {
  ExecutionBatch,
  ExecutionEmitter,
  ExecutionRequest,
  Instance,
  InstanceEvents,
  InstanceHost,
  ModelAnswer,
} from "../../core/instance.ts";
import type { ModelConfig } from "../../core/model-config.ts";
import { resolveModelConfig } from "../../core/resolve-model-config.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { type InferRequest, noParameters } from "../../protocol/infer.ts";
import type { TensorDeclaration } from "../../protocol/model-options.ts";
import { type WireTensor, wireTensor } from "../../protocol/tensor.ts";
import { ensembleModelConfig } from "../ensemble-declaration.ts";
import type { Random } from "../random.ts";
import {
  type EnsembleUnit,
  type ModelUnit,
  respond,
  responseCount,
  type Tensors,
  type Unit,
  type UnitStep,
} from "./units.ts";

export function configOf(unit: Unit, random: Random): ModelConfig {
  return unit.kind === "model" ? modelConfig(unit, random) : ensembleConfig(unit);
}

function modelConfig(unit: ModelUnit, random: Random): ModelConfig {
  const { name, maxBatchSize, isDecoupled } = unit;
  const { isCached: cache, singleFlight } = unit.sharing;
  const maxQueueDelayMs = random.pick([0, 0, 2]);
  const batching = { maxQueueDelayMs, isolateFailures: !isDecoupled && random.chance(0.5) };
  return resolveModelConfig({
    name,
    version: 1,
    platform: "",
    backend: "simulated",
    inputs: unit.inputs.map((input) => declaration(input.name, input.isOptional)),
    outputs: unit.outputs.map((output) => declaration(output, false)),
    options: {
      ...(maxBatchSize === 0 ? { batching: false } : { maxBatchSize, batching }),
      ...(!isDecoupled && { cache, singleFlight }),
    },
    defaultKind: "thread",
    cores: 1,
    isDecoupled,
  });
}

function ensembleConfig(unit: EnsembleUnit): ModelConfig {
  return ensembleModelConfig({
    name: unit.name,
    version: 1,
    maxBatchSize: unit.maxBatchSize,
    inputs: unit.inputs.map((input) => declaration(input.name, input.isOptional)),
    outputs: unit.outputs.map((output) => declaration(output, false)),
    steps: unit.steps.map(stepConfig),
    maxInflightRequests: unit.maxInflightRequests,
    cache: unit.sharing.isCached ? { maxBytes: Number.POSITIVE_INFINITY } : undefined,
    singleFlight: unit.sharing.singleFlight,
  });
}

function stepConfig({ unit, inputs, outputs }: UnitStep): EnsembleStepConfig {
  const inputMap = new Map(Object.entries(inputs));
  const outputMap = new Map(Object.entries(outputs));
  return { modelName: unit.name, modelVersion: undefined, inputMap, outputMap };
}

function declaration(name: string, isOptional: boolean): TensorDeclaration {
  return { name, datatype: "INT32", dims: [1], isOptional };
}

export function wireTensors(tensors: Tensors, isBatching: boolean): readonly WireTensor[] {
  return Object.entries(tensors).flatMap(([name, rows]) => {
    if (rows === undefined) return [];
    const shape = isBatching ? [rows.length, 1] : [1];
    const bytes = new Uint8Array(Int32Array.from(rows).buffer);
    return [wireTensor({ name, datatype: "INT32", shape }, bytes)];
  });
}

export function tensorsOf(wire: readonly WireTensor[]): Tensors {
  const entries = wire.map(({ name, chunks }) => {
    const bytes = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
    return [name, [...new Int32Array(bytes.buffer)]] as const;
  });
  return Object.fromEntries(entries);
}

export interface UnitHostOptions {
  readonly unit: ModelUnit;
  readonly clock: Clock;
  readonly random: Random;
  /** Now and then a request, or a batch, goes wrong. */
  readonly fails: boolean;
}

export class UnitHost implements InstanceHost {
  readonly #options: UnitHostOptions;

  constructor(options: UnitHostOptions) {
    this.#options = options;
  }

  start(_index: number, events: InstanceEvents): Instance {
    return new UnitInstance(this.#options, events);
  }
}

interface Execution {
  readonly batch: ExecutionBatch;
  readonly emit: ExecutionEmitter;
  readonly startMs: number;
  readonly streams: Stream[];
  goneCount: number;
  hasEnded: boolean;
}

interface Stream {
  readonly count: number;
  nextPart: number;
  /** Responses it may be ahead of its reader. */
  room: number;
}

class UnitInstance implements Instance {
  readonly #options: UnitHostOptions;
  readonly #events: InstanceEvents;
  #executions: readonly Execution[] = [];
  #isStopping = false;
  #isGone = false;

  constructor(options: UnitHostOptions, events: InstanceEvents) {
    this.#options = options;
    this.#events = events;
    this.#later(0, () => events.ready());
  }

  execute(batch: ExecutionBatch, emit: ExecutionEmitter): void {
    const { unit, clock, random } = this.#options;
    const streams = batch.requests.map(({ request }) => {
      const count = responseCount(unit, tensorsOf(request.inputs));
      return { count, nextPart: 0, room: random.between(1, 3) };
    });
    const startMs = clock.nowMs();
    const execution = { batch, emit, startMs, streams, goneCount: 0, hasEnded: false };
    this.#executions = [...this.#executions, execution];
    if (random.chance(0.1)) this.#goOn(execution);
    else this.#later(random.between(0, 4), () => this.#goOn(execution));
  }

  abort(batch: ExecutionBatch, requestIndex: number): void {
    const execution = this.#executions.find((one) => one.batch === batch);
    const stream = execution?.streams[requestIndex];
    if (execution === undefined || stream === undefined) return;
    // Nobody makes room for more of it.
    stream.nextPart = stream.count;
    execution.goneCount += 1;
    if (execution.goneCount < batch.requests.length) {
      this.#later(0, () => this.#goOn(execution));
      return;
    }
    this.#end(
      execution,
      batch.requests.map(() => undefined),
    );
  }

  credit(batch: ExecutionBatch, requestIndex: number, responseCount: number): void {
    const execution = this.#executions.find((one) => one.batch === batch);
    const stream = execution?.streams[requestIndex];
    if (execution === undefined || stream === undefined) return;
    stream.room += responseCount;
    this.#later(this.#options.random.between(0, 2), () => this.#goOn(execution));
  }

  stop(): void {
    this.#isStopping = true;
    this.#exitIfIdle();
  }

  abandon(): boolean {
    this.#isGone = true;
    return false;
  }

  #goOn(execution: Execution): void {
    const { unit, random, fails } = this.#options;
    if (execution.hasEnded || this.#isGone) return;
    const { batch } = execution;
    if (fails && random.chance(0.03)) this.#end(execution, fault("the batch"));
    else if (unit.isDecoupled) this.#stream(execution);
    else
      this.#end(
        execution,
        batch.requests.map((request) => this.#answerOf(request)),
      );
  }

  #answerOf({ request }: ExecutionRequest): ModelAnswer {
    const { unit, random, fails } = this.#options;
    if (fails && random.chance(0.05)) return fault(request.id);
    const outputs = outputsOf(unit, request, 0);
    if (!unit.handsOn) writeOver(request.inputs);
    return { outputs, parameters: noParameters };
  }

  /** As much as its readers leave room for. */
  #stream(execution: Execution): void {
    const { unit } = this.#options;
    const { batch, emit, streams } = execution;
    for (const [index, stream] of streams.entries()) {
      while (stream.room > 0 && stream.nextPart < stream.count && !execution.hasEnded) {
        const request = batch.requests[index]?.request;
        const outputs = request === undefined ? [] : outputsOf(unit, request, stream.nextPart);
        stream.nextPart += 1;
        stream.room -= 1;
        emit.respond(index, { outputs, parameters: noParameters }, false);
      }
    }
    if (streams.some(({ nextPart, count }) => nextPart < count)) return;
    this.#end(
      execution,
      streams.map(() => undefined),
    );
  }

  #end(execution: Execution, answers: readonly ModelAnswer[] | InferenceError): void {
    if (execution.hasEnded || this.#isGone) return;
    execution.hasEnded = true;
    this.#executions = this.#executions.filter((other) => other !== execution);
    const { startMs, emit } = execution;
    const nowMs = this.#options.clock.nowMs();
    const times = { computeInputEndMs: startMs, computeOutputStartMs: nowMs };
    if (answers instanceof InferenceError) emit.failed(times, answers);
    else emit.done(times, answers);
    this.#exitIfIdle();
  }

  #exitIfIdle(): void {
    if (!this.#isStopping || this.#isGone || this.#executions.length > 0) return;
    this.#isGone = true;
    this.#events.exited(undefined);
  }

  #later(waitMs: number, act: () => void): void {
    const { clock } = this.#options;
    // Half past a millisecond: what comes from outside comes at whole ones.
    clock.wakeAt(Math.floor(clock.nowMs()) + 1.5 + waitMs, act);
  }
}

function outputsOf(unit: ModelUnit, { inputs }: InferRequest, part: number): readonly WireTensor[] {
  const outputs = wireTensors(respond(unit, tensorsOf(inputs), part), unit.maxBatchSize > 0);
  const handedOn = inputs.find(({ name }) => name === "x0");
  return outputs.map((output) => {
    if (!unit.handsOn || output.name !== "y" || handedOn === undefined) return output;
    const { datatype, shape, chunks, byteLength } = handedOn;
    return { name: "y", datatype, shape, chunks, byteLength };
  });
}

function writeOver(inputs: readonly WireTensor[]): void {
  for (const { isShared, chunks } of inputs) {
    if (isShared !== true) for (const chunk of chunks) chunk.fill(0xee);
  }
}

function fault(what: string): InferenceError {
  return new InferenceError("INTERNAL", `fault of ${what}`);
}
