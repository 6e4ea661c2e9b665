/**
 * Metrics page: the counters of the core as Prometheus text (0.0.4), read when it is asked for.
 *
 * Names and labels starting with `nv_` are Triton's, so that dashboards and autoscalers work;
 * those with `shoal_` are ours. Labels stand in alphabetical order but `le`, which is last; those
 * of a model's `metric_tags` begin with an underscore. A model's series exist from its load on, at zero, and vanish with it.
 *
 * Not here: where the figures come from (core/model-statistics.ts, machine-figures.ts).
 */
import type { CustomFamily, CustomMetrics } from "../../core/custom-metrics.ts";
import type { DurationCount } from "../../core/duration-counters.ts";
import type { HistogramSnapshot } from "../../core/histogram.ts";
import type { ModelStatisticsSnapshot } from "../../core/model-statistics.ts";
import type { CacheFigures } from "../../core/response-cache.ts";
import type { MachineFigures } from "./machine-figures.ts";

export interface MetricsSources {
  readonly models: readonly ModelStatisticsSnapshot[];
  readonly cache: CacheFigures;
  /** Undefined: not to be told. */
  readonly machine: MachineFigures | undefined;
  readonly eventLoopLag: HistogramSnapshot;
  /** Those of the models' own. */
  readonly custom: Pick<CustomMetrics, "families" | "droppedCount">;
}

type MetricType = "counter" | "gauge" | "histogram";

/** One line of a family: what is behind the family's name, and the value. */
interface Sample {
  readonly suffix?: string;
  readonly labels: string;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly samples: readonly Sample[];
}

export function metricsText(sources: MetricsSources): string {
  const { models, cache, machine, eventLoopLag, custom } = sources;
  const families = [
    ...modelFamilies.map((family) => ({
      ...family,
      samples: models.flatMap((model) => family.read(model)),
    })),
    ...cacheFamilies(cache),
    ...(machine === undefined ? [] : machineFamilies(machine)),
    {
      name: "shoal_event_loop_lag_seconds",
      type: "histogram" as const,
      help: "How late the event loop is",
      samples: histogram("", eventLoopLag),
    },
    {
      name: "shoal_metric_updates_dropped_total",
      type: "counter" as const,
      help: "Updates of a model's own metrics that had more label sets than there is room for",
      samples: models.map((model) => {
        const value = custom.droppedCount(model.modelName, model.modelVersion);
        return { labels: modelLabels(model), value };
      }),
    },
    ...custom.families().map(customFamily),
  ];
  return families.map(familyText).join("");
}

/** One that nobody has counted in yet is there all the same, with its help. */
function customFamily({ name, kind, help, series }: CustomFamily): Family {
  const samples = series.flatMap(({ model, version, labels, value }) => {
    const named = [["model", model], ["version", String(version)], ...labels] as const;
    const sorted = [...named].sort(([one], [other]) => (one < other ? -1 : 1));
    const all = sorted.map(([label, text]) => `${label}="${escapeLabel(text)}"`).join(",");
    return typeof value === "number" ? [{ labels: all, value }] : histogram(all, value);
  });
  return { name, type: kind, help: escapeHelp(help), samples };
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function familyText({ name, type, help, samples }: Family): string {
  const lines = samples.map(({ suffix = "", labels, value }) => {
    return `${name}${suffix}${labels === "" ? "" : `{${labels}}`} ${formatValue(value)}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function formatValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  if (value === Number.NEGATIVE_INFINITY) return "-Inf";
  return String(value);
}

interface ModelFamily {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  readonly read: (model: ModelStatisticsSnapshot) => readonly Sample[];
}

/** A family whose only labels are the model's. */
function plain(
  name: string,
  type: "counter" | "gauge",
  help: string,
  figureOf: (model: ModelStatisticsSnapshot) => number,
): ModelFamily {
  const read = (model: ModelStatisticsSnapshot): readonly Sample[] => [
    { labels: modelLabels(model), value: figureOf(model) },
  ];
  return { name, type, help, read };
}

/** A counter of models that are answered from the response cache. */
function ofCached(
  name: string,
  help: string,
  figureOf: (model: ModelStatisticsSnapshot) => number,
): ModelFamily {
  const { type, read } = plain(name, "counter", help, figureOf);
  return { name, type, help, read: (model) => (model.isCached ? read(model) : []) };
}

function micros({ ns }: DurationCount): number {
  return Math.round(ns / 1000);
}

/** One series for each of several values of a label, which stands before or after `version`. */
function byLabel<Value extends string>(
  name: string,
  type: "counter" | "gauge",
  help: string,
  label: string,
  valuesOf: (model: ModelStatisticsSnapshot) => Readonly<Record<Value, number>>,
): ModelFamily {
  const read = (model: ModelStatisticsSnapshot): readonly Sample[] =>
    Object.entries<number>(valuesOf(model)).map(([key, value]) => {
      return { labels: modelLabels(model, `${label}="${key}"`), value };
    });
  return { name, type, help, read };
}

function histograms(
  name: string,
  help: string,
  snapshotOf: (model: ModelStatisticsSnapshot) => HistogramSnapshot,
): ModelFamily {
  const read = (model: ModelStatisticsSnapshot): readonly Sample[] =>
    histogram(modelLabels(model), snapshotOf(model));
  return { name, type: "histogram", help, read };
}

function histogram(labels: string, snapshot: HistogramSnapshot): readonly Sample[] {
  const { upperBounds, counts, sum, count } = snapshot;
  const prefix = labels === "" ? "" : `${labels},`;
  const buckets = counts.map((bucketCount, index) => {
    const bound = upperBounds[index] ?? Number.POSITIVE_INFINITY;
    const le = `${prefix}le="${formatValue(bound)}"`;
    return { suffix: "_bucket", labels: le, value: bucketCount };
  });
  return [
    ...buckets,
    { suffix: "_sum", labels, value: sum },
    { suffix: "_count", labels, value: count },
  ];
}

/** `more` is one label beside the model's; all in alphabetical order. */
function modelLabels(model: ModelStatisticsSnapshot, more?: string): string {
  const { modelName, modelVersion, metricTags = {} } = model;
  const labels = [`model="${escapeLabel(modelName)}"`, `version="${modelVersion}"`];
  for (const [key, text] of Object.entries(metricTags))
    labels.push(`_${key}="${escapeLabel(text)}"`);
  if (more !== undefined) labels.push(more);
  return labels.sort().join(",");
}

function escapeLabel(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

const modelFamilies: readonly ModelFamily[] = [
  plain(
    "nv_inference_request_success",
    "counter",
    "Number of successful inference requests, all batch sizes",
    (model) => model.success.count,
  ),
  byLabel(
    "nv_inference_request_failure",
    "counter",
    "Number of failed inference requests, all batch sizes",
    "reason",
    (model) => model.failures,
  ),
  plain(
    "nv_inference_count",
    "counter",
    "Number of inferences performed (does not include cached requests)",
    (model) => model.inferenceCount,
  ),
  plain(
    "nv_inference_exec_count",
    "counter",
    "Number of model executions performed (does not include cached requests)",
    (model) => model.executionCount,
  ),
  plain(
    "nv_inference_request_duration_us",
    "counter",
    "Cumulative inference request duration in microseconds (includes cached requests)",
    (model) => micros(model.success),
  ),
  plain(
    "nv_inference_queue_duration_us",
    "counter",
    "Cumulative inference queuing duration in microseconds (includes cached requests)",
    (model) => micros(model.queue),
  ),
  plain(
    "nv_inference_compute_input_duration_us",
    "counter",
    "Cumulative compute input duration in microseconds (does not include cached requests)",
    (model) => micros(model.computeInput),
  ),
  plain(
    "nv_inference_compute_infer_duration_us",
    "counter",
    "Cumulative compute inference duration in microseconds (does not include cached requests)",
    (model) => micros(model.computeInfer),
  ),
  plain(
    "nv_inference_compute_output_duration_us",
    "counter",
    "Cumulative inference compute output duration in microseconds (does not include cached requests)",
    (model) => micros(model.computeOutput),
  ),
  plain(
    "nv_inference_pending_request_count",
    "gauge",
    "Instantaneous number of pending requests awaiting execution per-model.",
    (model) => model.pendingCount,
  ),
  ofCached(
    "nv_cache_num_hits_per_model",
    "Number of cache hits per model",
    (model) => model.cacheHit.count,
  ),
  ofCached(
    "nv_cache_num_misses_per_model",
    "Number of cache misses per model",
    (model) => model.cacheMiss.count,
  ),
  ofCached(
    "nv_cache_hit_duration_per_model",
    "Total cache hit duration per model, in microseconds",
    (model) => micros(model.cacheHit),
  ),
  ofCached(
    "nv_cache_miss_duration_per_model",
    "Total cache miss (insert+lookup) duration per model, in microseconds",
    (model) => micros(model.cacheMiss),
  ),
  plain(
    "nv_model_load_duration_secs",
    "gauge",
    "Model load time in seconds",
    (model) => model.loadDurationMs / 1000,
  ),
  histograms(
    "shoal_request_duration_seconds",
    "Requests, from acceptance to response",
    (model) => model.requestDuration,
  ),
  histograms(
    "shoal_queue_duration_seconds",
    "Requests, waiting in the queue",
    (model) => model.queueDuration,
  ),
  histograms(
    "shoal_compute_duration_seconds",
    "Requests, in the model",
    (model) => model.computeDuration,
  ),
  histograms("shoal_batch_rows", "Rows per execution", (model) => model.batchRows),
  byLabel(
    "shoal_batch_closed_total",
    "counter",
    "Batches, by why they left the queue when they did",
    "why",
    (model) => model.batchesClosed,
  ),
  plain(
    "shoal_isolated_batches_total",
    "counter",
    "Batches that failed and were run again in parts",
    (model) => model.isolation.batches,
  ),
  plain(
    "shoal_isolated_parts_total",
    "counter",
    "Parts of such batches that were run (not counted as executions)",
    (model) => model.isolation.parts,
  ),
  plain(
    "shoal_running_requests",
    "gauge",
    "Requests in a batch that runs now",
    (model) => model.executingCount,
  ),
  plain(
    "shoal_shared_requests_total",
    "counter",
    "Requests answered with what an equal one was computed for",
    (model) => model.shared.count,
  ),
  plain(
    "shoal_following_requests",
    "gauge",
    "Requests that wait for the answer of an equal one",
    (model) => model.followingCount,
  ),
  byLabel(
    "shoal_instances",
    "gauge",
    "Instances, by what they do now",
    "state",
    (model) => model.instances,
  ),
  plain(
    "shoal_instance_restarts_total",
    "counter",
    "Instances that were started again",
    (model) => model.instanceRestarts,
  ),
];

function gauge(name: string, help: string, value: number): Family {
  return { name, type: "gauge", help, samples: [{ labels: "", value }] };
}

/** In the names and types that Triton has for them. */
function cacheFamilies(cache: CacheFigures): readonly Family[] {
  const { maxBytes, usedBytes, hitCount, missCount, lookupMs, insertionMs } = cache;
  const use = maxBytes === 0 ? 0 : usedBytes / maxBytes;
  const micros = (ms: number): number => Math.round(ms * 1000);
  return [
    gauge("nv_cache_util", "Cache utilization [0.0 - 1.0]", use),
    gauge("nv_cache_num_entries", "Number of responses stored in response cache", cache.entryCount),
    gauge("nv_cache_num_hits", "Number of cache hits in response cache", hitCount),
    gauge("nv_cache_num_misses", "Number of cache misses in response cache", missCount),
    gauge(
      "nv_cache_num_lookups",
      "Number of cache lookups in response cache",
      hitCount + missCount,
    ),
    gauge(
      "nv_cache_num_evictions",
      "Number of cache evictions in response cache",
      cache.evictionCount,
    ),
    gauge(
      "nv_cache_lookup_duration",
      "Total cache lookup duration (hit and miss), in microseconds",
      micros(lookupMs),
    ),
    gauge(
      "nv_cache_insertion_duration",
      "Total cache insertion duration, in microseconds",
      micros(insertionMs),
    ),
  ];
}

function machineFamilies(machine: MachineFigures): readonly Family[] {
  return [
    gauge("nv_cpu_utilization", "CPU utilization rate [0.0 - 1.0]", machine.cpuUtilization),
    gauge(
      "nv_cpu_memory_total_bytes",
      "CPU total memory (RAM), in bytes",
      machine.memoryTotalBytes,
    ),
    gauge("nv_cpu_memory_used_bytes", "CPU used memory (RAM), in bytes", machine.memoryUsedBytes),
    gauge("nv_pinned_memory_pool_total_bytes", "Pinned memory pool total memory size, in bytes", 0),
    gauge("nv_pinned_memory_pool_used_bytes", "Pinned memory pool used memory size, in bytes", 0),
  ];
}
