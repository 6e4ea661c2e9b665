/** Errors and moments on their way between threads. */
import { strict as check } from "node:assert";
import { once } from "node:events";
import test from "node:test";
import { Worker } from "node:worker_threads";
import { InferenceError } from "../protocol/errors.ts";
import { fromErrorMessage, fromSharedTime, toErrorMessage } from "./messages.ts";

/** As the other thread gets it. */
function sent(error: InferenceError): InferenceError {
  return fromErrorMessage(structuredClone(toErrorMessage(error)));
}

test("an error arrives with its code, its reason, and when to try again", () => {
  const error = sent(
    new InferenceError("UNAVAILABLE", "later", { reason: "BACKEND", retryAfterS: 3 }),
  );
  check.ok(error instanceof InferenceError);
  const { code, message, reason, retryAfterS, cause } = error;
  check.deepEqual(
    { code, message, reason, retryAfterS, cause },
    { code: "UNAVAILABLE", message: "later", reason: "BACKEND", retryAfterS: 3, cause: undefined },
  );
});

test("of its cause arrives what the log shows: the stack", () => {
  const cause = new RangeError("too deep\nto be one line");
  const arrived = sent(new InferenceError("INTERNAL", "failed", { cause })).cause;
  check.ok(arrived instanceof Error);
  check.equal(arrived.message, "RangeError: too deep");
  check.equal(arrived.stack, cause.stack);
});

test("a cause may be anything", () => {
  for (const cause of ["a text", 5, { toString: () => "an object" }]) {
    const arrived = sent(new InferenceError("INTERNAL", "failed", { cause })).cause;
    check.equal((arrived as Error).message, String(cause));
  }
});

test("a moment in another thread is one of this thread's clock", async () => {
  const module = JSON.stringify(new URL("./messages.js", import.meta.url).href);
  const program = `
    import { parentPort } from "node:worker_threads";
    import { toSharedTime } from ${module};
    parentPort.postMessage(toSharedTime(performance.now()));`;
  const startMs = performance.now();
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`));
  const [sharedMs] = (await once(worker, "message")) as [number];
  const endMs = performance.now();
  const atMs = fromSharedTime(sharedMs);
  // Threads agree on the time of day to the millisecond, or thereabouts.
  check.ok(atMs > startMs - 50 && atMs < endMs + 50, `${startMs} < ${atMs} < ${endMs}`);
  await once(worker, "exit");
});
