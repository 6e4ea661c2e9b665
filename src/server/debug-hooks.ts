/**
 * Debug hooks: what Triton's own tests set in the environment to make batching, and slow servers,
 * happen on purpose. Off unless set; whoever sets one is told so, loudly, when the server starts.
 *
 * What they do is told to the core and to the gRPC frontend as ordinary options.
 */
import type { GrpcDelays } from "../frontends/grpc/grpc-options.ts";

export interface DebugHooks {
  /** 0: off. */
  readonly holdUntilWaiting: number;
  readonly delays: GrpcDelays;
  readonly warnings: readonly string[];
}

const effects = {
  TRITONSERVER_DELAY_SCHEDULER:
    "each dynamic batcher holds its first requests until so many of them wait",
  TRITONSERVER_DELAY_GRPC_RESPONSE:
    "each message of a gRPC stream is written so many milliseconds later",
  TRITONSERVER_SERVER_DELAY_GRPC_RESPONSE_SEC:
    "each gRPC call but inference is answered so many seconds later",
} as const;

type Name = keyof typeof effects;

const names = Object.keys(effects) as Name[];

/** More milliseconds no timer takes. */
const mostMs = 2 ** 31 - 1;

/** Throws a TypeError that names the variable. */
export function readDebugHooks(
  environment: Readonly<Record<string, string | undefined>>,
): DebugHooks {
  const read = (name: Name, most: number): number => {
    const text = environment[name] ?? "";
    const value = /^\d*$/.test(text) ? Number(text) : Number.NaN;
    if (value <= most) return value;
    const expected = `a whole number from 0 to ${most}`;
    throw new TypeError(`the environment's '${name}' must be ${expected}; got '${text}'`);
  };
  const seconds = read("TRITONSERVER_SERVER_DELAY_GRPC_RESPONSE_SEC", Math.floor(mostMs / 1000));
  const hooks = {
    holdUntilWaiting: read("TRITONSERVER_DELAY_SCHEDULER", Number.MAX_SAFE_INTEGER),
    delays: {
      streamedMessageMs: read("TRITONSERVER_DELAY_GRPC_RESPONSE", mostMs),
      answerMs: 1000 * seconds,
    },
  };
  const set = names.filter((name) => Number(environment[name] ?? 0) > 0);
  const warnings = set.map((name) => {
    return `DEBUGGING: ${name}=${environment[name]} is set: ${effects[name]}. Not for production.`;
  });
  return { ...hooks, warnings };
}
