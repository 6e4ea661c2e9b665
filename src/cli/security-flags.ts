/**
 * Security on the command line: the option `security` of the flags for its parts, but for the token.
 * Who can see processes sees their arguments; so it comes in the environment, or in a file.
 *
 * Not here: the flags (flag-table.ts), which values are right (server/security-options.ts).
 */
import type { SecurityOptions, TokenSource } from "../server/security-options.ts";
import { UsageError } from "./usage-error.ts";

export const tokenVariable = "SHOAL_SECURITY_TOKEN";

/** By parts. */
export interface SecurityValues {
  readonly groups?: string;
  readonly header?: string;
  readonly "token-file"?: string;
}

/** Undefined: nothing is said. What is said in part is a mistake: it would close nothing. */
export function securityOf(
  { groups, header, "token-file": file }: SecurityValues,
  environment: Readonly<Record<string, string | undefined>>,
): SecurityOptions | undefined {
  const isSet = environment[tokenVariable] !== undefined;
  const token = tokenAt(file, isSet ? tokenVariable : undefined);
  if (groups === undefined) {
    if (token === undefined && header === undefined) return undefined;
    throw new UsageError("a token closes nothing without --security-groups");
  }
  if (token === undefined) {
    const where = `in the environment as ${tokenVariable}, or in a --security-token-file`;
    throw new UsageError(`--security-groups needs a token: ${where}`);
  }
  return {
    // Which of them there are is checked with all other options.
    groups: groups.split(",") as SecurityOptions["groups"][number][],
    ...(header !== undefined && { header }),
    token,
  };
}

function tokenAt(file?: string, variable?: string): TokenSource | undefined {
  if (file !== undefined) return { file };
  return variable === undefined ? undefined : { env: variable };
}
