/** The signal of a batch fires when the last of its callers has gone, and no sooner. */
import { strict as check } from "node:assert";
import test from "node:test";
import { BatchSignals } from "./batch-signals.ts";

function batch(count: number): { signals: BatchSignals; gone: Set<number> } {
  const gone = new Set<number>();
  return { signals: new BatchSignals(count, (index) => gone.has(index)), gone };
}

test("it fires with the last caller, in whatever order they go", () => {
  const { signals, gone } = batch(3);
  const { signal } = signals;
  let firedCount = 0;
  signal.addEventListener("abort", () => {
    firedCount += 1;
  });
  for (const index of [1, 0]) {
    gone.add(index);
    signals.notice();
    check.equal(signal.aborted, false);
  }
  gone.add(2);
  signals.notice();
  signals.notice();
  check.deepEqual([signal.aborted, firedCount], [true, 1]);
  check.match(String(signal.reason), /every caller of this batch has gone/);
});

test("it is the same signal each time", () => {
  const { signals } = batch(1);
  check.equal(signals.signal, signals.signal);
});

test("who asks for it when all have gone gets one that has fired", () => {
  const { signals, gone } = batch(1);
  gone.add(0);
  signals.notice();
  check.equal(signals.signal.aborted, true);
});
