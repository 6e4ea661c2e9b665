/** Messages between threads: what an error carries, what is ours, and one scale for time. */
import { strict as check } from "node:assert";
import test from "node:test";
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";
import { InferenceError } from "../protocol/errors.ts";
import { instanceKey } from "./inside-instance.ts";
import {
  endingFlag,
  flagBytes,
  fromErrorMessage,
  fromSharedTime,
  openEnvelope,
  settledCount,
  slotFlags,
  toError,
  toErrorMessage,
  toSharedTime,
  waitingFlag,
} from "./messages.ts";

/** Through a thread's port. */
function sent(error: InferenceError): InferenceError {
  return fromErrorMessage(structuredClone(toErrorMessage(error)));
}

function causesOf(error: Error): readonly Error[] {
  const { cause } = error;
  return cause instanceof Error ? [cause, ...causesOf(cause)] : [];
}

test("an error keeps its code, its text, its reason and when to try again", () => {
  const error = sent(
    new InferenceError("UNAVAILABLE", "not now", { reason: "BACKEND", retryAfterS: 3 }),
  );
  check.ok(error instanceof InferenceError);
  const { code, message, reason, retryAfterS, cause } = error;
  check.deepEqual(
    { code, message, reason, retryAfterS, cause },
    {
      code: "UNAVAILABLE",
      message: "not now",
      reason: "BACKEND",
      retryAfterS: 3,
      cause: undefined,
    },
  );
  check.equal(sent(new InferenceError("INTERNAL", "")).retryAfterS, undefined);
});

test("of what caused it the stacks come along, one behind another", () => {
  const first = new RangeError("disk is full");
  const second = new TypeError("cannot read", { cause: first });
  const causes = causesOf(sent(new InferenceError("INTERNAL", "failed", { cause: second })));
  check.deepEqual(
    causes.map(({ stack }) => stack),
    [second.stack, first.stack],
  );
  check.deepEqual(
    causes.map(({ message }) => message),
    ["TypeError: cannot read", "RangeError: disk is full"],
  );
});

test("a cause that goes in a circle has an end", () => {
  const one = new Error("one");
  const other = new Error("other", { cause: one });
  one.cause = other;
  const causes = causesOf(sent(new InferenceError("INTERNAL", "failed", { cause: one })));
  check.equal(causes.length, 5);
});

for (const thrown of ["a text", 5, null, { a: 1 }, Symbol("s"), () => 1]) {
  test(`a cause that is no error: ${inspect(thrown)}`, () => {
    const [cause, ...others] = causesOf(
      sent(new InferenceError("INTERNAL", "failed", { cause: thrown })),
    );
    check.deepEqual([cause?.message, others], [inspect(thrown), []]);
  });
}

test("an error without a stack is told by its text", () => {
  const bare = new Error("bare");
  delete bare.stack;
  const [cause] = causesOf(sent(new InferenceError("INTERNAL", "failed", { cause: bare })));
  check.equal(cause?.message, "bare");
});

test("what was thrown, as an error", () => {
  const error = new Error("e");
  check.equal(toError(error), error);
  check.deepEqual([toError("text").message, toError(undefined).message], ["'text'", "undefined"]);
});

test("only what is in our envelope is ours", () => {
  const message = { type: "log", level: "info", message: "m" } as const;
  check.equal(openEnvelope({ [instanceKey]: message }), message);
  for (const posted of [undefined, null, 5, "done", [], { type: "done" }, () => {}]) {
    check.equal(openEnvelope(posted), undefined);
  }
});

test("flags lie in places of their own", () => {
  const [slots, maxRequests] = [2, 3];
  const places = [endingFlag, settledCount, waitingFlag];
  for (let slot = 0; slot < slots; slot += 1) {
    const { abort, credit } = slotFlags(slot, maxRequests);
    for (let index = 0; index < maxRequests; index += 1) {
      places.push(abort + 2 * index, credit + 2 * index);
    }
  }
  check.deepEqual(places, [...Array(flagBytes(slots, maxRequests) / 4).keys()]);
});

test("a thread's place on the one clock is exact, also when its first calls take long", async () => {
  const url = new URL("messages.js", import.meta.url).href;
  const code = `import(${JSON.stringify(url)}).then(({ toSharedTime }) => {
    const clock = () => Number(process.hrtime.bigint()) / 1e6;
    const [before, shared, after] = [clock(), toSharedTime(performance.now()), clock()];
    require("node:worker_threads").parentPort.postMessage({ before, shared, after });
  })`;
  const worker = new Worker(code, { eval: true });
  const { before, shared, after } = await new Promise<Record<string, number>>((resolve) =>
    worker.once("message", resolve),
  );
  const places = `${before} <= ${shared} <= ${after}`;
  check.ok(Number(before) - 0.05 < Number(shared) && Number(shared) < Number(after) + 0.05, places);
});

test("moments of another thread are between those of this one", async () => {
  const nowMs = performance.now();
  check.ok(Math.abs(fromSharedTime(toSharedTime(nowMs)) - nowMs) < 1e-3);
  const url = new URL("messages.js", import.meta.url).href;
  const code = `import(${JSON.stringify(url)}).then(({ toSharedTime }) =>
    require("node:worker_threads").parentPort.postMessage(toSharedTime(performance.now())))`;
  const worker = new Worker(code, { eval: true });
  const sharedMs = await new Promise<number>((resolve) => worker.once("message", resolve));
  const thenMs = fromSharedTime(sharedMs);
  check.ok(thenMs > nowMs && thenMs < performance.now() + 1, `${nowMs}, ${thenMs}`);
});
