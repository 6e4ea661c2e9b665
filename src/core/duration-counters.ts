/**
 * Duration counters: how many of something there were, and how long they took together; those of
 * the parts of an execution, and of the responses of streams.
 */
/** How many, and how long together. */
export interface DurationCount {
  readonly count: number;
  readonly ns: number;
}

export type ResponseEnd = "success" | "fail" | "emptyResponse" | "cancel";

export type ResponseCounter = ResponseEnd | "computeInfer" | "computeOutput";

export class DurationCounter {
  count = 0;
  ns = 0;

  add(ns: number): void {
    this.count += 1;
    this.ns += ns;
  }

  snapshot(): DurationCount {
    return { count: this.count, ns: this.ns };
  }
}

export class ComputeCounters {
  readonly input: DurationCounter = new DurationCounter();
  readonly infer: DurationCounter = new DurationCounter();
  readonly output: DurationCounter = new DurationCounter();
}

export class ResponseCounters implements Readonly<Record<ResponseCounter, DurationCounter>> {
  readonly computeInfer: DurationCounter = new DurationCounter();
  readonly computeOutput: DurationCounter = new DurationCounter();
  readonly success: DurationCounter = new DurationCounter();
  readonly fail: DurationCounter = new DurationCounter();
  readonly emptyResponse: DurationCounter = new DurationCounter();
  readonly cancel: DurationCounter = new DurationCounter();

  snapshot(): Record<ResponseCounter, DurationCount> {
    return {
      computeInfer: this.computeInfer.snapshot(),
      computeOutput: this.computeOutput.snapshot(),
      success: this.success.snapshot(),
      fail: this.fail.snapshot(),
      emptyResponse: this.emptyResponse.snapshot(),
      cancel: this.cancel.snapshot(),
    };
  }
}
