/**
 * A model repository for the length of a test, loaded into a core on the real clock.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { InferenceCore } from "../core/inference-core.ts";
import { InferenceError } from "../protocol/errors.ts";
import {
  ModelRepository,
  type ModelRepositoryOptions,
} from "../server/repository/model-repository.ts";
import { sha256Digest } from "../server/sha256-digest.ts";
import { hostOptions } from "./executor-fixture.ts";

/** Targets by name. */
export type Links = Readonly<Record<string, string>>;

/** Contents by path. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

export interface ServedRepository {
  readonly folder: string;
  readonly repository: ModelRepository;
  readonly core: InferenceCore;
  readonly lines: readonly string[];
  /** Of the first model by name that has one. */
  readonly failure: string | undefined;
}

export interface ServedChanges extends Partial<Omit<ModelRepositoryOptions, "core">> {
  /** Undefined: all are loaded at the start. */
  readonly names?: readonly string[];
}

export async function serveRepository(
  t: TestContext,
  files: Files,
  links: Links = {},
  { names, folders = [""], ...changes }: ServedChanges = {},
): Promise<ServedRepository> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "shoal-repository-")));
  writeFiles(folder, files);
  for (const [name, target] of Object.entries(links)) symlinkSync(target, join(folder, name));
  const options = hostOptions();
  const core = new InferenceCore({
    clock: options.clock,
    log: options.log,
    metadata: { name: "test", version: "0", extensions: [] },
    maxWaitingBytes: 1e6,
    cacheBytes: 0,
    digest: sha256Digest,
  });
  t.after(async () => {
    await core.drain();
    rmSync(folder, { recursive: true });
  });
  const repository = new ModelRepository({
    folders: folders.map((name) => join(folder, name)),
    core,
    hostOptions: options,
    completes: true,
    configName: "",
    defaultMaxBatchSize: 4,
    loadCount: 4,
    retryCount: 0,
    ...changes,
  });
  const loads = await repository.loadAll({}, names);
  const ends = await Promise.allSettled(loads.map(({ load }) => load));
  core.setRunning();
  return { folder, repository, core, lines: options.lines, failure: firstFailure(ends) };
}

function firstFailure(ends: readonly PromiseSettledResult<void>[]): string | undefined {
  const failed = ends.find((end) => end.status === "rejected");
  return failed && InferenceError.from(failed.reason).message;
}

export function writeFiles(folder: string, files: Files): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

/** `name/version STATE reason`, each. */
export function indexLines(core: InferenceCore): readonly string[] {
  return core.index().map(({ name, version, state, reason }) => {
    return `${name}/${version} ${state} ${reason}`.trim();
  });
}
