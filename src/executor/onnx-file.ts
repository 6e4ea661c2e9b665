/**
 * An ONNX file to what the core loads. The graph says what its inputs and outputs are: so the first
 * instance is started to find out, and becomes the first instance of the host.
 *
 * Not here: what becomes of that (model-source.ts, repository-source.ts).
 */
import { assert } from "../assert.ts";
import type { LoadedModel, ModelDescription } from "../backends/backend.ts";
import type { Clock } from "../core/clock.ts";
import type { ResolvedModel } from "../core/model-source.ts";
import type { OnnxModel } from "../definition/onnx-model.ts";
import { InferenceError } from "../protocol/errors.ts";
import { type HostOptions, type HostPlan, ThreadHost, threadPlan } from "./instance-hosts.ts";
import { InstanceThread } from "./instance-thread.ts";
import { warmed } from "./warming-host.ts";

export interface OnnxFile {
  readonly model: OnnxModel;
  readonly devices: HostPlan["devices"];
  /** At most in one batch. */
  readonly maxRequests: number;
  readonly loadTimeoutMs: number;
}

/** Functions cannot be sent to a thread. */
const noModelMeasures = { cost: undefined, bucket: undefined };

/** Rejects with an InferenceError; with the signal's reason if that has fired. */
export async function resolveOnnxFile(
  { model, devices, maxRequests, loadTimeoutMs }: OnnxFile,
  options: HostOptions,
  signal: AbortSignal,
  configure: (description: ModelDescription) => Pick<ResolvedModel, "config" | "measures">,
): Promise<ResolvedModel> {
  const { name, version } = model;
  const plan = {
    name,
    version,
    module: undefined,
    onnx: { ...model, measures: noModelMeasures },
    devices,
    maxRequests,
    concurrency: 1,
  };
  const thread = new InstanceThread(threadPlan(plan, 0));
  signal.addEventListener("abort", () => thread.abandon(), { once: true });
  try {
    const description = await describedBy(thread, { name, loadTimeoutMs }, options.clock);
    assert(description !== undefined && !("options" in description), "a graph describes itself");
    const { config, measures } = configure(description);
    const host = new ThreadHost(config, plan, options, thread);
    return { config, host: await warmed(host, config), ...(measures && { measures }) };
  } catch (error) {
    thread.abandon();
    signal.throwIfAborted();
    throw error;
  }
}

/** Rejects if it does not load, or not in time. */
export async function describedBy(
  thread: InstanceThread,
  { name, loadTimeoutMs }: { readonly name: string; readonly loadTimeoutMs: number },
  clock: Clock,
): Promise<LoadedModel["description"]> {
  let cancel = (): void => {};
  const timeout = new Promise<never>((_, reject) => {
    cancel = clock.wakeAt(clock.nowMs() + loadTimeoutMs, () => {
      const why = `did not load within ${loadTimeoutMs} ms (limits.loadTimeoutMs)`;
      reject(new InferenceError("DEADLINE_EXCEEDED", `model '${name}' ${why}`));
    });
  });
  return await Promise.race([thread.loaded, timeout]).finally(cancel);
}
