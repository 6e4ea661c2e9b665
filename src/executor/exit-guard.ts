/**
 * Exit guard: a process that ends while one of its threads is inside native code aborts, with exit
 * code 134 and a core dump. So it does not end then:
 *   - if nothing else is left to do, it waits a while for such threads to come back;
 *   - if that takes too long, or somebody ends it (`process.exit`, an error that nobody caught),
 *     it is killed: that is as quick, and harms nothing. What nobody caught is told before: Node
 *     would do so too late.
 */
import { writeSync } from "node:fs";
import { inspect } from "node:util";

export interface NativeThread {
  /** It may be there, or be about to enter. */
  readonly isInsideNative: boolean;
}

const longestWaitMs = 5000;

const threads = new Set<NativeThread>();
let isOnGuard = false;
let waiting: NodeJS.Timeout | undefined;

/** From now until `noteExit`. */
export function guardAgainstExit(thread: NativeThread): void {
  threads.add(thread);
  if (isOnGuard) return;
  isOnGuard = true;
  process.on("beforeExit", () => {
    if (isSomeInside()) waiting ??= setTimeout(() => {}, longestWaitMs);
  });
  process.on("uncaughtExceptionMonitor", (error) => {
    const isLast = process.listenerCount("uncaughtException") === 0;
    if (isLast && isSomeInside()) writeSync(2, `Uncaught ${inspect(error)}\n`);
  });
  process.on("exit", () => {
    if (isSomeInside()) process.kill(process.pid, "SIGKILL");
  });
}

/** The thread has ended. */
export function noteExit(thread: NativeThread): void {
  threads.delete(thread);
  if (waiting !== undefined && !isSomeInside()) clearTimeout(waiting);
}

function isSomeInside(): boolean {
  return [...threads].some(({ isInsideNative }) => isInsideNative);
}
