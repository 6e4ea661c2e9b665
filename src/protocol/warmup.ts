/**
 * Warm-up, as a user writes it: samples that each instance runs before it is ready, so that no
 * caller pays for a first time (compilation, caches, lazy allocation), and a model that cannot
 * answer is found when it is loaded.
 *
 *   warmup: { inputs: "zero", batchSizes: [1, 8, 32] }
 *   warmup: [{ name: "long", inputs: { tokens: { random: 7, dims: [512] } } }]
 *
 * Mapping to config.pbtxt: `model_warmup`, one entry for each sample and batch size.
 *
 * Not here: what may be written (warmup-check.ts), the tensors (executor/warmup-batches.ts).
 */
import type { Parameters } from "./infer.ts";

/** One row of an input; a row of a model without batching is its whole tensor. */
export type WarmupInput = "zero" | "random" | WarmupSource;

export type WarmupSource = {
  /** Of the row, for the free dimensions of the input; default those of its specification. */
  readonly dims?: readonly number[];
} & (
  | { readonly zero: true }
  /** A seed; `true` is 0. Equal seeds give equal values, on every machine. */
  | { readonly random: number | true }
  /** Bytes in the wire's layout, or nested arrays in a file that ends in `.json`. */
  | { readonly file: string | { readonly href: string } }
  | { readonly values: ArrayBufferView | readonly unknown[] }
);

export interface WarmupSample<Name extends string = string> {
  /** For errors; default where it stands: `warmup[0]`. */
  readonly name?: string;
  /** "zero" and "random": for every input that is not optional. */
  readonly inputs: "zero" | "random" | { readonly [N in Name]?: WarmupInput };
  /** Requests of one row each in an execution; each size is run. Default 1. */
  readonly batchSizes?: number | readonly number[];
  /** Executions of each size; default 1. */
  readonly count?: number;
  /** Of its requests. */
  readonly parameters?: Parameters;
}

export type Warmup<Name extends string = string> =
  | WarmupSample<Name>
  | readonly WarmupSample<Name>[];

/** With the field that names it in errors. */
export function warmupSamples(
  warmup: Warmup | undefined,
): readonly (readonly [field: string, sample: WarmupSample])[] {
  if (warmup === undefined) return [];
  if (!isList(warmup)) return [["warmup", warmup]];
  return warmup.map((sample, index) => [`warmup[${index}]`, sample]);
}

function isList(warmup: Warmup): warmup is readonly WarmupSample[] {
  return Array.isArray(warmup);
}

/** Every input that the sample gives, with how. */
export function warmupInputs(
  { inputs }: WarmupSample,
  required: readonly string[],
): readonly (readonly [name: string, source: WarmupSource])[] {
  const given: Readonly<Record<string, WarmupInput | undefined>> =
    typeof inputs === "string"
      ? Object.fromEntries(required.map((name) => [name, inputs]))
      : inputs;
  return Object.entries(given).flatMap(([name, input]) => {
    return input === undefined ? [] : [[name, sourceOf(input)] as const];
  });
}

function sourceOf(input: WarmupInput): WarmupSource {
  if (input === "zero") return { zero: true };
  return input === "random" ? { random: true } : input;
}

export function batchSizesOf({ batchSizes = 1 }: WarmupSample): readonly number[] {
  return typeof batchSizes === "number" ? [batchSizes] : batchSizes;
}

/** Does it bring a shape of its own? */
export function hasOwnShape(source: WarmupSource): boolean {
  if ("file" in source) return isJsonFile(source.file);
  return "values" in source;
}

export function isJsonFile(file: string | { readonly href: string }): boolean {
  return (typeof file === "string" ? file : file.href).endsWith(".json");
}
