/**
 * Version parts: what a version of a model is made of, so that one that serves is only touched if
 * something of it has changed, and only as far as it has.
 *
 *   its own files, those of the model beside the versions, the configuration
 *
 * Configurations are compared as they were read: how they are written makes no difference.
 */
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { WrittenConfig } from "../../protocol/written-config.ts";
import { folderState } from "./folder-state.ts";
import type { PolledFolder } from "./polled-folder.ts";

export interface VersionParts {
  /** Of all files. */
  readonly state: string;
  readonly config: WrittenConfig;
}

/** `inPlace`: it goes on as it is, with other instances, or beside other versions. */
export type VersionChange = "none" | "inPlace" | "all";

/** By version. */
export async function versionParts({
  path,
  versions,
  config,
}: PolledFolder): Promise<ReadonlyMap<number, VersionParts>> {
  const shared = await folderState(path, isOfAllVersions);
  const parts = versions.map(async (version) => {
    const own = await folderState(join(path, String(version)));
    return [version, { state: `${path} ${shared} ${own}`, config }] as const;
  });
  return new Map(await Promise.all(parts));
}

export function versionChange(before: VersionParts | undefined, now: VersionParts): VersionChange {
  if (before === undefined || before.state !== now.state) return "all";
  if (isDeepStrictEqual(before.config, now.config)) return "none";
  return isDeepStrictEqual(fixedFields(before.config), fixedFields(now.config)) ? "inPlace" : "all";
}

/** Not versions, and no configuration, which is compared when it is read. */
function isOfAllVersions(name: string): boolean {
  return !/^([1-9][0-9]*|configs|config\.pbtxt)$/.test(name);
}

function fixedFields(config: WrittenConfig): WrittenConfig {
  const { instance_group: _, version_policy: __, ...fixed } = config;
  return fixed;
}
