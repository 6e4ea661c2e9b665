/**
 * What tests of the core need and do not care about: a request and a configuration, of which a
 * test names only what matters to it.
 */
import type { ModelConfig } from "../core/model-config.ts";
import { type ModelConfigInput, resolveModelConfig } from "../core/resolve-model-config.ts";
import { type InferRequest, noParameters } from "../protocol/infer.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** For the model "m"; without anything. */
export function inferRequest(changes: Partial<InferRequest> = {}): InferRequest {
  return {
    modelName: "m",
    modelVersion: undefined,
    id: "",
    logId: "",
    parameters: noParameters,
    inputs: [],
    requestedOutputs: [],
    priority: 0,
    timeoutMs: 0,
    sequence: undefined,
    ...changes,
  };
}

/** Of the model "m", a function from "x" to "y" that runs inline on one core. */
export function modelConfig(changes: Partial<ModelConfigInput> = {}): ModelConfig {
  const tensor = { datatype: "FP32", dims: [1], isOptional: false } as const;
  return resolveModelConfig({
    name: "m",
    version: 1,
    platform: "",
    backend: "function",
    inputs: [{ ...tensor, name: "x" }],
    outputs: [{ ...tensor, name: "y" }],
    options: {},
    defaultKind: "inline",
    cores: 1,
    ...changes,
  });
}

/** All that can happen by then has happened. */
export async function passTo(clock: VirtualClock, ms: number): Promise<void> {
  await settle();
  while (clock.nextWakeMs() <= ms) {
    clock.runNext();
    await settle();
  }
  clock.advanceTo(ms);
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}
