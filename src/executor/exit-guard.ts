/**
 * Exit guard: a process that ends while one of its threads is inside native code aborts, with exit
 * code 134 and a core dump. So it does not end then:
 *   - if nothing else is left to do, it waits a while for such threads to come back;
 *   - if somebody ends it (`process.exit`, an error that nobody caught), it holds still for a
 *     moment, for a run that is just about to end;
 *   - if that is not enough it is killed: that is as quick, and harms nothing. Its exit code is
 *     lost then, but not the error that nobody caught.
 *
 * Not here: how a thread knows (instance-thread.ts).
 */
import { writeSync } from "node:fs";
import { inspect } from "node:util";

export interface NativeThread {
  /** Blocks until it is outside of native code, and has nothing to do there; false: in vain. */
  waitUntilOutside(timeoutMs: number): boolean;
}

const longestWaitMs = 5000;
const longestBlockMs = 1000;

const threads = new Set<NativeThread>();
let isOnGuard = false;
let waiting: NodeJS.Timeout | undefined;
let uncaught: { readonly error: unknown } | undefined;

/** From now until `noteExit`. */
export function guardAgainstExit(thread: NativeThread): void {
  threads.add(thread);
  if (isOnGuard) return;
  isOnGuard = true;
  process.on("beforeExit", () => {
    if (!areAllOutside(0)) waiting ??= setTimeout(() => {}, longestWaitMs);
  });
  process.on("uncaughtExceptionMonitor", (error) => {
    if (process.listenerCount("uncaughtException") === 0) uncaught = { error };
  });
  process.on("exit", () => {
    if (!areAllOutside(longestBlockMs)) killOurselves();
  });
}

/** The thread has ended. */
export function noteExit(thread: NativeThread): void {
  threads.delete(thread);
  if (waiting !== undefined && areAllOutside(0)) clearTimeout(waiting);
}

function areAllOutside(timeoutMs: number): boolean {
  const untilMs = performance.now() + timeoutMs;
  return [...threads].every((thread) => {
    return thread.waitUntilOutside(Math.max(0, untilMs - performance.now()));
  });
}

function killOurselves(): void {
  if (uncaught !== undefined) writeSync(process.stderr.fd, `Uncaught ${inspect(uncaught.error)}\n`);
  process.kill(process.pid, "SIGKILL");
}
