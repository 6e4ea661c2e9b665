/**
 * What `shoal serve` does: it serves the models of files, with the flags that were given. Whatever
 * a server needs is imported from here only: other commands start without it.
 */

import { resolveServerOptions } from "../server/resolve-server-options.ts";
import { runProgram } from "../server/serve.ts";
import { startProgram } from "../server/server.ts";
import type { ResolvedServerOptions, ServerOptions } from "../server/server-options.ts";
import { type GivenFlags, unknownVariables } from "./flags.ts";
import { modelsInFiles } from "./models-in-files.ts";
import { UsageError } from "./usage-error.ts";

export async function serveFiles(
  paths: readonly string[],
  { options, withoutEffect }: GivenFlags,
): Promise<void> {
  const serverOptions = resolved(options);
  const models = paths.length === 0 ? [] : await modelsInFiles(paths);
  await runProgram(() => startProgram(models, serverOptions));
  say("accepted, without effect", withoutEffect);
  say("in the environment, without effect", unknownVariables(process.env));
}

/** What the flags have let pass is told in one line, too. */
function resolved(options: ServerOptions): ResolvedServerOptions {
  try {
    return resolveServerOptions(options, "shoal serve");
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

function say(what: string, names: readonly string[]): void {
  if (names.length > 0) process.stderr.write(`${what}: ${names.join(", ")}\n`);
}
