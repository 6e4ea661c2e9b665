/**
 * Is this thread an instance of a model? Then the user's module has been imported again, and must
 * start no server.
 *
 * Told by what the thread was given, not by its being a thread: test runners use threads, too.
 */
import { workerData } from "node:worker_threads";

/** Key of what an instance is given as its thread's `workerData`. */
export const instanceKey = "shoalInstance";

export function isInsideInstance(): boolean {
  return typeof workerData === "object" && workerData !== null && instanceKey in workerData;
}
