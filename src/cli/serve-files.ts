/**
 * What `shoal serve` does: it serves the models of files, with the flags that were given. Whatever
 * a server needs is imported from here only: other commands start without it.
 */
import { runProgram } from "../server/serve.ts";
import { startProgram } from "../server/server.ts";
import {
  type ResolvedServerOptions,
  resolveServerOptions,
  type ServerOptions,
} from "../server/server-options.ts";
import { keyOf, serveFlags, unknownVariables } from "./flags.ts";
import { modelsInFiles } from "./models-in-files.ts";
import { type SecurityValues, securityOf } from "./security-flags.ts";
import { UsageError } from "./usage-error.ts";

export async function serveFiles(
  paths: readonly string[],
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const options = resolved(serverOptions(values));
  const models = await modelsInFiles(paths);
  await runProgram(() => startProgram(models, options));
  sayWithoutEffect(values);
}

/** Flags by the names of the options that they set. */
function serverOptions(values: Readonly<Record<string, unknown>>): ServerOptions {
  const given = serveFlags.flatMap(({ flag, option }) => {
    const value = values[keyOf(flag)];
    const isWhole = option !== undefined && !option.includes(".");
    return isWhole && value !== undefined ? [[option, value] as const] : [];
  });
  const security = securityOf(values as SecurityValues, process.env);
  return { ...Object.fromEntries(given), ...(security !== undefined && { security }) };
}

/** What the flags have let pass is told in one line, too. */
function resolved(options: ServerOptions): ResolvedServerOptions {
  try {
    return resolveServerOptions(options, "shoal serve");
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

function sayWithoutEffect(values: Readonly<Record<string, unknown>>): void {
  const names = serveFlags
    .filter(({ flag, option }) => option === undefined && values[keyOf(flag)] !== undefined)
    .map(({ flag }) => `--${flag}`);
  if (names.length > 0) process.stderr.write(`accepted, without effect: ${names.join(", ")}\n`);
  const unknown = unknownVariables(Object.keys(process.env));
  if (unknown.length > 0) {
    process.stderr.write(`in the environment, without effect: ${unknown.join(", ")}\n`);
  }
}
