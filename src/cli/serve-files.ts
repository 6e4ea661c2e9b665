/**
 * What `shoal serve` does: it serves the models of files, with the flags that were given. Whatever
 * a server needs is imported from here only: other commands start without it.
 */
import { runProgram } from "../server/serve.ts";
import { startProgram } from "../server/server.ts";
import { resolveServerOptions, type ServerOptions } from "../server/server-options.ts";
import { keyOf, serveFlags, unknownVariables } from "./flags.ts";
import { modelsInFiles } from "./models-in-files.ts";

export async function serveFiles(
  paths: readonly string[],
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const options = resolveServerOptions(serverOptions(values), "shoal serve");
  const models = await modelsInFiles(paths);
  await runProgram(() => startProgram(models, options));
  sayWithoutEffect(values);
}

/** Flags by the names of the options that they set. */
function serverOptions(values: Readonly<Record<string, unknown>>): ServerOptions {
  const given = serveFlags.flatMap(({ flag, option }) => {
    const value = values[keyOf(flag)];
    return option === undefined || value === undefined ? [] : [[option, value] as const];
  });
  return Object.fromEntries(given) as ServerOptions;
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
