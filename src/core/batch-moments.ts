/**
 * Batch moments: where the life of an execution was cut, clipped to what is possible, as the clock
 * of an instance may be slightly off.
 */
import type { ExecutionTimes } from "./instance.ts";
import type { ExecutionMoments } from "./model-statistics.ts";

/** Where the life of an execution was cut; all its requests share these moments. */
export class BatchMoments implements ExecutionMoments {
  readonly computeStartMs: number;
  computeInputEndMs = 0;
  computeOutputStartMs = 0;
  computeEndMs = 0;

  constructor(computeStartMs: number) {
    this.computeStartMs = computeStartMs;
  }

  end({ computeInputEndMs, computeOutputStartMs }: ExecutionTimes, nowMs: number): void {
    this.computeEndMs = nowMs;
    this.computeInputEndMs = clip(computeInputEndMs, this.computeStartMs, nowMs);
    this.computeOutputStartMs = clip(computeOutputStartMs, this.computeInputEndMs, nowMs);
  }
}

function clip(valueMs: number, lowMs: number, highMs: number): number {
  return Math.min(Math.max(valueMs, lowMs), highMs);
}
