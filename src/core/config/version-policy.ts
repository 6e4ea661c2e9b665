/**
 * Which versions of a model are loaded, of those that there are.
 */
import type { Written } from "../../protocol/written-config.ts";

export interface ChosenVersions {
  /** Ascending; empty: none is allowed. */
  readonly versions: readonly number[];
  /** Asked for by number, and not there. */
  readonly missing: readonly number[];
}

/** Without a policy: the latest one. */
export function chooseVersions(
  policy: Written<"ModelVersionPolicy">,
  available: readonly number[],
): ChosenVersions {
  const ascending = [...new Set(available)].sort((one, other) => one - other);
  if (policy.all !== undefined) return { versions: ascending, missing: [] };
  if (policy.specific !== undefined) {
    const asked = new Set((policy.specific.versions ?? []).map(Number));
    return {
      versions: ascending.filter((version) => asked.has(version)),
      missing: [...asked].filter((version) => !ascending.includes(version)),
    };
  }
  const count = policy.latest?.num_versions || 1;
  return { versions: ascending.slice(-count), missing: [] };
}

/** What to say where nothing is left; `name` is the model's. */
export function noVersion(name: string): string {
  return `at least one version must be available under the version policy of model '${name}'`;
}
