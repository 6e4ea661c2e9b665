/**
 * Version policy: which versions of a model are served, of those that are there.
 *
 * As a configuration says it: the latest n (1 by default), all, or these.
 */
export interface VersionPolicy {
  readonly latest?: { readonly num_versions?: number };
  readonly all?: object;
  readonly specific?: { readonly versions?: readonly number[] };
}

/** Ascending. Versions that a policy names and that are not there are passed over. */
export function servedVersions(
  { latest, all, specific }: VersionPolicy,
  available: readonly number[],
): readonly number[] {
  const ascending = available.toSorted((one, other) => one - other);
  if (all !== undefined) return ascending;
  if (specific !== undefined) {
    const { versions = [] } = specific;
    return ascending.filter((version) => versions.includes(version));
  }
  // 0 is what a file says that does not say how many.
  const count = latest?.num_versions || 1;
  return ascending.slice(-count);
}
