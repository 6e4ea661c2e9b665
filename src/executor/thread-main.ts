/**
 * Entry of an instance's thread: loads one model, and runs the batches that come as messages.
 *
 * Batches are begun in order, as they come. Outputs are transferred, each buffer once. What the
 * model's code throws is told as the failure of its batch; what it throws outside of a batch ends
 * the thread.
 *
 * Not here: the other side (instance-thread.ts, thread-instance.ts).
 */
import { parentPort, workerData } from "node:worker_threads";
import { assert } from "../assert.ts";
import type { Backend, BackendResult, LoadedModel } from "../backends/backend.ts";
import { MetricsRecorder } from "../backends/metrics-recorder.ts";
import type { ExecutionTimes } from "../core/instance.ts";
import type { LogLevel } from "../definition/model-log.ts";
import { isUnrecoverable } from "../definition/unrecoverable-error.ts";
import { InferenceError } from "../protocol/errors.ts";
import { instanceKey } from "./inside-instance.ts";
import {
  allSettled,
  buffersOf,
  type Envelope,
  endingFlag,
  endings,
  type FromInstance,
  settledCount,
  type ThreadStart,
  type ToInstance,
  toErrorMessage,
  toSharedTime,
  waitingFlag,
} from "./messages.ts";
import { createBackend } from "./model-backend.ts";
import type { Outlet } from "./response-outlet.ts";
import { ResponseQueue } from "./response-queue.ts";
import { ThreadCall } from "./thread-call.ts";
import { ThreadSiblings } from "./thread-siblings.ts";

assert(parentPort !== null, "thread-main.ts runs in a thread");
const port = parentPort;
const start = (workerData as Readonly<Record<string, ThreadStart>>)[instanceKey];
assert(start !== undefined, "an instance's thread was given its start");
const { maxRequests } = start;
const flags = new Int32Array(start.flags);

const openLibrary = process.dlopen;
process.dlopen = (...args): void => {
  enterNative();
  openLibrary.apply(process, args);
};

// Whoever ends it: it, its model, or an error that nobody caught.
process.once("exit", () => settle(allSettled));

const stopping = new AbortController();
let loaded: LoadedModel | undefined;
const running = new Map<number, ThreadCall>();

const responses = new ResponseQueue((items, transfer) => {
  say({ type: "responses", items }, transfer);
});

const metrics = new MetricsRecorder({
  declare: (declaration) => say({ type: "metric", declaration }),
  record: (updates) => say({ type: "metrics", updates }),
});
const siblings = new ThreadSiblings(say);

port.on("message", (message: ToInstance) => {
  switch (message.type) {
    case "execute":
      execute(message);
      break;
    case "abort":
    case "credit":
      for (const call of running.values()) call.noticeFlags();
      break;
    case "callResult":
      siblings.hear(message);
      break;
    case "stop":
      stopping.abort();
      if (running.size === 0 && loaded !== undefined) end(undefined);
      break;
  }
});

load(start).then(
  (model) => {
    loaded = model;
    metrics.flush();
    settle();
    if (stopping.signal.aborted) end(undefined);
    else say({ type: "loaded", description: model.description });
  },
  (reason: unknown) => end(InferenceError.from(reason)),
);

async function load({ name, version, index, device, ...from }: ThreadStart): Promise<LoadedModel> {
  const backend: Backend = await createBackend({ name, version, ...from });
  if (!backend.mayTerminateWhileBusy) enterNative();
  return await backend.load({
    modelName: name,
    modelVersion: version,
    instanceIndex: index,
    device,
    log: {
      info: (message) => say({ type: "log", level: "info", message }),
      warning: (message) => say({ type: "log", level: "warning", message }),
      error: (message) => say({ type: "log", level: "error", message }),
    },
    metrics,
    signal: stopping.signal,
  });
}

/** Told before it happens: from then on nobody terminates this thread. Or somebody does: here. */
function enterNative(): void {
  const before = Atomics.compareExchange(flags, endingFlag, endings.free, endings.native);
  if (before === endings.terminated) Atomics.wait(flags, endingFlag, endings.terminated);
}

function execute(message: Extract<ToInstance, { type: "execute" }>): void {
  if (loaded === undefined) return;
  const { slot } = message;
  const outlet: Outlet = {
    respond: (response) => responses.push({ slot, ...response }),
    fail: (requestIndex, error) => {
      responses.push({ slot, requestIndex, error: toErrorMessage(error) });
    },
    waits: () => Atomics.store(flags, waitingFlag, 1),
  };
  const log = (level: LogLevel, text: string, request?: number): void => {
    const line = { type: "log", level, message: text } as const;
    say(call.hasEnded ? line : { ...line, slot, request });
  };
  const call: ThreadCall = new ThreadCall(message, { flags, maxRequests, outlet, log, siblings });
  running.set(slot, call);
  const startMs = performance.now();
  try {
    const result = loaded.run(call);
    if (result instanceof Promise) {
      result.then(
        (later) => finish(slot, startMs, later),
        (reason: unknown) => fail(slot, startMs, reason),
      );
    } else finish(slot, startMs, result);
  } catch (reason) {
    fail(slot, startMs, reason);
  }
}

function finish(slot: number, startMs: number, { outputs, copiedBytes }: BackendResult): void {
  responses.flush();
  metrics.flush();
  const transfer = buffersOf(outputs);
  say({ type: "done", slot, times: timesFrom(startMs), outputs, copiedBytes }, transfer);
  release(slot);
}

function fail(slot: number, startMs: number, reason: unknown): void {
  responses.flush();
  metrics.flush();
  const error = InferenceError.from(reason);
  if (isUnrecoverable(error.cause)) {
    end(error);
    return;
  }
  say({ type: "failed", slot, times: timesFrom(startMs), error: toErrorMessage(error) });
  release(slot);
}

function release(slot: number): void {
  running.get(slot)?.end();
  running.delete(slot);
  settle();
  if (stopping.signal.aborted && running.size === 0) end(undefined);
}

/** Unloads, says why, and ends the thread, whatever timers the model has left. */
function end(error: InferenceError | undefined): void {
  const model = loaded;
  loaded = undefined;
  const isFinal = isUnrecoverable(error?.cause);
  const last = error === undefined ? undefined : toErrorMessage(error);
  Promise.resolve(model?.unload())
    .catch((reason: unknown) => say({ type: "log", level: "error", message: String(reason) }))
    .finally(() => {
      metrics.flush();
      say({ type: "ended", error: last, isFinal });
      process.exit(0);
    });
}

/** One duty, or all that there may be. */
function settle(count = Atomics.load(flags, settledCount) + 1): void {
  Atomics.store(flags, settledCount, count);
  Atomics.notify(flags, settledCount);
}

function timesFrom(startMs: number): ExecutionTimes {
  return {
    computeInputEndMs: toSharedTime(startMs),
    computeOutputStartMs: toSharedTime(performance.now()),
  };
}

function say(message: FromInstance, transfer: readonly ArrayBuffer[] = []): void {
  const envelope: Envelope = { [instanceKey]: message };
  port.postMessage(envelope, transfer);
}
