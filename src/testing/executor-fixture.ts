/**
 * What tests of the executor need: the host of a model, on the real clock, with what it logged.
 */
import { CustomMetrics } from "../core/custom-metrics.ts";
import type { LogFields } from "../core/log.ts";
import type { ResolvedModel } from "../core/model-source.ts";
import type { Model } from "../definition/model.ts";
import type { ModelBase } from "../definition/model-base.ts";
import type { SiblingService } from "../executor/batch-siblings.ts";
import type { HostOptions } from "../executor/instance-hosts.ts";
import { modelSource } from "../executor/model-source.ts";
import { InferenceError } from "../protocol/errors.ts";
import { SystemClock } from "../server/system-clock.ts";

export interface ObservedHostOptions extends HostOptions {
  readonly lines: string[];
  /** What the watch of an inline model was told, in order. */
  readonly watched: string[];
}

export function hostOptions(): ObservedHostOptions {
  const lines: string[] = [];
  const watched: string[] = [];
  const enter = (level: string) => (message: string, fields?: LogFields) => {
    lines.push(`${level}: ${message}, ${JSON.stringify(fields)}`);
  };
  const log = {
    verbose: enter("verbose"),
    info: enter("info"),
    warning: enter("warning"),
    error: enter("error"),
  };
  return {
    clock: new SystemClock(),
    log,
    metrics: new CustomMetrics({ log, isThere: () => true }),
    copied: { inputs: 0, outputs: 0 },
    watch: (model) => ({
      blocked: (durationMs) => void watched.push(`${model} held it for ${durationMs} ms`),
      awaits: () => void watched.push(`${model} awaits`),
      settled: () => void watched.push(`${model} settled`),
    }),
    siblings: noSiblings,
    lines,
    watched,
  };
}

/** There are no other models. */
export const noSiblings: SiblingService = {
  call({ modelName }, _origin, sink) {
    sink.fail(new InferenceError("NOT_FOUND", `no model '${modelName}'`));
    return { cancel() {}, credit() {} };
  },
};

export function resolve(
  model: ModelBase,
  options: HostOptions = hostOptions(),
  signal: AbortSignal = new AbortController().signal,
): Promise<ResolvedModel> {
  return modelSource(model, undefined, options).resolve(signal);
}

/** Although it says where it lives. */
export function inline(model: Model): Model {
  const { options } = model;
  return { ...model, options: { ...options, instances: { kind: "inline" } } };
}
