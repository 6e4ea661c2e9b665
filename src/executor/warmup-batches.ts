/**
 * Warm-up batches: what an instance runs before it is ready, made of the samples of its model.
 *
 * A batch is made anew for each execution, because a model may keep or change what it gets. Each
 * of its requests has one row: rows of "random" differ from each other, all others are equal.
 * Random values come from a seed alone: floats from 0 to 1, integers from 0 to 9 (so that they are
 * good as indices), booleans, and texts of eight letters.
 *
 * Files are read once, when the model is loaded.
 */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { ExecutionBatch, ExecutionRequest } from "../core/instance.ts";
import type { ModelConfig, WarmupConfig, WarmupInputConfig } from "../core/model-config.ts";
import { validateRequest } from "../core/validate-request.ts";
import { warmupRow } from "../definition/warmup-values.ts";
import { datatypes } from "../protocol/datatype.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";
import { elementCount } from "../protocol/shape.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import { isJsonFile } from "../protocol/warmup.ts";

export interface WarmupRun {
  /** For errors. */
  readonly name: string;
  readonly batchSize: number;
  /** Executions. */
  readonly count: number;
  makeBatch(): ExecutionBatch;
}

/** The next row of an input, in memory of its own. */
type Row = Pick<WireTensor, "shape"> & { readonly bytes: Uint8Array };

/** An input's rows, from the first one on. */
type Rows = () => () => Row;

/** Rejects with INVALID_ARGUMENT or NOT_FOUND, naming the sample and the input. */
export async function warmupRuns(config: ModelConfig): Promise<readonly WarmupRun[]> {
  return await Promise.all(config.warmup.map((sample) => warmupRun(sample, config)));
}

async function warmupRun(sample: WarmupConfig, config: ModelConfig): Promise<WarmupRun> {
  const rows = await Promise.all(
    sample.inputs.map(async (input) => {
      try {
        return { input, begin: await rowsOf(input) };
      } catch (reason) {
        throw unusable(config, sample, `input '${input.name}' ${messageOf(reason)}`, reason);
      }
    }),
  );
  const { name, batchSize, count } = sample;
  const makeBatch = (): ExecutionBatch => {
    const inputs = rows.map(({ input, begin }) => ({ input, next: begin() }));
    const requests = Array.from({ length: batchSize }, (): ExecutionRequest => {
      const tensors = inputs.map(({ input, next }) => tensorOf(input, next(), config));
      const request = requestOf(sample, tensors, config);
      return { request, rows: 1, deadlineMs: Number.POSITIVE_INFINITY };
    });
    return { requests, rows: batchSize, isWarmup: true };
  };
  try {
    for (const { request } of makeBatch().requests) validateRequest(request, config);
  } catch (reason) {
    throw unusable(config, sample, messageOf(reason), reason);
  }
  return { name, batchSize, count, makeBatch };
}

function tensorOf(
  input: WarmupInputConfig,
  { shape, bytes }: Row,
  config: ModelConfig,
): WireTensor {
  const { name, datatype } = input;
  const whole = config.maxBatchSize > 0 ? [1, ...shape] : shape;
  return wireTensor({ name, datatype, shape: whole }, bytes);
}

function requestOf(
  { name, parameters }: WarmupConfig,
  inputs: readonly WireTensor[],
  config: ModelConfig,
): InferRequest {
  return {
    modelName: config.name,
    modelVersion: config.version,
    id: "",
    logId: `warm-up '${name}'`,
    parameters,
    inputs,
    requestedOutputs: [],
    priority: 0,
    timeoutMs: 0,
    sequence: undefined,
  };
}

async function rowsOf(input: WarmupInputConfig): Promise<Rows> {
  const { datatype, dims, source } = input;
  if ("zero" in source) {
    const bytes = new Uint8Array(elementCount(dims) * (datatypes[datatype].byteSize || 4));
    return equalRows({ shape: dims, bytes });
  }
  if ("random" in source) {
    const seed = source.random === true ? 0 : source.random;
    return () => {
      const random = randomNumbers(seed);
      return () => randomRow(input, random);
    };
  }
  if ("values" in source) return equalRows(warmupRow(input, source.values));
  const bytes = await readFile(pathOf(source.file));
  if (isJsonFile(source.file)) return equalRows(warmupRow(input, parseJson(bytes)));
  return equalRows({ shape: dims, bytes });
}

function equalRows({ shape, bytes }: Row): Rows {
  return () => () => ({ shape, bytes: bytes.slice() });
}

function randomRow(input: WarmupInputConfig, random: () => number): Row {
  const { datatype, dims } = input;
  const element = (): unknown => {
    switch (datatype) {
      case "FP16":
      case "BF16":
      case "FP32":
      case "FP64":
        return random();
      case "BOOL":
        return random() < 0.5;
      case "BYTES":
        return letters(random);
      default:
        return Math.floor(10 * random());
    }
  };
  const flat = Array.from({ length: elementCount(dims) }, element);
  const { bytes } = warmupRow({ datatype, dims: [flat.length] }, flat);
  return { shape: dims, bytes };
}

function letters(random: () => number): string {
  const codes = Array.from({ length: 8 }, () => 97 + Math.floor(26 * random()));
  return String.fromCharCode(...codes);
}

/** From 0 up to 1, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A relative path starts at the working directory, as that of a model file. */
function pathOf(file: string | { readonly href: string }): string {
  if (typeof file !== "string") return fileURLToPath(file.href);
  return file.startsWith("file:") ? fileURLToPath(file) : file;
}

/** In JSON a row of one number may be the number itself: nested arrays are what is asked for. */
function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function unusable(
  { name: model }: ModelConfig,
  { name }: WarmupConfig,
  why: string,
  cause: unknown,
): InferenceError {
  const isMissing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
  const text = `model '${model}': warm-up sample '${name}' cannot be used: ${why}`;
  return new InferenceError(isMissing ? "NOT_FOUND" : "INVALID_ARGUMENT", text, { cause });
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}
