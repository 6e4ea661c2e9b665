/**
 * What `shoal serve` does: it serves the models of files, with the flags that were given. Whatever
 * a server needs is imported from here only: other commands start without it.
 */
import { runProgram } from "../server/serve.ts";
import { startProgram } from "../server/server.ts";
import { resolveServerOptions } from "../server/server-options.ts";
import { type GivenFlags, unknownVariables } from "./flags.ts";
import { modelsInFiles } from "./models-in-files.ts";

export async function serveFiles(
  paths: readonly string[],
  { options, withoutEffect }: GivenFlags,
): Promise<void> {
  const resolved = resolveServerOptions(options, "shoal serve");
  const models = await modelsInFiles(paths);
  await runProgram(() => startProgram(models, resolved));
  say("accepted, without effect", withoutEffect);
  say("in the environment, without effect", unknownVariables(process.env));
}

function say(what: string, names: readonly string[]): void {
  if (names.length > 0) process.stderr.write(`${what}: ${names.join(", ")}\n`);
}
