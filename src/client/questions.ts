/**
 * Questions to a server, within a client's limits; and waiting until it, or a model, is ready.
 */

import { type CallLimits, pause } from "./call-limit.ts";
import { type CallOptions, checkCall } from "./call-options.ts";
import type { Calls } from "./calls.ts";
import { ClientError } from "./client-error.ts";
import type { Connection, Question, Sent } from "./connection.ts";

/** What a question needs of a client. */
export interface Asking {
  readonly connection: Connection;
  readonly calls: Calls;
  readonly limitsOf: (options: CallOptions, isStream?: boolean) => CallLimits;
}

export async function ask<Answer>(
  { connection, calls, limitsOf }: Asking,
  question: Question,
  options: CallOptions,
): Promise<Answer> {
  checkCall(question.route, options);
  const answer = await calls.run(limitsOf(options), (sent) => {
    return connection.ask(question, withHeaders(sent, options));
  });
  // Whoever asks knows what the server says to it.
  return answer as Answer;
}

export function withHeaders(sent: Sent, { headers }: CallOptions): Sent {
  if (headers === undefined) return sent;
  return { ...sent, headers: { ...sent.headers, ...lowerCased(headers) } };
}

/** So that each is there once. */
export function lowerCased(headers: Sent["headers"]): Sent["headers"] {
  const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
  return Object.fromEntries(entries) as Sent["headers"];
}

const firstWaitMs = 50;
const longestWaitMs = 1000;

/** Within `totalTimeoutMs`. A connection that is refused is no error: the server starts. */
export async function untilReady(
  { calls, limitsOf }: Asking,
  options: CallOptions,
  isReady: (options: CallOptions) => Promise<boolean>,
): Promise<void> {
  await calls.within(limitsOf(options), async ({ signal }) => {
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(longestWaitMs, 2 * waitMs)) {
      const ready = await isReady({ ...options, signal }).catch((error: unknown) => {
        const isKnown = error instanceof ClientError;
        // One of them is that no connection came about in time.
        if (isKnown && (error.isRetrySafe || error.kind === "connection")) return false;
        throw error;
      });
      if (ready) return;
      await pause(waitMs, signal);
    }
  });
}
