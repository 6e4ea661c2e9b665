/**
 * Security on the command line: flags for the parts of the option `security`, but for the token. Who
 * can see processes sees their arguments; so it comes in the environment, or in a file.
 *
 * Not here: which values are right (server/security-options.ts).
 */
import type { SecurityOptions, TokenSource } from "../server/security-options.ts";
import type { OptionSpec } from "../server/server-options.ts";
import { UsageError } from "./usage-error.ts";

interface SecurityFlag {
  readonly flag: string;
  readonly option: string;
  readonly spec: OptionSpec;
}

/** Without the prefix of all variables. */
export const tokenVariable = "SECURITY_TOKEN";

function text(name: string, means: string): SecurityFlag {
  return {
    flag: `security-${name}`,
    option: `security.${name}`,
    spec: { kind: "text", default: "", means },
  };
}

export const securityFlags: readonly SecurityFlag[] = [
  text("groups", "groups of endpoints, separated by commas, closed to whoever sends no token"),
  text("header", "header that has the token; without it: triton-access-token"),
  text("token-file", `file with the token; without it: the variable SHOAL_${tokenVariable}`),
];

export interface SecurityValues {
  readonly securityGroups?: string;
  readonly securityHeader?: string;
  readonly securityTokenFile?: string;
}

/** Undefined: nothing is said. What is said in part is a mistake: it would close nothing. */
export function securityOf(
  { securityGroups: groups, securityHeader: header, securityTokenFile: file }: SecurityValues,
  environment: Readonly<Record<string, string | undefined>>,
): SecurityOptions | undefined {
  const variable = `SHOAL_${tokenVariable}`;
  const token = tokenAt(file, environment[variable] === undefined ? undefined : variable);
  if (groups === undefined) {
    if (token === undefined && header === undefined) return undefined;
    throw new UsageError("a token closes nothing without --security-groups");
  }
  if (token === undefined) {
    const where = `in the environment as ${variable}, or in a --security-token-file`;
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
