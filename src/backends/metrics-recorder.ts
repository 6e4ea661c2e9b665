/**
 * Metrics recorder: what a model's own metrics become inside its instance, until it is told.
 *
 * What is recorded is added up here, and told at the end of a batch (`flush`), else at the end of
 * the turn of the event loop: so it costs a message a batch, however much is recorded. Counters and
 * histograms tell by how much they grew; a gauge keeps its value, and tells it.
 *
 * Invariant, checked by metrics-recorder.test.ts: no metric holds more than `mostSeries` series;
 * what has no room is counted.
 */
import type {
  Counter,
  Gauge,
  GaugeOptions,
  HistogramMetric,
  HistogramOptions,
  MetricLabels,
  MetricOptions,
  ModelMetrics,
} from "../definition/model-metrics.ts";
import {
  findMetricConflict,
  findMetricMistake,
  type MetricDeclaration,
  type MetricUpdate,
  mostSeries,
  seriesKey,
} from "../protocol/custom-metric.ts";
import { fieldsOf } from "../protocol/option-checks.ts";

/** Who is told. */
export interface MetricsSink {
  /** May throw a TypeError: then there is no such metric. */
  declare(declaration: MetricDeclaration): void;
  record(updates: readonly MetricUpdate[]): void;
}

const defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** Values are checked with the declaration. */
const anything = (): readonly string[] => [];
const shared = { help: anything, labels: anything };
const optionNames = {
  counter: fieldsOf(shared),
  gauge: fieldsOf({ ...shared, combine: anything }),
  histogram: fieldsOf({ ...shared, buckets: anything }),
};

export class MetricsRecorder implements ModelMetrics {
  readonly #sink: MetricsSink;
  readonly #metrics = new Map<string, LocalMetric>();
  readonly #changed = new Set<LocalMetric>();
  #willFlush = false;

  constructor(sink: MetricsSink) {
    this.#sink = sink;
  }

  counter(name: string, options: MetricOptions = {}): Counter {
    return this.#metric(name, "counter", options);
  }

  gauge(name: string, options: GaugeOptions = {}): Gauge {
    return this.#metric(name, "gauge", options);
  }

  histogram(name: string, options: HistogramOptions = {}): HistogramMetric {
    return this.#metric(name, "histogram", options);
  }

  /** Tells what has been recorded so far. */
  flush(): void {
    if (this.#changed.size === 0) return;
    const updates = [...this.#changed].flatMap((metric) => metric.takeUpdates());
    this.#changed.clear();
    this.#sink.record(updates);
  }

  #metric(
    name: string,
    kind: MetricDeclaration["kind"],
    options: GaugeOptions & HistogramOptions,
  ): LocalMetric {
    const [unknown] = optionNames[kind](options, "");
    const { help = name, labels = [], combine = "sum" } = options;
    const buckets = kind === "histogram" ? (options.buckets ?? defaultBuckets) : [];
    const declaration = { name, kind, help, labels, buckets, combine };
    const mistake = findMetricMistake(declaration);
    if (mistake !== undefined) throw new TypeError(mistake);
    if (unknown !== undefined) throw new TypeError(`metric '${name}': ${unknown}`);
    const before = this.#metrics.get(name);
    if (before !== undefined) return before.again(declaration);
    for (const other of this.#metrics.values()) refuseConflict(declaration, other.declaration);
    this.#sink.declare(declaration);
    const metric = new LocalMetric(declaration, () => this.#noteChange(metric));
    this.#metrics.set(name, metric);
    return metric;
  }

  #noteChange(metric: LocalMetric): void {
    this.#changed.add(metric);
    if (this.#willFlush) return;
    this.#willFlush = true;
    setImmediate(() => {
      this.#willFlush = false;
      this.flush();
    });
  }
}

function refuseConflict(one: MetricDeclaration, other: MetricDeclaration): void {
  const why = findMetricConflict(one, other);
  if (why === undefined) return;
  throw new TypeError(`metric '${one.name}' contradicts metric '${other.name}': ${why}`);
}

interface LocalSeries {
  readonly labels: readonly string[];
  value: number;
  counts: number[];
  hasChanged: boolean;
}

/** All kinds at once: its user sees the methods of one. */
class LocalMetric implements Counter, Gauge, HistogramMetric {
  readonly declaration: MetricDeclaration;
  readonly #noteChange: () => void;
  readonly #series = new Map<string, LocalSeries>();
  #droppedCount = 0;

  constructor(declaration: MetricDeclaration, noteChange: () => void) {
    this.declaration = declaration;
    this.#noteChange = noteChange;
  }

  /** Asked for a second time, in the same words. */
  again(declaration: MetricDeclaration): this {
    refuseConflict(declaration, this.declaration);
    if (JSON.stringify(declaration) === JSON.stringify(this.declaration)) return this;
    const { name } = declaration;
    throw new TypeError(`metric '${name}' is there already, with other labels or options`);
  }

  add(amount = 1, labels: MetricLabels = {}): void {
    const isCounter = this.declaration.kind === "counter";
    if (!Number.isFinite(amount) || (isCounter && amount < 0)) {
      throw this.#wrong(`a number${isCounter ? " from 0" : ""} is added to it; got ${amount}`);
    }
    this.#change(labels, (series) => {
      series.value += amount;
    });
  }

  set(value: number, labels: MetricLabels = {}): void {
    if (typeof value !== "number") throw this.#wrong(`it is set to a number; got ${String(value)}`);
    this.#change(labels, (series) => {
      series.value = value;
    });
  }

  observe(value: number, labels: MetricLabels = {}): void {
    if (!Number.isFinite(value)) throw this.#wrong(`it observes numbers; got ${value}`);
    const { buckets } = this.declaration;
    const above = buckets.findIndex((bound) => value <= bound);
    const bucket = above === -1 ? buckets.length : above;
    this.#change(labels, (series) => {
      series.value += value;
      series.counts[bucket] = (series.counts[bucket] ?? 0) + 1;
    });
  }

  takeUpdates(): readonly MetricUpdate[] {
    const { name, kind } = this.declaration;
    const updates: MetricUpdate[] = [];
    for (const series of this.#series.values()) {
      const { labels, value, counts } = series;
      if (!series.hasChanged) continue;
      series.hasChanged = false;
      if (kind === "histogram") updates.push({ name, labels, counts, sum: value });
      else updates.push({ name, labels, value });
    }
    if (kind !== "gauge") this.#series.clear();
    if (this.#droppedCount > 0) updates.push({ name, droppedCount: this.#droppedCount });
    this.#droppedCount = 0;
    return updates;
  }

  #change(labels: MetricLabels, change: (series: LocalSeries) => void): void {
    const values = this.#valuesOf(labels);
    const key = seriesKey(values);
    const series = this.#series.get(key) ?? this.#newSeries(key, values);
    if (series === undefined) this.#droppedCount += 1;
    else {
      series.hasChanged = true;
      change(series);
    }
    this.#noteChange();
  }

  #newSeries(key: string, labels: readonly string[]): LocalSeries | undefined {
    if (this.#series.size >= mostSeries) return undefined;
    const { kind, buckets } = this.declaration;
    const counts = kind === "histogram" ? Array.from({ length: buckets.length + 1 }, () => 0) : [];
    const series = { labels, value: 0, counts, hasChanged: true };
    this.#series.set(key, series);
    return series;
  }

  #valuesOf(labels: MetricLabels): readonly string[] {
    const declared = this.declaration.labels;
    const values = declared.flatMap((name) => {
      return Object.hasOwn(labels, name) ? [String(labels[name])] : [];
    });
    if (values.length === declared.length && Object.keys(labels).length === values.length) {
      return values;
    }
    const expected = declared.length === 0 ? "none" : declared.join(", ");
    const got = Object.keys(labels).join(", ");
    throw this.#wrong(`its labels are ${expected}; got ${got === "" ? "none" : got}`);
  }

  #wrong(why: string): TypeError {
    return new TypeError(`metric '${this.declaration.name}': ${why}`);
  }
}
