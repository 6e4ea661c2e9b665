/**
 * Polled folder: what a model's folder says that is to be loaded: its configuration, as far as its
 * files complete it, and the versions that this allows.
 *
 * Not here: which folders there are (model-folders.ts), opening the models (model-repository.ts).
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { polledConfig, pollFailure } from "../../core/config/prepare-config.ts";
import { chooseVersions, noVersion } from "../../core/config/version-policy.ts";
import { readConfigJson } from "../../protocol/config-json.ts";
import { InferenceError } from "../../protocol/errors.ts";
import type { WrittenConfig } from "../../protocol/written-config.ts";
import { maxConfigBytes, readConfigText } from "./config-text.ts";
import { fileFailure } from "./file-failure.ts";
import type { ModelFolder } from "./model-folders.ts";
import { fileWithin } from "./within.ts";

export interface PollOptions {
  /** Configurations are completed by what the models say of themselves. */
  readonly completes: boolean;
  /** Its file among those of `configs/` is read where there is one; empty: no other is looked for. */
  readonly configName: string;
}

export interface PolledFolder extends ModelFolder {
  readonly config: WrittenConfig;
}

const configFile = "config.pbtxt";
const configsFolder = "configs";

/** `override`: its configuration as JSON, instead of that in the folder. Rejects as clients hear. */
export async function pollFolder(
  folder: ModelFolder,
  override: string | undefined,
  { completes, configName }: PollOptions,
): Promise<PolledFolder> {
  const { name, path } = folder;
  const written = await writtenConfig(folder, override, configName);
  const highest = folder.versions.at(-1);
  const files = highest === undefined ? [] : await filesOf(name, highest, path);
  const config = polledConfig(written, { name, files, completes });
  const { versions } = chooseVersions(config.version_policy ?? {}, folder.versions);
  if (versions.length === 0) throw loadFailure(name, noVersion(name));
  return { ...folder, versions, config };
}

async function filesOf(name: string, version: number, path: string): Promise<readonly string[]> {
  try {
    return await readdir(join(path, String(version)));
  } catch (error) {
    // It may have gone meanwhile.
    throw pollFailure(name, fileFailure(`version ${version} cannot be read`, error).message);
  }
}

export function loadFailure(name: string, why: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", `load failed for model '${name}': ${why}\n`);
}

/** Throws as clients hear: what is no name of a model is none in a repository. */
export function checkName(name: string): void {
  if (name === "") {
    const why = "Model name cannot be empty. Please enter a valid name to deploy.";
    throw new InferenceError("INVALID_ARGUMENT", why);
  }
  if (!/[/\\\0]/.test(name) && name !== ".." && name !== ".") return;
  const why = "model name must not contain path traversal characters";
  throw new InferenceError("INVALID_ARGUMENT", `invalid model name '${name}', ${why}`);
}

async function writtenConfig(
  { name, path }: ModelFolder,
  override: string | undefined,
  configName: string,
): Promise<WrittenConfig> {
  try {
    return override === undefined ? await readConfig(path, configName) : readConfigJson(override);
  } catch (error) {
    throw pollFailure(name, fileFailure("its configuration cannot be read", error).message);
  }
}

/** Without a file, everything is to be completed. */
async function readConfig(folder: string, configName: string): Promise<WrittenConfig> {
  const name = await configFileOf(folder, configName);
  if (name === undefined) return {};
  const path = await fileWithin({ what: "configuration", folder, name, maxBytes: maxConfigBytes });
  return readConfigText(await readFile(path), join(folder, name));
}

async function configFileOf(folder: string, configName: string): Promise<string | undefined> {
  const names = await readdir(folder);
  if (configName !== "" && names.includes(configsFolder)) {
    const file = `${configName}.pbtxt`;
    const named = await readdir(join(folder, configsFolder)).catch(nothingIn);
    if (named.includes(file)) return `${configsFolder}/${file}`;
  }
  return names.includes(configFile) ? configFile : undefined;
}

/** Of what is no folder. */
function nothingIn(error: unknown): string[] {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "ENOTDIR" || code === "ENOENT") return [];
  throw error;
}
