/**
 * The log of a batch: what a model says while it runs one carries the ids of the requests in it, or
 * of the one that it names. The ids are those under which the server's log knows the requests, and
 * stay in the main thread: an instance's thread only says which batch it speaks of.
 */
import type { ExecutionBatch } from "../core/instance.ts";
import type { Log, LogFields } from "../core/log.ts";
import type { LogLevel } from "../definition/model-log.ts";

/** Of one instance; `batch` is what the line is about, and which request of it. */
export type InstanceLog = (
  level: LogLevel,
  message: string,
  about?: { readonly batch: ExecutionBatch; readonly request: number | undefined },
) => void;

/** More are only counted. */
const mostIds = 10;

export function instanceLog(log: Log, fields: LogFields): InstanceLog {
  return (level, message, about) => {
    if (about === undefined) log[level](message, fields);
    else log[level](message, { ...fields, ...idsOf(about.batch, about.request) });
  };
}

/** Without those that have none; all of them, if it names one that does not exist. */
function idsOf({ requests }: ExecutionBatch, index: number | undefined): LogFields {
  const meant = index === undefined ? undefined : requests[index];
  const ids = (meant === undefined ? requests : [meant]).map(({ request }) => request.logId);
  const [first, ...others] = new Set(ids.filter((id) => id !== ""));
  if (first === undefined) return {};
  if (others.length === 0) return { requestId: first };
  const requestIds = [first, ...others.slice(0, mostIds - 1)];
  return { requestIds, requestCount: requests.length };
}
