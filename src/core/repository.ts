/**
 * Repository: the models of a server by name and version, with the state of each version.
 *
 *   LOADING ──> READY ──> UNLOADING ──> UNAVAILABLE "unloaded"
 *      └──────────────────────────────> UNAVAILABLE "<Kind>: <why it failed>"
 *
 * A version stays in the index after it has failed or was unloaded, until it is loaded again. To
 * unload one that has failed makes it "unloaded": that is no obstacle to the server's readiness.
 * A request without a version means the highest one that is READY. What cannot be found is told
 * with the protocol's texts.
 *
 * An ensemble is unloaded, to all who ask, while a model of its steps is.
 *
 * One that went out of service shows as UNAVAILABLE, with the reason, until it is unloaded;
 * meanwhile it is found if no other version serves, so that its callers hear why.
 *
 * A version that serves may be loaded anew: it stays READY, and what it was serves until what comes
 * is ready, and goes on serving if that fails.
 *
 * Not here: loading (model-loads.ts) and unloading themselves (inference-core.ts).
 */
import { type ErrorCode, InferenceError } from "../protocol/errors.ts";
import type { AskedVersion } from "../protocol/infer.ts";
import type { ModelIndexEntry, ModelState } from "./inference-service.ts";
import type { LoadedModel } from "./loaded-model.ts";

export interface ModelVersion {
  readonly name: string;
  readonly version: number;
  state: ModelState;
  /** Empty: none. */
  reason: string;
  /** While it is LOADING (once resolved), READY or UNLOADING. */
  model: LoadedModel | undefined;
  /** Settles when the load that began last has ended. */
  loading: Promise<void> | undefined;
  /** Ends its resolving, while it is LOADING and not yet resolved. */
  readonly giveUp: AbortController;
  /** Settles when it has been unloaded. */
  unloading: Promise<void> | undefined;
  /** Another load of it, beside what serves. */
  replacement: Replacement | undefined;
  /** What has been replaced, until all that it had is answered and its instances are gone. */
  readonly leaving: Map<LoadedModel, Promise<void>>;
  /** Of an ensemble that loads, or did last: the models of its steps. */
  stepNames: readonly string[];
}

export interface Replacement {
  /** Once it is resolved. */
  model: LoadedModel | undefined;
  readonly giveUp: AbortController;
  /** Resolves when it can take over, or has failed. */
  done: Promise<void>;
}

const unloadedReason = "unloaded";

/** As errors of a load are told in the index. */
const kinds: Readonly<Record<ErrorCode, string>> = {
  CANCELLED: "Cancelled",
  UNKNOWN: "Unknown",
  INVALID_ARGUMENT: "Invalid argument",
  DEADLINE_EXCEEDED: "Deadline exceeded",
  NOT_FOUND: "Not found",
  ALREADY_EXISTS: "Already exists",
  UNIMPLEMENTED: "Unsupported",
  INTERNAL: "Internal",
  UNAVAILABLE: "Unavailable",
};

export class Repository {
  /** Names ascending, versions ascending. */
  #models: ReadonlyMap<string, readonly ModelVersion[]> = new Map();

  /** The one to load into: new, or one of which nothing is left. Else ALREADY_EXISTS. */
  begin(name: string, version: number): ModelVersion {
    const versions = this.#models.get(name) ?? [];
    const existing = versions.find((entry) => entry.version === version);
    if (existing !== undefined && existing.state !== "UNAVAILABLE") {
      const isFailed = failureOf(existing) !== undefined;
      const state = isFailed ? "out of service: unbind it first" : existing.state;
      const why = `model '${name}' version ${version} is there already (${state})`;
      throw new InferenceError("ALREADY_EXISTS", why);
    }
    const others = versions.filter((entry) => entry !== existing);
    const entry: ModelVersion = {
      name,
      version,
      state: "LOADING",
      reason: "",
      model: undefined,
      loading: undefined,
      giveUp: new AbortController(),
      unloading: undefined,
      replacement: undefined,
      leaving: new Map(),
      stepNames: [],
    };
    const sorted = [...others, entry].sort((one, other) => one.version - other.version);
    const models = new Map(this.#models).set(name, sorted);
    this.#models = new Map([...models].sort(([one], [other]) => (one < other ? -1 : 1)));
    return entry;
  }

  /** Its load has failed. */
  fail(entry: ModelVersion, error: InferenceError): void {
    entry.state = "UNAVAILABLE";
    entry.reason = reasonOf(error);
    entry.model = undefined;
  }

  /** It was unloaded. */
  end(entry: ModelVersion): void {
    entry.state = "UNAVAILABLE";
    entry.reason = unloadedReason;
    entry.model = undefined;
  }

  /** NOT_FOUND or UNAVAILABLE, as a request that cannot be served is told. */
  lookUp(name: string, version: AskedVersion): LoadedModel {
    const versions = this.#models.get(name);
    if (versions === undefined) throw unknown(`'${name}' is not found`);
    if (version === undefined) {
      const ready = versions.filter(isUp);
      const serving = ready.findLast((entry) => failureOf(entry) === undefined);
      const model = (serving ?? ready.at(-1))?.model;
      if (model === undefined) throw unknown(`'${name}' has no available versions`);
      return model;
    }
    const entry = versions.find((candidate) => candidate.version === version);
    if (entry === undefined) throw unknown(`'${name}' version ${version} is not found`);
    if (isUp(entry) && entry.model !== undefined) return entry.model;
    throw unknown(`'${name}' version ${version} is not at ready state`, "UNAVAILABLE");
  }

  /** Ascending; of all states. Empty if there is no such model. */
  versionsOf(name: string): readonly ModelVersion[] {
    return this.#models.get(name) ?? [];
  }

  /** Names ascending, versions ascending. */
  all(): readonly ModelVersion[] {
    return [...this.#models.values()].flat();
  }

  index(): readonly ModelIndexEntry[] {
    return this.all().map((entry) => {
      const { name, version, state, reason } = entry;
      const failure = failureOf(entry);
      if (failure !== undefined) {
        return { name, version, state: "UNAVAILABLE", reason: reasonOf(failure) };
      }
      return isUp(entry) || state !== "READY"
        ? { name, version, state, reason }
        : { name, version, state: "UNAVAILABLE", reason: whyDown(entry) };
    });
  }

  /** Every version serves, or was unloaded on purpose. */
  isReady(): boolean {
    return this.all().every((entry) => {
      const { state, reason, model } = entry;
      if (state === "READY") return whyDown(entry) === unloadedReason || model?.isReady() === true;
      return state === "UNAVAILABLE" && reason === unloadedReason;
    });
  }
}

function isUp(entry: ModelVersion): boolean {
  return entry.state === "READY" && whyDown(entry) === "";
}

/** Empty: it is not, unless it has failed. */
function whyDown({ model }: ModelVersion): string {
  const error = model?.whyDown;
  if (error === undefined) return "";
  const isGone = error.code === "NOT_FOUND" || error.code === "UNAVAILABLE";
  return isGone ? unloadedReason : reasonOf(error);
}

/** Undefined also if it has failed to load: then nothing is left of it. */
function failureOf({ state, model }: ModelVersion): InferenceError | undefined {
  return state === "READY" ? model?.failure : undefined;
}

/** As the index tells why a load has failed. */
export function reasonOf({ code, message }: InferenceError): string {
  return `${kinds[code]}: ${message}`;
}

function unknown(what: string, code: ErrorCode = "NOT_FOUND"): InferenceError {
  return new InferenceError(code, `Request for unknown model: ${what}`);
}
