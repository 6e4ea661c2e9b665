/**
 * From a configuration with one of the example backends to what the core loads: the model runs
 * inline, for all it does is wait.
 *
 * Of identity the configuration says everything; the others have a definition, which it adds to.
 */
import { creationDelayMs, exampleModels, type Sleep } from "../backends/example-models.ts";
import type { Clock } from "../core/clock.ts";
import type { ResolvedModel } from "../core/model-source.ts";
import type { FunctionModel } from "../definition/model.ts";
import { type HostOptions, InlineHost } from "./instance-hosts.ts";
import { configOf, joinDefinition, type RepositoryVersion } from "./repository-config.ts";
import { declarations } from "./tensor-declarations.ts";
import { warmed } from "./warming-host.ts";

export const exampleBackends: ReadonlySet<string> = new Set(Object.keys(exampleModels));

/** Rejects with an InferenceError; with the signal's reason if that has fired. */
export async function resolveExample(
  given: RepositoryVersion,
  options: HostOptions,
  signal: AbortSignal,
): Promise<ResolvedModel> {
  const { name, version, polled } = given;
  const { clock, log } = options;
  const sleep = sleeping(clock);
  const about = { name, version, sleep };
  let model: FunctionModel;
  let config: ResolvedModel["config"];
  if (polled.backend === "identity") {
    config = configOf(given, undefined, log);
    model = exampleModels.identity({ ...about, ...config });
    const delayMs = creationDelayMs(config.parameters);
    if (delayMs > 0) await sleep(delayMs, signal);
  } else {
    model = exampleModels[polled.backend === "repeat" ? "repeat" : "square"](about);
    const [inputs, outputs] = [declarations(model.inputs), declarations(model.outputs)];
    ({ config } = joinDefinition(given, { ...model, inputs, outputs }, log));
  }
  signal.throwIfAborted();
  return { config, host: await warmed(new InlineHost(model, config, options), config) };
}

function sleeping(clock: Clock): Sleep {
  return (durationMs, signal) => {
    return new Promise((resolve) => {
      if (durationMs === 0 || signal.aborted) {
        resolve();
        return;
      }
      const end = (): void => {
        cancel();
        signal.removeEventListener("abort", end);
        resolve();
      };
      const cancel = clock.wakeAt(clock.nowMs() + durationMs, end);
      signal.addEventListener("abort", end, { once: true });
    });
  };
}
