/**
 * What a configuration says of how onnxruntime runs its graph: `parameters` by the names that
 * Triton's backend reads, and `optimization.graph.level`.
 *
 *   intra_op_thread_count, inter_op_thread_count     0: as many as this server gives it
 *   execution_mode                                   0: one operator after another, 1: side by side
 *   enable_mem_arena, enable_mem_pattern             0 or 1
 *   memory.enable_memory_arena_shrinkage             devices; onnxruntime-node cannot do it: told
 *   session.*                                        passed on as they are, unless they name files
 *
 * Whoever may load a model may not thereby read or write a file elsewhere: of what names files of
 * onnxruntime's own, to be written or to be found outside of the model, nothing is passed on.
 *
 * A value that means nothing is a mistake: all of them are told at once, by their names. Other
 * parameters are nobody's business here.
 */
import type { OnnxSessionOptions } from "../definition/onnx-model.ts";
import type { OnnxTuning } from "../definition/onnx-tuning.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { WrittenConfig } from "../protocol/written-config.ts";

export interface OnnxParameters {
  readonly session: OnnxSessionOptions;
  readonly tuning: OnnxTuning;
  /** For the log: what is of no effect. */
  readonly warnings: readonly string[];
}

export interface ParametersOf {
  /** The model's. */
  readonly name: string;
  /** That each instance may use. */
  readonly cores: number;
}

const shrinkage = "memory.enable_memory_arena_shrinkage";

/** Throws INVALID_ARGUMENT. */
export function onnxParameters(
  { parameters = {}, optimization }: WrittenConfig,
  { name, cores }: ParametersOf,
): OnnxParameters {
  const mistakes: string[] = [];
  const numberOf = (key: string, most: number, expected: string): number | undefined => {
    const text = parameters[key]?.string_value;
    if (text === undefined) return undefined;
    const isRight = /^\s*\d+\s*$/.test(text) && Number(text) <= most;
    if (!isRight) mistakes.push(`parameter '${key}' must be ${expected}; got '${text}'`);
    return Number(text);
  };
  const isOn = (key: string): boolean | undefined => {
    const number = numberOf(key, 1, "0 or 1");
    return number === undefined ? undefined : number === 1;
  };
  const threads = (key: string): number => numberOf(key, mostThreads, threadCount) || 0;

  const intraOpThreads = threads("intra_op_thread_count") || cores;
  const mode = numberOf("execution_mode", 1, "0 (sequential) or 1 (parallel)");
  const interOpThreads = threads("inter_op_thread_count") || (mode === 1 ? cores : 1);
  const memArena = isOn("enable_mem_arena");
  const memPattern = isOn("enable_mem_pattern");
  const shrinks = parameters[shrinkage]?.string_value ?? "";
  const devices = shrinks === "" ? [] : shrinks.split(";");
  if (!devices.every((device) => /^(cpu|gpu):\d+$/.test(device))) {
    mistakes.push(`parameter '${shrinkage}' must be devices, such as cpu:0; got '${shrinks}'`);
  }
  const level = optimization?.graph?.level ?? 0;
  const graphOptimizationLevel = graphLevels[level];
  if (graphOptimizationLevel === undefined) {
    const levels = "-1 (basic), 0 (all), 1 (extended) or 2 (disabled)";
    mistakes.push(`'optimization.graph.level' must be ${levels}; got ${level}`);
  }
  const entries = Object.entries(parameters).flatMap(([key, { string_value: value = "" }]) => {
    if (!key.startsWith("session.")) return [];
    const isRight = key.length <= mostKeyLength && value.length <= mostValueLength && value !== "";
    const expected = `a value of 1 to ${mostValueLength} characters`;
    if (!isRight) mistakes.push(`parameter '${shorter(key)}' must have ${expected}`);
    else if (!entryKey.test(key)) mistakes.push(`parameter '${shorter(key)}' has no name of one`);
    else if (ofFiles.test(key)) mistakes.push(`parameter '${key}' is refused: ${whyNoFiles}`);
    return [[key, value] as const];
  });
  if (mistakes.length > 0 || graphOptimizationLevel === undefined) {
    const lines = mistakes.map((mistake) => `unable to load model '${name}', ${mistake}`);
    throw new InferenceError("INVALID_ARGUMENT", lines.join("\n"));
  }
  return {
    session: { intraOpThreads, interOpThreads, graphOptimizationLevel },
    tuning: {
      executionMode: mode === 1 ? "parallel" : "sequential",
      ...(memArena !== undefined && { memArena }),
      ...(memPattern !== undefined && { memPattern }),
      entries: Object.fromEntries(entries),
    },
    warnings:
      shrinks === ""
        ? []
        : [`model '${name}': of no effect in this server: parameters['${shrinkage}']`],
  };
}

const graphLevels: Readonly<Record<number, OnnxSessionOptions["graphOptimizationLevel"]>> = {
  [-1]: "basic",
  0: "all",
  1: "extended",
  2: "disabled",
};

/** More would be a slip of the pen. */
const mostThreads = 1024;

const threadCount = `a number of threads, from 0 to ${mostThreads}`;

/** Of onnxruntime. */
const mostKeyLength = 1024;
const mostValueLength = 8192;

/** What stands behind a zero would not be read. */
const entryKey = /^session\.[\w.]+$/;
const ofFiles = /file|folder|path|director|profil|resource_cuda_partitioning_settings/i;
const whyNoFiles = "onnxruntime would read or write files that are not the model's";

function shorter(text: string): string {
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
