/**
 * Custom metrics: those that models declare for themselves, summed over their instances, for the
 * metrics page.
 *
 * A model version has a store from its load on. Its counters and histograms only grow, whatever
 * becomes of the instances that counted; a gauge is what the living instances make together. An
 * instance that starts again begins without gauges.
 *
 * A name is one metric on the page, whichever models have it: of one kind, with one help.
 *
 * Invariant, checked by custom-metrics.test.ts: a metric of a model has at most `mostSeries` series;
 * what has no room is counted, and told once.
 */
import {
  findMetricConflict,
  type MetricDeclaration,
  type MetricUpdate,
  mostSeries,
  seriesKey,
} from "../protocol/custom-metric.ts";
import type { HistogramSnapshot } from "./histogram.ts";
import type { Log } from "./log.ts";

export interface CustomMetricsOptions {
  readonly log: Log;
  /** Is it loaded, or loading? What is not has no series. */
  readonly isThere: (model: string, version: number) => boolean;
}

interface CustomSeries {
  readonly model: string;
  readonly version: number;
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number | HistogramSnapshot;
}

export interface CustomFamily extends Pick<MetricDeclaration, "name" | "kind" | "help"> {
  readonly series: readonly CustomSeries[];
}

export class CustomMetrics {
  readonly #options: CustomMetricsOptions;
  #stores: readonly ModelMetricsStore[] = [];

  constructor(options: CustomMetricsOptions) {
    this.#options = options;
  }

  /** At a load: what an earlier one had is forgotten. */
  open(model: string, version: number): ModelMetricsStore {
    const { log } = this.#options;
    const others = (): readonly ModelMetricsStore[] => this.#living();
    const store: ModelMetricsStore = new ModelMetricsStore({ model, version, log, others });
    this.#stores = [
      ...this.#living().filter((other) => other.model !== model || other.version !== version),
      store,
    ];
    return store;
  }

  /** In the order in which they were declared. */
  families(): readonly CustomFamily[] {
    this.#stores = this.#living();
    const metrics = this.#stores.flatMap((store) => store.metrics());
    const names = [...new Set(metrics.map(({ name }) => name))];
    return names.flatMap((name) => {
      const [first, ...others] = metrics.filter((metric) => metric.name === name);
      if (first === undefined) return [];
      return [{ ...first, series: [first, ...others].flatMap(({ series }) => series) }];
    });
  }

  droppedCount(model: string, version: number): number {
    return this.#storeOf(model, version)?.droppedCount ?? 0;
  }

  #storeOf(model: string, version: number): ModelMetricsStore | undefined {
    return this.#stores.find((store) => store.model === model && store.version === version);
  }

  #living(): readonly ModelMetricsStore[] {
    return this.#stores.filter(({ model, version }) => this.#options.isThere(model, version));
  }
}

interface StoreOptions {
  readonly model: string;
  readonly version: number;
  readonly log: Log;
  /** Of all models that are there. */
  readonly others: () => readonly ModelMetricsStore[];
}

interface StoredSeries {
  readonly labels: readonly string[];
  /** Of a counter, or the sum of a histogram. */
  value: number;
  readonly counts: number[];
  /** Of a gauge, by instance; the one that was told last is the last one. */
  readonly values: Map<number, number>;
}

interface StoredMetric {
  readonly declaration: MetricDeclaration;
  readonly series: Map<string, StoredSeries>;
  hasDropped: boolean;
}

/** Those of one model version. */
export class ModelMetricsStore {
  readonly model: string;
  readonly version: number;
  readonly #options: StoreOptions;
  readonly #metrics = new Map<string, StoredMetric>();
  #droppedCount = 0;

  constructor(options: StoreOptions) {
    this.model = options.model;
    this.version = options.version;
    this.#options = options;
  }

  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** By each of its instances. Throws a TypeError if the name means something else already. */
  declare(declaration: MetricDeclaration): void {
    for (const store of [this, ...this.#options.others()]) {
      for (const other of store.#metrics.values()) {
        const why = findMetricConflict(declaration, other.declaration);
        if (why === undefined) continue;
        const whose = `metric '${other.declaration.name}' of model '${store.model}'`;
        throw new TypeError(`metric '${declaration.name}' contradicts ${whose}: ${why}`);
      }
    }
    const { name } = declaration;
    const before = this.#metrics.get(name);
    if (before === undefined) {
      this.#metrics.set(name, { declaration, series: new Map(), hasDropped: false });
      if (declaration.labels.length === 0) this.#seriesOf(name, []);
      return;
    }
    if (JSON.stringify(before.declaration) === JSON.stringify(declaration)) return;
    const what = `metric '${name}' has other labels or options in another instance`;
    throw new TypeError(`${what} of model '${this.model}'`);
  }

  /** From an instance. Of a metric that was refused nothing is kept. */
  record(instance: number, updates: readonly MetricUpdate[]): void {
    for (const update of updates) {
      const metric = this.#metrics.get(update.name);
      if (metric === undefined) continue;
      if ("droppedCount" in update) this.#drop(metric, update.droppedCount);
      else {
        const series = this.#seriesOf(update.name, update.labels);
        if (series === undefined) this.#drop(metric, updateCount(update));
        else take(update, { series, instance, kind: metric.declaration.kind });
      }
    }
  }

  /** What the gauges of its predecessor were does not count any more. */
  instanceStarted(instance: number): void {
    for (const { series } of this.#metrics.values()) {
      for (const { values } of series.values()) values.delete(instance);
    }
  }

  metrics(): readonly CustomFamily[] {
    const { model, version } = this;
    return [...this.#metrics.values()].map(({ declaration, series }) => {
      const { name, kind, help } = declaration;
      const shown = [...series.values()].flatMap((each): CustomSeries[] => {
        const value = valueIn(declaration, each);
        if (value === undefined) return [];
        const labels = declaration.labels.map((label, index) => {
          return [label, each.labels[index] ?? ""] as const;
        });
        return [{ model, version, labels, value }];
      });
      return { name, kind, help, series: shown };
    });
  }

  /** Undefined: there is no room for it. */
  #seriesOf(name: string, labels: readonly string[]): StoredSeries | undefined {
    const { series, declaration } = this.#metrics.get(name) ?? {};
    if (series === undefined || declaration === undefined) return undefined;
    const key = seriesKey(labels);
    const before = series.get(key);
    if (before !== undefined || series.size >= mostSeries) return before;
    const counts = declaration.kind === "histogram" ? [...declaration.buckets, 0].fill(0) : [];
    const made: StoredSeries = { labels, value: 0, counts, values: new Map() };
    series.set(key, made);
    return made;
  }

  #drop(metric: StoredMetric, count: number): void {
    this.#droppedCount += count;
    if (metric.hasDropped) return;
    metric.hasDropped = true;
    const { model, version } = this;
    const what = `metric '${metric.declaration.name}' of model '${model}'`;
    const why = `has more than ${mostSeries} sets of label values: what comes beyond is dropped`;
    this.#options.log.warning(`${what} ${why}`, { model, version });
  }
}

type SeriesUpdate = Exclude<MetricUpdate, { readonly droppedCount: number }>;

interface Taker {
  readonly series: StoredSeries;
  readonly instance: number;
  readonly kind: MetricDeclaration["kind"];
}

function take(update: SeriesUpdate, { series, instance, kind }: Taker): void {
  if ("counts" in update) {
    series.value += update.sum;
    for (const [bucket, count] of update.counts.entries()) {
      series.counts[bucket] = (series.counts[bucket] ?? 0) + count;
    }
  } else if (kind === "counter") series.value += update.value;
  else {
    series.values.delete(instance);
    series.values.set(instance, update.value);
  }
}

function updateCount(update: SeriesUpdate): number {
  return "counts" in update ? update.counts.reduce((sum, each) => sum + each, 0) : 1;
}

/** Undefined: a gauge that no instance has set. */
function valueIn(
  { kind, buckets, combine }: MetricDeclaration,
  { value, counts, values }: StoredSeries,
): number | HistogramSnapshot | undefined {
  if (kind === "counter") return value;
  if (kind === "gauge") {
    const all = [...values.values()];
    return combine === "last" || all.length === 0
      ? all.at(-1)
      : all.reduce((sum, one) => sum + one);
  }
  let count = 0;
  const cumulative = counts.map((each) => {
    count += each;
    return count;
  });
  return { upperBounds: buckets, counts: cumulative, sum: value, count };
}
