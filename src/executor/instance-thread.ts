/**
 * Instance thread: a worker thread that holds one instance of a model, seen from the main thread.
 *
 * It starts at once. What it says goes to whoever listens; what it said before anybody did (that
 * it has loaded, or has ended) is kept for him.
 *
 * A thread inside native code must never be terminated: that ends the whole process. So it is
 * terminated only if no native code was ever loaded in it; else it is left behind, asked to stop
 * as soon as it comes back.
 *
 * Not here: what a batch is (thread-instance.ts), the other side (thread-main.ts), the end of the
 * process around it (exit-guard.ts).
 */
import { Worker } from "node:worker_threads";
import type { LoadedModel } from "../backends/backend.ts";
import { InferenceError } from "../protocol/errors.ts";
import { guardAgainstExit, type NativeThread, noteExit } from "./exit-guard.ts";
import { instanceKey } from "./inside-instance.ts";
import {
  endingFlag,
  endings,
  type FromInstance,
  flagBytes,
  fromErrorMessage,
  openEnvelope,
  settledCount,
  slotFlags,
  type ThreadStart,
  type ToInstance,
  toError,
  waitingFlag,
} from "./messages.ts";

export interface ThreadListener {
  heard(message: FromInstance): void;
  /** The last that is heard. Without an error it said so before. */
  exited(error: InferenceError | undefined): void;
}

export type ThreadPlan = Omit<ThreadStart, "flags"> & {
  /** Batches at a time. */
  readonly concurrency: number;
};

export class InstanceThread implements NativeThread {
  /** What the model says of itself; rejects if the thread ends or is abandoned before. */
  readonly loaded: Promise<LoadedModel["description"]>;
  #setLoaded: (description: LoadedModel["description"]) => void = () => {};
  #setNotLoaded: (reason: unknown) => void = () => {};
  readonly #worker: Worker;
  readonly #name: string;
  readonly #maxRequests: number;
  readonly #flags: Int32Array;
  readonly #kept: FromInstance[] = [];
  #listener: ThreadListener | undefined = undefined;
  /** That it was given: to load, to run a batch, to stop. */
  #dutyCount = 1;
  #hasSaidEnd = false;
  #isAbandoned = false;
  /** Undefined until it has ended. */
  #exit: { readonly error: InferenceError | undefined } | undefined = undefined;
  /** What it threw where nobody caught it. */
  #uncaught: unknown = undefined;

  constructor({ concurrency, ...plan }: ThreadPlan) {
    const { maxRequests } = plan;
    const flags = new SharedArrayBuffer(flagBytes(concurrency, maxRequests));
    this.loaded = new Promise((resolve, reject) => {
      this.#setLoaded = resolve;
      this.#setNotLoaded = reject;
    });
    // Most wait for what the core is told instead.
    this.loaded.catch(() => {});
    this.#name = plan.name;
    this.#maxRequests = maxRequests;
    this.#flags = new Int32Array(flags);
    const start: ThreadStart = { ...plan, flags };
    this.#worker = new Worker(new URL("./thread-main.js", import.meta.url), {
      workerData: { [instanceKey]: start },
      argv: process.argv.slice(2),
      ...(isWithoutFile() && { execArgv: [] }),
      name: `${plan.name}/${plan.index}`,
    });
    this.#worker.on("message", (posted: unknown) => {
      const message = openEnvelope(posted);
      if (message !== undefined) this.#hear(message);
    });
    this.#worker.on("error", (error: unknown) => {
      this.#uncaught = error;
    });
    this.#worker.once("exit", (code) => this.#ended(code));
    guardAgainstExit(this);
  }

  /** From now on, and what has been kept. */
  listen(listener: ThreadListener): void {
    if (this.#isAbandoned) return;
    this.#listener = listener;
    for (const message of this.#kept.splice(0)) {
      if (!this.#isAbandoned) listener.heard(message);
    }
    if (this.#exit !== undefined && !this.#isAbandoned) listener.exited(this.#exit.error);
  }

  post(message: ToInstance, transfer: readonly ArrayBuffer[] = []): void {
    if (message.type === "execute" || message.type === "stop") this.#dutyCount += 1;
    this.#worker.postMessage(message, transfer);
  }

  /** Nobody has gone yet, and nothing was taken. */
  clearFlags(slot: number, requestIndex: number): void {
    const { abort, credit } = slotFlags(slot, this.#maxRequests);
    Atomics.store(this.#flags, abort + 2 * requestIndex, 0);
    Atomics.store(this.#flags, credit + 2 * requestIndex, 0);
  }

  /** Readable at once by whatever runs in the thread. */
  setAborted(slot: number, requestIndex: number): void {
    const { abort } = slotFlags(slot, this.#maxRequests);
    Atomics.store(this.#flags, abort + 2 * requestIndex, 1);
  }

  isAborted(slot: number, requestIndex: number): boolean {
    const { abort } = slotFlags(slot, this.#maxRequests);
    return Atomics.load(this.#flags, abort + 2 * requestIndex) === 1;
  }

  /** So many more responses may come. Told only if the thread waits, and once if many come at once. */
  credit(slot: number, requestIndex: number, responseCount: number): void {
    const { credit } = slotFlags(slot, this.#maxRequests);
    Atomics.add(this.#flags, credit + 2 * requestIndex, responseCount);
    if (Atomics.exchange(this.#flags, waitingFlag, 0) === 1) this.post({ type: "credit" });
  }

  /**
   * Nothing of it is heard any more. True: it could not be terminated, and is left behind. It does
   * not keep the process alive.
   */
  abandon(): boolean {
    const { free, native, terminated } = endings;
    if (!this.#isAbandoned) {
      this.#isAbandoned = true;
      this.#worker.unref();
      const before = Atomics.compareExchange(this.#flags, endingFlag, free, terminated);
      if (before === free) this.#worker.terminate().catch(() => {});
      else this.post({ type: "stop" });
      this.#setNotLoaded(new Error("it was abandoned"));
    }
    return Atomics.load(this.#flags, endingFlag) === native;
  }

  waitUntilOutside(timeoutMs: number): boolean {
    const untilMs = performance.now() + timeoutMs;
    for (;;) {
      if (Atomics.load(this.#flags, endingFlag) !== endings.native) return true;
      const settled = Atomics.load(this.#flags, settledCount);
      if (settled >= this.#dutyCount) return true;
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) return false;
      Atomics.wait(this.#flags, settledCount, settled, leftMs);
    }
  }

  #hear(message: FromInstance): void {
    if (message.type === "ended") this.#hasSaidEnd = true;
    if (this.#isAbandoned) return;
    if (message.type === "loaded") this.#setLoaded(message.description);
    if (message.type === "ended" && message.error !== undefined) {
      this.#setNotLoaded(fromErrorMessage(message.error));
    }
    if (this.#listener === undefined) this.#kept.push(message);
    else this.#listener.heard(message);
  }

  #ended(code: number): void {
    const error = died(this.#name, code, this.#uncaught);
    this.#exit = { error: this.#hasSaidEnd ? undefined : error };
    noteExit(this);
    this.#setNotLoaded(error);
    if (!this.#isAbandoned) this.#listener?.exited(this.#exit.error);
  }
}

/** `node --input-type=module -e ...`: no thread starts with that, so none would tell what is wrong. */
function isWithoutFile(): boolean {
  return process.execArgv.some((argument) => argument.startsWith("--input-type"));
}

function died(name: string, code: number, cause: unknown): InferenceError {
  const text = `an instance of model '${name}' died: its thread ${whyDied(code, cause)}`;
  return new InferenceError("INTERNAL", text, {
    reason: "BACKEND",
    ...(cause !== undefined && { cause: toError(cause) }),
  });
}

function whyDied(code: number, cause: unknown): string {
  if (cause === undefined) return `exited with code ${code}`;
  const isOutOfMemory =
    cause instanceof Error && "code" in cause && cause.code === "ERR_WORKER_OUT_OF_MEMORY";
  return isOutOfMemory ? "ran out of memory" : "threw where nobody caught it";
}
