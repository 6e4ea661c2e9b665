/**
 * Turn of the event loop, as those see it who would go on for long: a generator that never waits
 * for anything would keep everybody else from going on.
 *
 * One measure for all of a thread: several of them share a turn.
 */

/** Of one turn, for all of them together. */
const longestMs = 2;

let startMs = 0;
let ended: Promise<void> | undefined;

/** Resolves when others have had their turn; undefined: this one may go on. */
export function whenNextTurn(): Promise<void> | undefined {
  const nowMs = performance.now();
  if (ended === undefined) {
    startMs = nowMs;
    ended = new Promise((resolve) => {
      setImmediate(() => {
        ended = undefined;
        resolve();
      });
    });
  }
  return nowMs - startMs > longestMs ? ended : undefined;
}
