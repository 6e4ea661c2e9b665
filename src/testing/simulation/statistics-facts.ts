/**
 * Statistics as facts: what the counters of one model version say, and how two of them compare.
 *
 * The core's snapshot fits this form without being imported; the oracle fills it from its own
 * model.
 */
export interface CountAndNs {
  readonly count: number;
  readonly ns: number;
}

interface BatchFacts {
  readonly batchSize: number;
  readonly computeInput: CountAndNs;
  readonly computeInfer: CountAndNs;
  readonly computeOutput: CountAndNs;
}

/** The first responses of all requests of a streaming model, or the second ones, and so on. */
interface ResponseFacts {
  readonly success: CountAndNs;
  readonly emptyResponse: CountAndNs;
  readonly fail: CountAndNs;
  readonly cancel: CountAndNs;
  readonly computeInfer: CountAndNs;
  readonly computeOutput: CountAndNs;
}

/** Cumulative: how many values are at most each bound; last how many there are. */
export interface HistogramFacts {
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

export interface StatisticsFacts {
  readonly modelName: string;
  readonly modelVersion: number;
  readonly lastInferenceMs: number;
  readonly inferenceCount: number;
  readonly executionCount: number;
  readonly success: CountAndNs;
  readonly fail: CountAndNs;
  readonly queue: CountAndNs;
  readonly computeInput: CountAndNs;
  readonly computeInfer: CountAndNs;
  readonly computeOutput: CountAndNs;
  readonly cacheHit: CountAndNs;
  readonly cacheMiss: CountAndNs;
  readonly isCached: boolean;
  readonly shared: CountAndNs;
  readonly followingCount: number;
  readonly batches: readonly BatchFacts[];
  readonly responses: readonly ResponseFacts[];
  readonly failures: Readonly<Record<"REJECTED" | "CANCELED" | "BACKEND" | "OTHER", number>>;
  readonly pendingCount: number;
  readonly executingCount: number;
  readonly batchesClosed: Readonly<
    Record<"full" | "preferred" | "delay" | "shape" | "no_delay" | "expiry", number>
  >;
  readonly isolation: { readonly batches: number; readonly parts: number };
  readonly instances: Readonly<Record<"ready" | "busy" | "loading" | "dead", number>>;
  readonly instanceRestarts: number;
  readonly loadDurationMs: number;
  readonly requestDuration: HistogramFacts;
  readonly queueDuration: HistogramFacts;
  readonly computeDuration: HistogramFacts;
  readonly batchRows: HistogramFacts;
}

/** Whether `actual` has all that is expected, at all depths. */
export function holds(actual: unknown, expected: unknown): boolean {
  if (!isGroup(actual) || !isGroup(expected)) return actual === expected;
  for (const name in expected) {
    const [mine, theirs] = [actual[name], expected[name]];
    if (mine !== theirs && !holds(mine, theirs)) return false;
  }
  return !Array.isArray(expected) || expected.length === actual["length"];
}

/** One line per counter of all that are expected. */
export function statisticsLines(facts: StatisticsFacts): readonly string[] {
  return linesOf(`${facts.modelName}/${facts.modelVersion}`, facts);
}

function linesOf(path: string, value: unknown): readonly string[] {
  if (!isGroup(value)) return [`${path} ${String(value)}`];
  const names = Object.keys(value).sort();
  return names.flatMap((name) => linesOf(`${path} ${name}`, value[name]));
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
