/**
 * Moments: which fractions of a millisecond belong to whom.
 *
 * What the outside does happens at whole milliseconds, what instances do half past them, and most
 * lengths that the core adds to a moment have a fraction of their own. So kinds of events do not
 * meet by accident where no document says which comes first. Where one does (several instances at
 * once, what arrives in one turn, a request that is taken at the last moment of its patience), they
 * meet all the time; so timeouts and deadlines are whole.
 *
 * All fractions are sixty-fourths: floating-point numbers add them exactly, and each is a whole
 * number of nanoseconds.
 */
const sixtyFourthMs = 1 / 64;

const instanceFraction = 32 * sixtyFourthMs;

const takeOverFraction = 43 * sixtyFourthMs;

export function delayOf(wholeMs: number): number {
  return wholeMs + 2 * sixtyFourthMs;
}

/** Where whoever waits is asked by another clock than the queue's. */
export function deadlineOf(wholeMs: number): number {
  return wholeMs + 5 * sixtyFourthMs;
}

/** Of a load, an execution, a stop. */
export function limitOf(wholeMs: number): number {
  return wholeMs + 17 * sixtyFourthMs;
}

/** May double three times. */
export function pauseOf(wholeMs: number): number {
  return wholeMs + 3 * sixtyFourthMs;
}

/**
 * When what replaces a version may take over, some whole milliseconds from now: never while anybody
 * else does something.
 */
export function takeOverMoment(nowMs: number, waitMs: number): number {
  const earliestMs = Math.floor(nowMs) + takeOverFraction;
  return earliestMs + waitMs + (earliestMs > nowMs ? 0 : 1);
}

/** When an instance may act, some whole milliseconds from now; always after now. */
export function instanceMoment(nowMs: number, waitMs: number): number {
  const earliestMs = Math.floor(nowMs) + instanceFraction;
  return earliestMs + waitMs + (earliestMs > nowMs ? 0 : 1);
}

export function nextWholeMs(nowMs: number): number {
  return Math.floor(nowMs) + 1;
}
