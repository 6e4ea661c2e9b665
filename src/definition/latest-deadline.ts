/** Latest deadline: until when somebody waits for one of several requests. */

/** Moment of `performance.now()`; undefined: one of them waits for ever. */
export function latestDeadlineMs(
  requests: readonly { readonly deadlineMs: number | undefined }[],
): number | undefined {
  let latestMs = Number.NEGATIVE_INFINITY;
  for (const { deadlineMs } of requests) {
    if (deadlineMs === undefined) return undefined;
    latestMs = Math.max(latestMs, deadlineMs);
  }
  return latestMs;
}
