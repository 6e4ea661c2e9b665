/**
 * Metrics of a model's own, as its author gets them: `context.metrics`, in `setup` and `infer`.
 *
 *   const words = metrics.counter("words_total", { help: "Words read", labels: ["language"] });
 *   words.add(12, { language: "de" });
 *
 * A metric may be asked for again at any time: the same name is the same metric.
 *
 * Not here: how they get to the page (backends/metrics-recorder.ts, core/custom-metrics.ts).
 */

/** A value for each label that the metric declares, and for no other. */
export type MetricLabels = Readonly<Record<string, string | number | boolean>>;

export interface MetricOptions {
  /** What it means, on the page; default its name. */
  readonly help?: string;
  /** Names of its labels; default none. */
  readonly labels?: readonly string[];
}

export interface GaugeOptions extends MetricOptions {
  /** What the gauges of several instances make together; default "sum". */
  readonly combine?: "sum" | "last";
}

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds, ascending; default from 0.005 to 10, which suits seconds. */
  readonly buckets?: readonly number[];
}

export interface Counter {
  /** Default 1; never below 0. */
  add(amount?: number, labels?: MetricLabels): void;
}

export interface Gauge {
  set(value: number, labels?: MetricLabels): void;
  add(amount: number, labels?: MetricLabels): void;
}

export interface HistogramMetric {
  observe(value: number, labels?: MetricLabels): void;
}

/** Each throws a TypeError for a wrong name or option, and for a name that means something else. */
export interface ModelMetrics {
  counter(name: string, options?: MetricOptions): Counter;
  gauge(name: string, options?: GaugeOptions): Gauge;
  histogram(name: string, options?: HistogramOptions): HistogramMetric;
}
