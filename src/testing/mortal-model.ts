/**
 * Mortal model: does what its request says, among which is everything that a model's thread may die
 * or suffer of. Answers tell which thread they come from.
 *
 * For a `setup` that goes wrong there is no request to say so: `setupVariable` in the environment
 * does. A thread gets a copy of the environment as it is when the thread is started.
 */
import { once } from "node:events";
import { getEnvironmentData, setEnvironmentData, threadId } from "node:worker_threads";
import { type Model, model } from "../definition/model.ts";
import { bytes, int32 } from "../definition/specifications.ts";
import { Tensor } from "../definition/tensor.ts";
import { UnrecoverableError } from "../definition/unrecoverable-error.ts";
import { InferenceError } from "../protocol/errors.ts";

export const setupVariable = "SHOAL_TEST_SETUP";

/** What it can be told. */
export type Act =
  | "answer"
  | "answer whoever waits"
  | "throw an error"
  | "refuse the request"
  | "return too few rows"
  | "give up"
  | "end its thread"
  | "end its thread in peace"
  | "throw in a timer"
  | "reject, unheard"
  | "eat all memory"
  | "loop"
  | "hang"
  | "loop until the caller has gone"
  | "wait until the caller has gone"
  | "wait for the gate";

interface Call {
  readonly signal: AbortSignal;
  readonly isAborted: () => boolean;
}

/** It answers if this returns. */
type Perform = (call: Call) => void | Promise<void>;

const acts: Readonly<Record<Exclude<Act, "return too few rows">, Perform>> = {
  answer: () => {},
  "answer whoever waits": ({ isAborted, signal }) => {
    if (isAborted() || signal.aborted) throw new Error("nobody waits");
  },
  "throw an error": () => {
    throw new Error("secret");
  },
  "refuse the request": () => {
    throw new InferenceError("INVALID_ARGUMENT", "too blue");
  },
  "give up": () => {
    throw new UnrecoverableError("the licence has run out");
  },
  "end its thread": () => process.exit(7),
  "end its thread in peace": () => process.exit(0),
  "throw in a timer": () => {
    setTimeout(() => {
      throw new Error("secret");
    }, 1);
    return forever();
  },
  "reject, unheard": () => {
    background(Promise.reject(new Error("secret")));
    return forever();
  },
  "eat all memory": () => {
    const eaten: string[] = [];
    for (;;) eaten.push(`${eaten.length}`.repeat(1000).split("").join(" "));
  },
  loop: () => {
    for (;;);
  },
  hang: () => forever(),
  "loop until the caller has gone": ({ isAborted }) => {
    while (!isAborted());
  },
  "wait until the caller has gone": async ({ signal }) => {
    if (!signal.aborted) await once(signal, "abort");
  },
  "wait for the gate": () => {
    Atomics.wait(gate(), 0, 0);
  },
};

export const mortal: Model<"mortal"> = model("mortal", {
  module: import.meta.url,
  inputs: { act: bytes(1) },
  outputs: { thread: int32(1) },
  maxBatchSize: 4,
  setup: async (context) => {
    const act = process.env[setupVariable];
    if (act !== undefined) await performerOf(act)({ ...context, isAborted: () => false });
  },
  infer: async ({ act }, { signal, requests }) => {
    const [wish = ""] = act.data;
    const [request] = requests;
    if (wish === "return too few rows") return { thread: Tensor.zeros("INT32", [0, 1]) };
    await performerOf(wish)({ signal, isAborted: () => request?.isAborted() ?? false });
    return { thread: act.data.map(() => [threadId]) };
  },
});

function performerOf(wish: string): Perform {
  const perform = new Map(Object.entries(acts)).get(wish);
  if (perform === undefined) throw new Error(`no such act: ${wish}`);
  return perform;
}

const gateKey = "shoal.test.gate";

/** Closed until it is 1. Shared by all threads that are started after `closeGate`. */
function gate(): Int32Array<SharedArrayBuffer> {
  return new Int32Array(getEnvironmentData(gateKey) as SharedArrayBuffer);
}

/** Returns what opens it. */
export function closeGate(): () => void {
  setEnvironmentData(gateKey, new SharedArrayBuffer(4));
  const own = gate();
  return () => {
    Atomics.store(own, 0, 1);
    Atomics.notify(own, 0);
  };
}

function forever(): Promise<never> {
  return new Promise<never>(() => {});
}

function background(_promise: Promise<unknown>): void {}
