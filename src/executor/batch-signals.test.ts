/** When the signal of a batch fires: as soon as its last caller has gone, and not before. */
import { strict as check } from "node:assert";
import test from "node:test";
import { BatchSignals } from "./batch-signals.ts";

function signalsOf(...isAborted: boolean[]): { signals: BatchSignals; isAborted: boolean[] } {
  const signals = new BatchSignals(isAborted.length, (index) => isAborted[index] ?? false);
  return { signals, isAborted };
}

test("somebody still waits", () => {
  const { signals, isAborted } = signalsOf(false, false);
  const { signal } = signals;
  isAborted[1] = true;
  signals.notice();
  check.equal(signal.aborted, false);
  check.equal(signals.signal, signal, "there is one");
});

test("the last one has gone", () => {
  const { signals, isAborted } = signalsOf(true, false);
  const { signal } = signals;
  let eventCount = 0;
  signal.addEventListener("abort", () => {
    eventCount += 1;
  });
  isAborted[0] = true;
  isAborted[1] = true;
  check.equal(signal.aborted, false, "nobody has said so");
  signals.notice();
  signals.notice();
  check.equal(eventCount, 1);
  check.match(String(signal.reason), /every caller of this batch has gone/);
});

test("all had gone before anybody asked for the signal", () => {
  const { signals } = signalsOf(true, true);
  signals.notice();
  check.equal(signals.signal.aborted, true);
});

test("they went unnoticed until it was asked for again", () => {
  const { signals, isAborted } = signalsOf(false);
  check.equal(signals.signal.aborted, false);
  isAborted[0] = true;
  check.equal(signals.signal.aborted, true);
});
