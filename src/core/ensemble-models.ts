/**
 * Models of an ensemble that loads: what it waits for, and why it may wait in vain. The protocol's
 * texts.
 *
 * An ensemble loads when the models of its steps have loaded, or have failed to. Ensembles that wait
 * for each other would wait for good: so the one that closes a circle fails, and so do then those
 * that need it. Circles are looked for between names, whatever the versions. Streams that would
 * wait for themselves (ensemble-waits.ts) are refused when all models are there.
 *
 * Not here: an ensemble that is loaded, and whose models come and go (ensemble-scheduler.ts).
 */
import { InferenceError } from "../protocol/errors.ts";
import type { FindModel } from "./ensemble-scheduler.ts";
import { type FindConfig, refuseCircle } from "./ensemble-waits.ts";
import type { ModelConfig } from "./model-config.ts";
import type { ModelVersion, Repository } from "./repository.ts";

/**
 * Resolves when nothing that it needs is loading any more. Throws INVALID_ARGUMENT if something is
 * missing, or the signal's reason.
 */
export async function modelsOfEnsemble(
  entry: ModelVersion,
  { ensemble, name }: ModelConfig,
  { repository, signal }: { readonly repository: Repository; readonly signal: AbortSignal },
): Promise<void> {
  const steps = ensemble?.steps ?? [];
  entry.stepNames = [...new Set(steps.map(({ modelName }) => modelName))];
  const closing = entry.stepNames.find((step) => needs(repository, step, name, new Set()));
  if (closing !== undefined) {
    const way = `${name} -> ... -> ${closing} -> ${name}`;
    throw invalid(`circular dependency between ensembles: ${way}`);
  }
  const loading = entry.stepNames.flatMap((step) =>
    repository.versionsOf(step).flatMap((version) => {
      return version.state === "LOADING" ? (version.loading ?? []) : [];
    }),
  );
  await unlessAborted(Promise.allSettled(loading), signal);
  const unknown = entry.stepNames.filter((step) => repository.versionsOf(step).length === 0);
  if (unknown.length > 0) {
    const which = unknown.join(", ");
    throw invalid(`ensemble ${name} contains models that are not available or ambiguous: ${which}`);
  }
  for (const { modelName, modelVersion } of steps) {
    const versions = repository.versionsOf(modelName);
    const loaded = versions.filter(({ state, model }) => state === "READY" && model !== undefined);
    const what = `ensemble '${name}' depends on '${modelName}'`;
    if (loaded.length === 0) {
      throw invalid(`${what} which has no loaded version.${failuresOf(versions)}`);
    }
    if (modelVersion === undefined) continue;
    if (loaded.some(({ version }) => version === modelVersion)) continue;
    throw invalid(`${what} whose required version ${modelVersion} is not loaded.`);
  }
}

/** Beside all ensembles that are there. Throws INVALID_ARGUMENT. */
export function refuseCircleAmong(
  config: ModelConfig,
  repository: Repository,
  find: FindModel,
): void {
  const configs = repository.all().flatMap(({ model }) => model?.config ?? []);
  const { name, version } = config;
  // What it replaces need not stand beside it.
  const isOther = (one: ModelConfig): boolean => one.name !== name || one.version !== version;
  const others = configs.filter((one) => one.ensemble !== undefined && isOther(one));
  refuseCircle(config, others, configsBy(find));
}

export function configsBy(find: FindModel): FindConfig {
  return (name, version) => {
    try {
      return find(name, version).config;
    } catch {
      return undefined;
    }
  };
}

/** Whether this one is the other, or an ensemble whose steps, or theirs, are. */
function needs(repository: Repository, name: string, other: string, seen: Set<string>): boolean {
  if (name === other) return true;
  if (seen.has(name)) return false;
  seen.add(name);
  const versions = repository.versionsOf(name).filter(({ state }) => state !== "UNAVAILABLE");
  return versions.some((version) =>
    stepsOf(version).some((step) => needs(repository, step, other, seen)),
  );
}

/** Of what serves, and of what was to load last: that may be about to replace it. */
function stepsOf({ model, stepNames }: ModelVersion): readonly string[] {
  const steps = model?.config.ensemble?.steps ?? [];
  return [...stepNames, ...steps.map(({ modelName }) => modelName)];
}

function failuresOf(versions: readonly ModelVersion[]): string {
  const [first] = versions;
  if (first === undefined) return "";
  const failures = versions.map(({ version, state, reason }) => {
    return `version ${version} is at ${state} state: ${reason};`;
  });
  return ` Model '${first.name}' loading failed with error: ${failures.join(" ")}`;
}

function unlessAborted(work: Promise<unknown>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const giveUp = (): void => reject(signal.reason as Error);
    if (signal.aborted) giveUp();
    signal.addEventListener("abort", giveUp, { once: true });
    void work.then(() => {
      signal.removeEventListener("abort", giveUp);
      resolve();
    });
  });
}

function invalid(why: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", why);
}
