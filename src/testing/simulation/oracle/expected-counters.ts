/**
 * Expected counters of one model version: the table of observability.md section 2, event by event.
 *
 * Moments are turned into whole nanoseconds first and subtracted afterwards.
 *
 * Not here: gauges (what waits, what runs, what instances do): the model's oracle counts those.
 */
import type { ModelPlan } from "../plans.ts";
import type { HistogramFacts, StatisticsFacts } from "../statistics-facts.ts";
import type { CloseReason } from "./batching-rules.ts";

export type FailureReason = keyof StatisticsFacts["failures"];

/** Where an execution was cut, for one request or for the whole batch. */
export interface Moments {
  readonly startMs: number;
  readonly inputEndMs: number;
  readonly outputStartMs: number;
  readonly endMs: number;
}

export interface Success {
  readonly rows: number;
  readonly arrivedAtMs: number;
  readonly endedAtMs: number;
  readonly moments: Moments;
}

interface Followed {
  readonly arrivedAtMs: number;
  readonly queuedUntilMs: number;
  readonly endedAtMs: number;
}

/** A stream so far: how many responses were heard, and until when the last one was computed. */
interface Stream {
  readonly heardCount: number;
  readonly computedMs: number;
}

/** What counters there are of the first responses of all streams, of the second ones, and so on. */
type ResponseSums = Record<
  "success" | "emptyResponse" | "fail" | "cancel" | "computeInfer" | "computeOutput",
  Sum
>;

/** The last one is for all that follow too. */
const lastPlace = 255;

/** Seconds. */
const durationBounds = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];
const rowBounds = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

export class ExpectedCounters implements StatisticsFacts {
  readonly modelName: string;
  readonly modelVersion: number;
  lastInferenceMs = 0;
  inferenceCount = 0;
  executionCount = 0;
  readonly success: Sum = new Sum();
  readonly fail: Sum = new Sum();
  readonly queue: Sum = new Sum();
  readonly computeInput: Sum = new Sum();
  readonly computeInfer: Sum = new Sum();
  readonly computeOutput: Sum = new Sum();
  readonly cacheHit: Sum = new Sum();
  readonly cacheMiss: Sum = new Sum();
  readonly shared: Sum = new Sum();
  /** By rows. */
  readonly batches: ExpectedBatches[] = [];
  readonly responses: ResponseSums[] = [];
  readonly failures = { REJECTED: 0, CANCELED: 0, BACKEND: 0, OTHER: 0 };
  readonly batchesClosed = { full: 0, preferred: 0, delay: 0, shape: 0, no_delay: 0, expiry: 0 };
  readonly isolation = { batches: 0, parts: 0 };
  readonly requestDuration: Distribution = new Distribution(durationBounds, 1e9);
  readonly queueDuration: Distribution = new Distribution(durationBounds, 1e9);
  readonly computeDuration: Distribution = new Distribution(durationBounds, 1e9);
  readonly batchRows: Distribution = new Distribution(rowBounds, 1);
  // Gauges: set by the model's oracle before somebody looks.
  pendingCount = 0;
  executingCount = 0;
  followingCount = 0;
  isCached = false;
  instances = { ready: 0, busy: 0, loading: 0, dead: 0 };
  instanceRestarts = 0;
  loadDurationMs = 0;
  readonly #startedAtWallMs: number;

  constructor({ name, version }: ModelPlan, startedAtWallMs: number) {
    this.modelName = name;
    this.modelVersion = version;
    this.#startedAtWallMs = startedAtWallMs;
  }

  succeeded({ rows, arrivedAtMs, endedAtMs, moments }: Success): void {
    const { startMs, inputEndMs, outputStartMs } = moments;
    this.lastInferenceMs = Math.round(this.#startedAtWallMs + endedAtMs);
    this.inferenceCount += rows;
    this.#answered(ns(arrivedAtMs, endedAtMs), ns(arrivedAtMs, startMs));
    addCompute(this, moments);
    this.computeDuration.add(ns(inputEndMs, outputStartMs));
  }

  /** Nothing is computed, and no time passes. */
  hit(): void {
    this.#answered(0, 0);
    this.cacheHit.add(0);
  }

  /** Beside its success. */
  missed(): void {
    this.cacheMiss.add(0);
  }

  /** It got what another one was computed for. */
  followed({ arrivedAtMs, queuedUntilMs, endedAtMs }: Followed): void {
    this.#answered(ns(arrivedAtMs, endedAtMs), ns(arrivedAtMs, queuedUntilMs));
    this.shared.add(ns(arrivedAtMs, endedAtMs));
  }

  failed(reason: FailureReason, sinceMs: number, nowMs: number): void {
    this.failures[reason] += 1;
    this.fail.add(ns(sinceMs, nowMs));
  }

  /** Of a streaming model. Its computation began when the previous one was computed. */
  responded(
    { isEmpty, moments }: { readonly isEmpty: boolean; readonly moments: Moments },
    stream: Stream,
  ): void {
    const { computedMs: sinceMs } = stream;
    const outputStartMs = Math.max(sinceMs, moments.outputStartMs);
    const sums = this.#sumsFor(stream);
    sums[isEmpty ? "emptyResponse" : "success"].add(ns(sinceMs, moments.endMs));
    sums.computeInfer.add(ns(sinceMs, outputStartMs));
    sums.computeOutput.add(ns(outputStartMs, moments.endMs));
  }

  /** A stream has ended with an error, in place of its next response. */
  streamCutShort(how: "fail" | "cancel", stream: Stream, nowMs: number): void {
    this.#sumsFor(stream)[how].add(ns(stream.computedMs, nowMs));
  }

  closed(why: CloseReason, rows: number): void {
    this.batchesClosed[why] += 1;
    this.batchRows.add(rows);
  }

  executed(rows: number, moments: Moments): void {
    this.executionCount += 1;
    let entry = this.batches.find(({ batchSize }) => batchSize === rows);
    if (entry === undefined) {
      entry = new ExpectedBatches(rows);
      this.batches.push(entry);
      this.batches.sort((one, other) => one.batchSize - other.batchSize);
    }
    addCompute(entry, moments);
  }

  #answered(lifeNs: number, queueNs: number): void {
    this.success.add(lifeNs);
    this.queue.add(queueNs);
    this.requestDuration.add(lifeNs);
    this.queueDuration.add(queueNs);
  }

  #sumsFor({ heardCount }: Stream): ResponseSums {
    const place = heardCount < lastPlace ? heardCount : lastPlace;
    while (this.responses.length <= place) {
      this.responses.push({
        success: new Sum(),
        emptyResponse: new Sum(),
        fail: new Sum(),
        cancel: new Sum(),
        computeInfer: new Sum(),
        computeOutput: new Sum(),
      });
    }
    return this.responses[place] as ResponseSums;
  }
}

class Sum {
  count = 0;
  ns = 0;

  add(ns: number): void {
    this.count += 1;
    this.ns += ns;
  }
}

/** All executions of so many rows. */
class ExpectedBatches {
  readonly batchSize: number;
  readonly computeInput: Sum = new Sum();
  readonly computeInfer: Sum = new Sum();
  readonly computeOutput: Sum = new Sum();

  constructor(batchSize: number) {
    this.batchSize = batchSize;
  }
}

function addCompute(
  sums: Pick<ExpectedBatches, "computeInput" | "computeInfer" | "computeOutput">,
  { startMs, inputEndMs, outputStartMs, endMs }: Moments,
): void {
  sums.computeInput.add(ns(startMs, inputEndMs));
  sums.computeInfer.add(ns(inputEndMs, outputStartMs));
  sums.computeOutput.add(ns(outputStartMs, endMs));
}

/** How many values are at most each bound; last how many there are. */
class Distribution implements HistogramFacts {
  readonly counts: number[];
  sum = 0;
  count = 0;
  readonly #bounds: readonly number[];
  readonly #unitsPerBound: number;
  #units = 0;

  constructor(bounds: readonly number[], unitsPerBound: number) {
    this.#bounds = [...bounds, Number.POSITIVE_INFINITY];
    this.counts = this.#bounds.map(() => 0);
    this.#unitsPerBound = unitsPerBound;
  }

  add(units: number): void {
    this.count += 1;
    this.#units += units;
    this.sum = this.#units / this.#unitsPerBound;
    for (const [index, bound] of this.#bounds.entries()) {
      if (units <= bound * this.#unitsPerBound) this.counts[index] = (this.counts[index] ?? 0) + 1;
    }
  }
}

function ns(fromMs: number, toMs: number): number {
  return Math.round(toMs * 1e6) - Math.round(fromMs * 1e6);
}
