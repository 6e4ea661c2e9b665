/**
 * How an ONNX model is opened: its definition and its instance in, onnxruntime's options out.
 *
 * Threads belong to the model: cores / instances for one operator, one operator at a time, and no
 * spinning, which would burn the cores that other instances need.
 *
 * Nothing that a definition asks for is ignored, although onnxruntime-node ignores much:
 *   - a provider that its build does not have would be dropped: it is refused;
 *   - a provider's option that it does not read would be lost: options are handed over as
 *     getters, and one that was never read when the session stands is refused.
 */
import { availableParallelism } from "node:os";
import type { InferenceSession } from "onnxruntime-node";
import type { ExecutionProvider, OnnxModel } from "../definition/onnx-model.ts";
import type { OnnxTuning } from "../definition/onnx-tuning.ts";
import { InferenceError } from "../protocol/errors.ts";
import { devicesOfInstances } from "../protocol/instance-groups.ts";
import type { ModelOptions } from "../protocol/model-options.ts";
import type { InstanceContext } from "./backend.ts";
import type { OnnxRuntime } from "./onnx-runtime.ts";

type Device = InstanceContext["device"];

const noTuning: Partial<OnnxTuning> = {};

const noSpinning = {
  "session.intra_op.allow_spinning": "0",
  "session.inter_op.allow_spinning": "0",
};

/** Errors are InferenceErrors, or onnxruntime's own; the caller names the model in both. */
export async function openSession(
  runtime: OnnxRuntime,
  model: OnnxModel,
  device: Device,
): Promise<InferenceSession> {
  const { intraOpThreads, interOpThreads, graphOptimizationLevel } = model.session;
  const { executionMode, memArena, memPattern, entries } = model.tuning ?? noTuning;
  const providers = providersOf(model, device);
  checkProvidersAreBuiltIn(runtime, providers);
  const session = await runtime.InferenceSession.create(model.path, {
    intraOpNumThreads:
      intraOpThreads ?? defaultIntraOpThreads(model.options, availableParallelism()),
    interOpNumThreads: interOpThreads ?? 1,
    executionMode: executionMode ?? ((interOpThreads ?? 1) > 1 ? "parallel" : "sequential"),
    ...(memArena !== undefined && { enableCpuMemArena: memArena }),
    ...(memPattern !== undefined && { enableMemPattern: memPattern }),
    graphOptimizationLevel: graphOptimizationLevel ?? "all",
    executionProviders: providers.map(({ entry }) => entry),
    logSeverityLevel: 4,
    extra: { ...noSpinning, ...entries },
  });
  try {
    checkOptionsWereRead(providers);
    return session;
  } catch (error) {
    await session.release();
    throw error;
  }
}

/** An even share of the cores, at least one. */
export function defaultIntraOpThreads(options: ModelOptions, coreCount: number): number {
  const instanceCount = devicesOfInstances(options.instances, coreCount).length;
  return Math.max(1, Math.floor(coreCount / instanceCount));
}

interface Provider {
  readonly name: string;
  /** What onnxruntime-node gets. */
  readonly entry: InferenceSession.ExecutionProviderConfig;
  /** Options that nobody has read yet. */
  readonly unread: Set<string>;
}

function providersOf(model: OnnxModel, device: Device): readonly Provider[] {
  const given = model.session.executionProviders ?? [device === "cpu" ? "cpu" : "cuda"];
  const providers = given.map((provider) => providerOf(provider, device));
  if (device !== "cpu" && providers.every(({ name }) => name === "cpu")) {
    const why = `instances.device is ${device}, but executionProviders has none that uses it`;
    throw new InferenceError("INVALID_ARGUMENT", why);
  }
  return providers;
}

function providerOf(provider: ExecutionProvider, device: Device): Provider {
  const {
    name,
    deviceId,
    options = {},
  } = typeof provider === "string" ? { name: provider } : provider;
  const entry: { readonly name: string; deviceId?: number } = { name };
  if (name !== "cpu") entry.deviceId = deviceIdFor(name, deviceId, device);
  const unread = new Set(Object.keys(options));
  for (const [key, value] of Object.entries(options)) {
    Object.defineProperty(entry, key, {
      enumerable: true,
      get: () => {
        unread.delete(key);
        return value;
      },
    });
  }
  return { name, entry, unread };
}

function deviceIdFor(name: string, deviceId: number | undefined, device: Device): number {
  if (device === "cpu") return deviceId ?? 0;
  const ofInstance = Number(device.slice("cuda:".length));
  if (deviceId === undefined || deviceId === ofInstance) return ofInstance;
  const why = `deviceId ${deviceId} of provider ${name} contradicts instances.device ${device}`;
  throw new InferenceError("INVALID_ARGUMENT", why);
}

function checkProvidersAreBuiltIn(runtime: OnnxRuntime, providers: readonly Provider[]): void {
  const builtIn = runtime.listSupportedBackends().map(({ name }) => name);
  for (const { name } of providers) {
    if (builtIn.includes(name)) continue;
    throw new InferenceError(
      "UNAVAILABLE",
      `execution provider '${name}' is not there: onnxruntime-node for ${process.platform}/` +
        `${process.arch} comes with ${builtIn.join(", ")}; the one for linux/x64 has cuda and ` +
        "tensorrt",
    );
  }
}

function checkOptionsWereRead(providers: readonly Provider[]): void {
  for (const { name, unread } of providers) {
    if (unread.size === 0) continue;
    const names = [...unread].map((option) => `'${option}'`).join(", ");
    const why = `onnxruntime-node does not read option ${names} of execution provider '${name}'`;
    throw new InferenceError("INVALID_ARGUMENT", why);
  }
}
