/** Turns of the event loop: who may go on, and until when. Time is what the test says. */
import { strict as check } from "node:assert";
import { beforeEach, mock, test } from "node:test";
import { whenNextTurn } from "./event-loop-turn.ts";

let nowMs = 0;

mock.method(performance, "now", () => nowMs);

/** Also of those that earlier tests have begun. */
async function turnOfTheLoop(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

beforeEach(turnOfTheLoop);

test("one that has not gone on for long may go on", () => {
  check.equal(whenNextTurn(), undefined);
  nowMs += 2;
  check.equal(whenNextTurn(), undefined);
});

test("one that has waits for the next turn, and then may", async () => {
  check.equal(whenNextTurn(), undefined);
  nowMs += 2.001;
  const next = whenNextTurn();
  let hasCome = false;
  void next?.then(() => {
    hasCome = true;
  });
  await Promise.resolve();
  check.deepEqual([next instanceof Promise, hasCome], [true, false]);
  await turnOfTheLoop();
  check.equal(hasCome, true);
  check.equal(whenNextTurn(), undefined);
});

test("all of a thread share a turn, however late they come in it", () => {
  check.equal(whenNextTurn(), undefined);
  nowMs += 3;
  const next = whenNextTurn();
  check.ok(next instanceof Promise);
  check.equal(whenNextTurn(), next);
  nowMs += 100;
  check.equal(whenNextTurn(), next);
});

test("time between two turns is nobody's", async () => {
  check.equal(whenNextTurn(), undefined);
  await turnOfTheLoop();
  nowMs += 100;
  check.equal(whenNextTurn(), undefined);
});
