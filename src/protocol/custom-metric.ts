/**
 * Custom metric: one that a model declares for itself, as it is told from its instance to the page.
 *
 * Its series carry the labels that it declares, and `model` and `version`, which are the server's.
 *
 * Not here: what a user writes (definition/model-metrics.ts), sums over instances
 * (core/custom-metrics.ts), the page (server/metrics/metrics-text.ts).
 */
import { mustBe } from "./option-checks.ts";
import { show } from "./show.ts";

export interface MetricDeclaration {
  readonly name: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly help: string;
  /** Names. */
  readonly labels: readonly string[];
  /** Of a histogram: upper bounds, ascending, without the infinite one. */
  readonly buckets: readonly number[];
  /** Of a gauge: what several instances make together. */
  readonly combine: "sum" | "last";
}

/** What one series of an instance has become, or how many updates had no room. */
export type MetricUpdate =
  /** Of a counter by how much it grew, of a gauge what it is. */
  | { readonly name: string; readonly labels: readonly string[]; readonly value: number }
  | {
      readonly name: string;
      readonly labels: readonly string[];
      /** New observations by bucket; the last is above all bounds. */
      readonly counts: readonly number[];
      readonly sum: number;
    }
  | { readonly name: string; readonly droppedCount: number };

/** Sets of label values that a metric of a model may have: more would fill any memory. */
export const mostSeries = 1000;

const mostBuckets = 100;
const reservedLabels = ["model", "version", "le"];

/** What is wrong with it by itself. */
export function findMetricMistake(declaration: MetricDeclaration): string | undefined {
  const { name, help, labels, buckets, combine } = declaration;
  if (typeof name !== "string" || !/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) {
    const expected = "letters, digits, underscores and colons, not beginning with a digit";
    return `the name of a metric must be ${expected}; got ${show(name)}`;
  }
  if (/^(nv|shoal)_/.test(name)) {
    return `metric '${name}': names that begin with nv_ and shoal_ are the server's own`;
  }
  const mistake =
    (typeof help !== "string" || help === "" ? mustBe("help", "a text", help) : undefined) ??
    findLabelMistake(labels) ??
    findBucketMistake(declaration.kind, buckets) ??
    (combine === "sum" || combine === "last"
      ? undefined
      : mustBe("combine", `"sum" or "last"`, combine));
  return mistake === undefined ? undefined : `metric '${name}': ${mistake}`;
}

function findLabelMistake(labels: unknown): string | undefined {
  if (!Array.isArray(labels)) return mustBe("labels", "a list of names", labels);
  const names: readonly unknown[] = labels;
  for (const label of names) {
    const isName = typeof label === "string" && /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/.test(label);
    if (!isName) return mustBe("labels", "letters, digits and underscores", label);
    if (reservedLabels.includes(label)) {
      return `label '${label}' is the server's own: it stands there already`;
    }
  }
  if (new Set(names).size === names.length) return undefined;
  return mustBe("labels", "different names", labels);
}

function findBucketMistake(kind: string, buckets: unknown): string | undefined {
  if (kind !== "histogram") return undefined;
  const expected = `1 to ${mostBuckets} numbers, ascending`;
  if (!Array.isArray(buckets) || buckets.length === 0 || buckets.length > mostBuckets) {
    return mustBe("buckets", expected, buckets);
  }
  const bounds: readonly unknown[] = buckets;
  const isAscending = bounds.every((bound, index) => {
    return Number.isFinite(bound) && (index === 0 || Number(bound) > Number(bounds[index - 1]));
  });
  return isAscending ? undefined : mustBe("buckets", expected, buckets);
}

/** Why both cannot stand on one page. */
export function findMetricConflict(
  one: MetricDeclaration,
  other: MetricDeclaration,
): string | undefined {
  if (one.name === other.name) {
    if (one.kind !== other.kind) return `it is a ${other.kind} there, and a ${one.kind} here`;
    if (one.help !== other.help) return `its help is ${show(other.help)} there`;
    return undefined;
  }
  const taken = sampleNames(other);
  const shared = sampleNames(one).find((name) => taken.includes(name));
  return shared === undefined ? undefined : `both have samples of the name '${shared}'`;
}

function sampleNames({ name, kind }: MetricDeclaration): readonly string[] {
  return kind === "histogram"
    ? [name, ...["_bucket", "_sum", "_count"].map((suffix) => name + suffix)]
    : [name];
}

/** Of a series among those of its metric. */
export function seriesKey(labels: readonly string[]): string {
  return labels.length === 1 ? (labels[0] ?? "") : JSON.stringify(labels);
}
