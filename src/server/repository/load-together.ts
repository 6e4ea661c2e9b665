/**
 * Versions of a model that come to serve together, or not at all: where one fails, what served before
 * goes on, and nothing is left of the others.
 */
import type { PreparedLoad } from "../../core/model-loads.ts";
import { reasonOf } from "../../core/repository.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { loadFailure } from "./polled-folder.ts";

/** Rejects as clients hear, with all that failed. */
export async function loadTogether<V extends readonly [version: number, ...unknown[]]>(
  name: string,
  versions: readonly V[],
  prepare: (version: V) => Promise<PreparedLoad>,
): Promise<void> {
  const ends = await Promise.allSettled(versions.map(prepare));
  const prepared = ends.flatMap((end) => (end.status === "fulfilled" ? end.value : []));
  const failures = ends.flatMap((end, index) => {
    if (end.status === "fulfilled") return [];
    const reason = reasonOf(InferenceError.from(end.reason));
    return `version ${versions[index]?.[0]} is at UNAVAILABLE state: ${reason};`;
  });
  if (failures.length > 0) {
    await Promise.all(prepared.map((each) => each.discard()));
    throw loadFailure(name, failures.join("\n"));
  }
  for (const each of prepared) each.commit();
}
