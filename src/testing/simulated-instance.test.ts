/** Simulated instances: the contract, so that the simulation of the core cannot drift from it. */
import type { ExecutionRequest, ModelResponse } from "../core/instance.ts";
import { noParameters } from "../protocol/infer.ts";
import { SystemClock } from "../server/system-clock.ts";
import { texts } from "./batch-fixture.ts";
import { type Behaviour, instanceContract } from "./instance-contract.ts";
import type { ExecutionStep, ExitStep, InstanceScript, ScriptedError } from "./instance-script.ts";
import { SimulatedHost } from "./simulated-instance.ts";

const clock = new SystemClock();

const never = Number.POSITIVE_INFINITY;

instanceContract({
  name: "simulated",
  hostOf: (behaviour) =>
    Promise.resolve(
      new SimulatedHost({ clock, scriptFor: () => scriptOf(behaviour), respondTo: echo }),
    ),
});

function scriptOf(behaviour: Behaviour): InstanceScript {
  let executionCount = 0;
  return {
    load: loadOf(behaviour, clock.nowMs()),
    crash: undefined,
    heedsAborts: behaviour === "waitsForItsCallersToGo",
    talksOn: false,
    endsWhenAbandoned: false,
    execute: (requestCount, nowMs) => {
      executionCount += 1;
      return stepsOf(behaviour, executionCount === 1, requestCount, nowMs);
    },
    onAbort: () => [],
    onCredit: () => [],
    stopsAtMs: (nowMs) => nowMs,
  };
}

function loadOf(behaviour: Behaviour, nowMs: number): InstanceScript["load"] {
  if (behaviour === "failsToLoad") {
    return exit(nowMs, { code: "INVALID_ARGUMENT", message: "no weights", reason: "OTHER" }, false);
  }
  if (behaviour === "givesUpLoading") return exit(nowMs, inVain, true);
  return { kind: "ready", atMs: behaviour === "loadsUntilStopped" ? never : nowMs };
}

const inVain: ScriptedError = { code: "INTERNAL", message: "in vain", reason: "BACKEND" };

function exit(atMs: number, error: ScriptedError, isFinal: boolean): ExitStep {
  return { kind: "exit", atMs, error, isFinal };
}

function stepsOf(
  behaviour: Behaviour,
  isFirst: boolean,
  requestCount: number,
  atMs: number,
): readonly ExecutionStep[] {
  if (behaviour === "waitsForItsCallersToGo") return [];
  if (behaviour === "givesUp") return [exit(atMs, inVain, true)];
  const times = { computeInputEndMs: atMs, computeOutputStartMs: atMs };
  if (behaviour === "failsAtFirst" && isFirst) {
    const error = { code: "UNAVAILABLE", message: "not yet", reason: "BACKEND" } as const;
    return [{ kind: "failed", atMs, times, error }];
  }
  const answers = Array.from({ length: requestCount }, () => "response" as const);
  const done = { kind: "done", atMs, times, answers } as const;
  if (behaviour !== "failsTheSecond" || requestCount === 1) return [done];
  const error = { code: "NOT_FOUND", message: "no such row", reason: "BACKEND" } as const;
  return [{ kind: "fail", atMs, requestIndex: 1, error }, done];
}

function echo({ request, rows }: ExecutionRequest): ModelResponse {
  const [x, text = texts("text", [rows, 1], ...Array.from({ length: rows }, () => ""))] =
    request.inputs;
  const outputs = x === undefined ? [] : [{ ...x, name: "y" }];
  return { outputs: [...outputs, { ...text, name: "copy" }], parameters: noParameters };
}
