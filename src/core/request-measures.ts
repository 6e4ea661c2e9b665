/**
 * Request measures: how a model that has an opinion of its requests puts them into batches.
 *
 * They are functions of the user's, called once for each request when it comes; so they may throw
 * or return anything: then that request is refused, and told why.
 */
import { InferenceError, requestPrefix } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";
import type { ModelConfig } from "./model-config.ts";

export interface RequestMeasures {
  /** Undefined: all cost nothing. */
  readonly cost: ((request: InferRequest) => unknown) | undefined;
  /** Undefined: there is one bucket. */
  readonly bucket: ((request: InferRequest) => unknown) | undefined;
}

export const noMeasures: RequestMeasures = { cost: undefined, bucket: undefined };

export interface Measured {
  readonly cost: number;
  readonly bucket: string | number | undefined;
}

/** Or what its caller is told instead. */
export function measure(
  request: InferRequest,
  measures: RequestMeasures,
  config: ModelConfig,
): Measured | InferenceError {
  if (measures === noMeasures) return nothingMeasured;
  try {
    return { cost: costOf(request, measures, config), bucket: bucketOf(request, measures, config) };
  } catch (reason) {
    return InferenceError.from(reason);
  }
}

const nothingMeasured: Measured = { cost: 0, bucket: undefined };

function costOf(
  request: InferRequest,
  { cost: measure }: RequestMeasures,
  { name, dynamicBatching }: ModelConfig,
): number {
  if (measure === undefined) return 0;
  const cost = called("cost", measure, request, name);
  if (typeof cost !== "number" || !(cost >= 0)) {
    throw wrong(name, `cost must return a number from 0; got ${shown(cost)}`);
  }
  const most = dynamicBatching?.maxCost ?? Number.POSITIVE_INFINITY;
  if (cost <= most) return cost;
  const why = `inference request cost must be <= ${most} for '${name}'; got ${cost}`;
  throw new InferenceError("INVALID_ARGUMENT", requestPrefix(request.id) + why);
}

function bucketOf(
  request: InferRequest,
  { bucket: measure }: RequestMeasures,
  { name }: ModelConfig,
): string | number | undefined {
  if (measure === undefined) return undefined;
  const bucket = called("bucket", measure, request, name);
  if (typeof bucket === "string" || (typeof bucket === "number" && !Number.isNaN(bucket))) {
    return bucket;
  }
  throw wrong(name, `bucket must return a string or a number; got ${shown(bucket)}`);
}

function called(
  what: "cost" | "bucket",
  measure: (request: InferRequest) => unknown,
  request: InferRequest,
  name: string,
): unknown {
  try {
    return measure(request);
  } catch (cause) {
    if (cause instanceof InferenceError) throw cause;
    const options = { cause, reason: "BACKEND" } as const;
    throw new InferenceError(
      "INTERNAL",
      `model '${name}': ${what} failed: internal error`,
      options,
    );
  }
}

function wrong(name: string, why: string): InferenceError {
  return new InferenceError("INTERNAL", `model '${name}': ${why}`, { reason: "BACKEND" });
}

function shown(value: unknown): string {
  return typeof value === "number" ? String(value) : typeof value;
}
