/** The watchdog says who held the event loop: once a minute for each model, and what to do. */
import { strict as check } from "node:assert";
import test from "node:test";
import { Watchdog } from "./watchdog.ts";

interface Watched {
  readonly dog: Watchdog;
  readonly lines: string[];
  readonly clock: { atMs: number; nowMs(): number };
}

function watch(): Watched {
  const lines: string[] = [];
  const clock = { atMs: 0, nowMs: () => clock.atMs };
  const log = { warning: (message: string) => void lines.push(message) };
  return { dog: new Watchdog({ clock, log, thresholdMs: 50 }), lines, clock };
}

test("below the threshold nothing is said", () => {
  const { dog, lines } = watch();
  dog.watch("m", 1).blocked(49.9);
  check.deepEqual(lines, []);
});

test("a block is told with the model's name and the remedy", () => {
  const { dog, lines } = watch();
  dog.watch("slow", 1).blocked(120.4);
  check.deepEqual(lines, [
    "model 'slow' held the event loop for 120 ms: nothing else was served meanwhile; give it a " +
      'thread of its own: module: import.meta.url, or instances: { kind: "thread" }',
  ]);
});

test("once a minute for each model, then with what was left unsaid", () => {
  const { dog, lines, clock } = watch();
  for (const atMs of [0, 10, 59_999]) {
    clock.atMs = atMs;
    dog.watch("a", 1).blocked(60);
  }
  check.equal(lines.length, 1);
  dog.watch("b", 1).blocked(60);
  dog.watch("a", 2).blocked(60);
  check.equal(lines.length, 3);
  clock.atMs = 60_000;
  dog.watch("a", 1).blocked(60);
  check.match(lines[3]!, /^model 'a' .*\(and 2 more times since this was last said\)/);
});

test("a loop that was late while a model awaited: it may have been that one", () => {
  const { dog, lines } = watch();
  dog.watch("innocent", 1).blocked(1);
  const suspect = dog.watch("suspect", 1);
  suspect.awaits();
  dog.loopWasLate(49);
  check.deepEqual(lines, []);
  // It ended, and the loop went on, in the same turn: when the lateness shows it is over.
  suspect.settled();
  dog.loopWasLate(80);
  check.deepEqual(lines, [
    "the event loop was held for 80 ms while model 'suspect' ran: nothing else was served " +
      "meanwhile; if it computes after an await, give it a thread of its own: module: " +
      'import.meta.url, or instances: { kind: "thread" }',
  ]);
});

test("a model that has ended before is not suspected", () => {
  const { dog, lines } = watch();
  const ended = dog.watch("ended", 1);
  ended.awaits();
  ended.settled();
  dog.loopWasLate(0);
  dog.loopWasLate(500);
  check.deepEqual(lines, []);
});

test("a model that is awaited by several calls is suspected until the last has ended", () => {
  const { dog, lines } = watch();
  const busy = dog.watch("busy", 1);
  busy.awaits();
  busy.awaits();
  busy.settled();
  dog.loopWasLate(0);
  dog.loopWasLate(60);
  check.equal(lines.length, 1);
});

test("lateness that is explained by a model's call is nobody else's", () => {
  const { dog, lines } = watch();
  dog.watch("waits", 1).awaits();
  dog.watch("slow", 1).blocked(100);
  dog.loopWasLate(110);
  check.deepEqual(
    lines.map((line) => line.slice(0, 40)),
    ["model 'slow' held the event loop for 100"],
  );
  dog.loopWasLate(110);
  check.equal(lines.length, 2, "explained once");
});

test("both kinds of blocks share the minute of a model", () => {
  const { dog, lines, clock } = watch();
  const model = dog.watch("m", 1);
  model.blocked(60);
  dog.loopWasLate(0);
  model.awaits();
  dog.loopWasLate(60);
  check.equal(lines.length, 1);
  clock.atMs = 60_000;
  dog.loopWasLate(60);
  check.match(lines[1]!, /^the event loop .* ran \(and 1 more times since this was last said\)/);
});
