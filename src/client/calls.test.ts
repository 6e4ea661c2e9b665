/**
 * Calls: limits, places, and second tries. No time passes but the milliseconds of a limit that is
 * to fire; all others are endless.
 */
import { strict as check } from "node:assert";
import { getEventListeners } from "node:events";
import test from "node:test";
import type { CallLimits } from "./call-limit.ts";
import { Calls, type CallsOptions } from "./calls.ts";
import { ClientError } from "./client-error.ts";
import type { Sent } from "./connection.ts";

const endless: CallLimits = {
  requestTimeoutMs: Number.POSITIVE_INFINITY,
  totalTimeoutMs: Number.POSITIVE_INFINITY,
  maxRetries: 0,
  signal: undefined,
};

function callsOf(options: Partial<CallsOptions> = {}): Calls {
  const headers = (): Promise<Record<string, string>> => Promise.resolve({ "x-a": "b" });
  return new Calls({ maxInFlight: 2, maxWaiting: 2, headers, pauseScale: 0, ...options });
}

/** Until the signal. */
function held({ signal }: Sent): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

/** Attempts that stay open until the test ends them. */
class Held {
  readonly open: ((text: string) => void)[] = [];
  readonly attempt = ({ signal }: Sent): Promise<string> => {
    return new Promise((resolve, reject) => {
      this.open.push(resolve);
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  };
}

/** All that can happen without time. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
}

const refusal = (): ClientError => new ClientError("refused", "full");

test("an attempt gets the headers, and its answer is the call's", async () => {
  const answer = await callsOf().run(endless, ({ headers }) => Promise.resolve(headers));
  check.deepEqual(answer, { "x-a": "b" });
});

test("each limit says which it was", async () => {
  const one = { ...endless, requestTimeoutMs: 1 };
  await check.rejects(callsOf().run(one, held), {
    kind: "timeout",
    code: "DEADLINE_EXCEEDED",
    message: "no answer within 1 ms (option 'requestTimeoutMs')",
  });
  const all = { ...endless, totalTimeoutMs: 1 };
  await check.rejects(callsOf().run(all, held), {
    kind: "timeout",
    message: "no answer within 1 ms (option 'totalTimeoutMs')",
  });
});

test("a limit that passes after the answer does nothing, and hears no signal", async () => {
  const { signal } = new AbortController();
  await callsOf().run({ ...endless, signal }, () => Promise.resolve(1));
  check.deepEqual(getEventListeners(signal, "abort"), []);
});

test("the caller's signal ends a call, before it and within it", async () => {
  const leaving = new AbortController();
  const running = callsOf().run({ ...endless, signal: leaving.signal }, held);
  leaving.abort(new Error("enough"));
  const cancelled = (error: ClientError): boolean => {
    check.deepEqual([error.kind, error.code], ["cancelled", "CANCELLED"]);
    check.equal((error.cause as Error).message, "enough");
    return true;
  };
  await check.rejects(running, cancelled);
  let isTried = false;
  const late = callsOf().run({ ...endless, signal: leaving.signal }, () => {
    isTried = true;
    return Promise.resolve(1);
  });
  await check.rejects(late, cancelled);
  check.equal(isTried, false);
});

test("what was not run is tried again, so often; all else is not", async () => {
  let tries = 0;
  const failing = (error: Error) => (): Promise<never> => {
    tries += 1;
    return Promise.reject(error);
  };
  const limits = { ...endless, maxRetries: 2 };
  await check.rejects(callsOf().run(limits, failing(refusal())), { kind: "refused" });
  check.equal(tries, 3);
  const others = [
    new ClientError("server", "failed"),
    new ClientError("connection", "broke"),
    new ClientError("answer", "html"),
    new Error("else"),
  ];
  for (const error of others) {
    tries = 0;
    await check.rejects(callsOf().run(limits, failing(error)), error);
    check.equal(tries, 1);
  }
  const unsent = new ClientError("connection", "no way", { isRetrySafe: true });
  tries = 0;
  await check.rejects(callsOf().run(limits, failing(unsent)), unsent);
  check.equal(tries, 3);
});

test("a second try that goes well is the answer", async () => {
  let tries = 0;
  const answer = await callsOf().run({ ...endless, maxRetries: 1 }, () => {
    tries += 1;
    return tries === 1 ? Promise.reject(refusal()) : Promise.resolve("well");
  });
  check.deepEqual([answer, tries], ["well", 2]);
});

test("the budget ends second tries where all are turned away", async () => {
  const calls = callsOf();
  let tries = 0;
  const attempt = (): Promise<never> => {
    tries += 1;
    return Promise.reject(refusal());
  };
  for (let call = 0; call < 100; call += 1) {
    await check.rejects(calls.run({ ...endless, maxRetries: 5 }, attempt), { kind: "refused" });
  }
  // 10 at the start, and a tenth for each call.
  check.ok(tries >= 100 + 18 && tries <= 100 + 20, `${tries} tries`);
});

test("a pause ends with the caller's signal, and with the time for all", async () => {
  const leaving = new AbortController();
  const slow = new ClientError("refused", "full", { retryAfterMs: 2 ** 40 });
  const limits = { ...endless, maxRetries: 1 };
  const attempt = (): Promise<never> => {
    setImmediate(() => leaving.abort());
    return Promise.reject(slow);
  };
  await check.rejects(callsOf().run({ ...limits, signal: leaving.signal }, attempt), {
    kind: "cancelled",
  });
  await check.rejects(
    callsOf().run({ ...limits, totalTimeoutMs: 1 }, () => Promise.reject(slow)),
    { kind: "timeout" },
  );
});

test("so many are in flight, so many wait, and more are refused; places go by age", async () => {
  const calls = callsOf();
  const attempts = new Held();
  const order: number[] = [];
  const running = [0, 1, 2, 3].map(async (index) => {
    await calls.run(endless, attempts.attempt);
    order.push(index);
  });
  await settle();
  check.equal(attempts.open.length, 2);
  await check.rejects(calls.run(endless, attempts.attempt), {
    kind: "refused",
    message: "2 requests are in flight and 2 wait (option 'maxWaiting')",
  });
  for (let index = 0; index < 4; index += 1) {
    attempts.open[index]?.("answer");
    await settle();
  }
  await Promise.all(running);
  check.deepEqual(order, [0, 1, 2, 3]);
  check.equal(attempts.open.length, 4);
});

test("a call that leaves while it waits gives its place in the queue to others", async () => {
  const calls = callsOf({ maxInFlight: 1, maxWaiting: 1 });
  const attempts = new Held();
  const first = calls.run(endless, attempts.attempt);
  const leaving = new AbortController();
  const waiting = calls.run({ ...endless, signal: leaving.signal }, attempts.attempt);
  leaving.abort();
  await check.rejects(waiting, { kind: "cancelled" });
  await check.rejects(calls.run({ ...endless, totalTimeoutMs: 1 }, attempts.attempt), {
    kind: "timeout",
  });
  const third = calls.run(endless, attempts.attempt);
  attempts.open[0]?.("first");
  check.equal(await first, "first");
  await settle();
  attempts.open[1]?.("third");
  check.deepEqual([await third, attempts.open.length], ["third", 2]);
});

test("close() cancels what runs, what waits and what comes", async () => {
  const calls = callsOf({ maxInFlight: 1 });
  const all = [calls.run(endless, held), calls.run(endless, held)];
  const responses = calls.stream(endless, async function* (sent) {
    yield await held(sent);
  });
  const streaming = responses.next();
  calls.close();
  const closed = { kind: "cancelled", message: "the client was closed" };
  for (const each of [...all, streaming]) await check.rejects(each, closed);
  await check.rejects(calls.run(endless, held), closed);
});

test("headers that never come do not hold a call", async () => {
  const never = callsOf({ headers: () => new Promise(() => {}) });
  await check.rejects(never.run({ ...endless, requestTimeoutMs: 1 }, held), { kind: "timeout" });
  const failing = callsOf({ headers: () => Promise.reject(new Error("no token")) });
  await check.rejects(failing.run(endless, held), { message: "no token" });
});

test("whoever shares a wait may leave it alone", async () => {
  const calls = callsOf();
  const shared = Promise.resolve("shape");
  check.equal(await calls.share(endless, shared), "shape");
  const never = new Promise<string>(() => {});
  await check.rejects(calls.share({ ...endless, requestTimeoutMs: 1 }, never), {
    message: /requestTimeoutMs/,
  });
  await check.rejects(calls.share({ ...endless, signal: AbortSignal.abort() }, never), {
    kind: "cancelled",
  });
});

/** One response after another, as the test says. */
function responsesOf(...texts: readonly string[]) {
  const log: string[] = [];
  const open = async function* (sent: Sent): AsyncGenerator<string, void, undefined> {
    log.push("open");
    try {
      for (const text of texts) {
        if (text === "never") await held(sent);
        if (text === "full") throw refusal();
        yield text;
      }
    } finally {
      log.push("end");
    }
  };
  return { log, open };
}

async function all(responses: AsyncIterable<string>): Promise<readonly string[]> {
  const list: string[] = [];
  for await (const response of responses) list.push(response);
  return list;
}

test("a stream yields what comes, and its place is free afterwards", async () => {
  const calls = callsOf({ maxInFlight: 1, maxWaiting: 0 });
  for (let time = 0; time < 3; time += 1) {
    const { log, open } = responsesOf("a", "b");
    check.deepEqual(await all(calls.stream(endless, open)), ["a", "b"]);
    check.deepEqual(log, ["open", "end"]);
  }
  const empty = responsesOf();
  check.deepEqual(await all(calls.stream(endless, empty.open)), []);
});

test("whoever stops reading ends the stream", async () => {
  const calls = callsOf({ maxInFlight: 1, maxWaiting: 0 });
  const { log, open } = responsesOf("a", "never");
  const { signal } = new AbortController();
  for await (const response of calls.stream({ ...endless, signal }, open)) {
    check.equal(response, "a");
    break;
  }
  check.deepEqual(log, ["open", "end"]);
  check.deepEqual(getEventListeners(signal, "abort"), []);
  check.equal(await calls.run(endless, () => Promise.resolve("free")), "free");
});

test("the limits of a stream are from response to response, and for all of it", async () => {
  const { open } = responsesOf("a", "never");
  const one = { ...endless, requestTimeoutMs: 20 };
  const responses = callsOf().stream(one, open);
  check.deepEqual(await responses.next(), { done: false, value: "a" });
  await check.rejects(responses.next(), { kind: "timeout", message: /requestTimeoutMs/ });
  const whole = callsOf().stream({ ...endless, totalTimeoutMs: 1 }, responsesOf("never").open);
  await check.rejects(whole.next(), { kind: "timeout", message: /totalTimeoutMs/ });
});

test("a stream is tried again before its first response, and never after", async () => {
  const limits = { ...endless, maxRetries: 1 };
  const before = responsesOf("full");
  await check.rejects(all(callsOf().stream(limits, before.open)), { kind: "refused" });
  check.deepEqual(before.log, ["open", "end", "open", "end"]);
  const after = responsesOf("a", "full");
  await check.rejects(all(callsOf().stream(limits, after.open)), { kind: "refused" });
  check.deepEqual(after.log, ["open", "end"]);
});

test("an abort while the caller holds a response ends the stream at the next", async () => {
  const leaving = new AbortController();
  const { log, open } = responsesOf("a", "never");
  const responses = callsOf().stream({ ...endless, signal: leaving.signal }, open);
  await responses.next();
  leaving.abort();
  await check.rejects(responses.next(), { kind: "cancelled" });
  check.deepEqual(log, ["open", "end"]);
});

test("a signal that many calls share has one listener, and ends them all", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const calls = callsOf({ maxInFlight: 20 });
  const running = Array.from({ length: 20 }, () => calls.run({ ...endless, signal }, held));
  check.equal(getEventListeners(signal, "abort").length, 1);
  controller.abort();
  const kinds = (await Promise.allSettled(running)).map((settled) => {
    return settled.status === "rejected" && (settled.reason as ClientError).kind;
  });
  check.deepEqual(new Set(kinds), new Set(["cancelled"]));
});
