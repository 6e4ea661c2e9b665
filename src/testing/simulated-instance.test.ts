/** Simulated instances keep the contract of the real ones, wherever their script does. */
import test from "node:test";
import type { ExecutionRequest, ModelResponse } from "../core/instance.ts";
import { packBytes } from "../protocol/packed-bytes.ts";
import { wireTensor } from "../protocol/tensor.ts";
import { SystemClock } from "../server/system-clock.ts";
import { type Behaviour, instanceContract } from "./instance-contract.ts";
import type { ExecutionStep, InstanceScript, ScriptedError } from "./instance-script.ts";
import { SimulatedHost } from "./simulated-instance.ts";

const never = Number.POSITIVE_INFINITY;
const clock = new SystemClock();

const obedient: InstanceScript = {
  load: { kind: "ready", atMs: 0 },
  crash: undefined,
  heedsAborts: false,
  talksOn: false,
  execute: (requestCount, nowMs) => [doneNow(requestCount, nowMs)],
  stopsAtMs: (nowMs) => nowMs,
};

const scripts: Readonly<Record<Behaviour, () => InstanceScript>> = {
  echoes: () => obedient,

  failsAtFirst: () => {
    let executionCount = 0;
    const execute: InstanceScript["execute"] = (requestCount, nowMs) => {
      executionCount += 1;
      if (executionCount > 1) return obedient.execute(requestCount, nowMs);
      const error: ScriptedError = { code: "UNAVAILABLE", message: "not yet", reason: "BACKEND" };
      return [{ kind: "failed", atMs: nowMs, times: timesAt(nowMs), error }];
    };
    return { ...obedient, execute };
  },

  waitsForItsCallersToGo: () => ({ ...obedient, heedsAborts: true, execute: () => [] }),

  failsToLoad: () => {
    const error = { code: "INVALID_ARGUMENT", message: "no weights", reason: "BACKEND" } as const;
    return { ...obedient, load: { kind: "exit", atMs: 0, error, isFinal: false } };
  },

  loadsUntilStopped: () => ({ ...obedient, load: { kind: "ready", atMs: never } }),
};

const contract = instanceContract({
  name: "simulated",
  hostOf: (behaviour) => {
    const script = scripts[behaviour]();
    return Promise.resolve(new SimulatedHost({ clock, scriptFor: () => script, respondTo }));
  },
});

for (const { name, run } of contract) test(name, run);

function doneNow(requestCount: number, nowMs: number): ExecutionStep {
  const answers = Array.from({ length: requestCount }, () => "response" as const);
  return { kind: "done", atMs: nowMs, times: timesAt(nowMs), answers };
}

function timesAt(nowMs: number): { computeInputEndMs: number; computeOutputStartMs: number } {
  return { computeInputEndMs: nowMs, computeOutputStartMs: nowMs };
}

function respondTo({ request, rows }: ExecutionRequest): ModelResponse {
  const outputs = request.inputs.map((input) => {
    return { ...input, name: input.name === "x" ? "y" : "copy" };
  });
  if (outputs.length === 1) {
    const empty = packBytes(Array.from({ length: rows }, () => new Uint8Array(0)));
    outputs.push(wireTensor({ name: "copy", datatype: "BYTES", shape: [rows, 1] }, empty));
  }
  return { outputs, parameters: {} };
}
