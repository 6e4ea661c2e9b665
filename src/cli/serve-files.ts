/**
 * What `shoal serve` does: it serves the models of files, and of repositories, with the flags that
 * were given. Whatever a server needs is imported from here only: other commands start without it.
 */
import { resolve } from "node:path";
import { createLogger } from "../server/logger.ts";
import { resolveServerOptions } from "../server/resolve-server-options.ts";
import { runProgram } from "../server/serve.ts";
import { startProgram } from "../server/server.ts";
import type { ResolvedServerOptions, ServerOptions } from "../server/server-options.ts";
import { configFileOptions } from "./config-file.ts";
import { serveFlags } from "./flag-table.ts";
import { type GivenFlags, unknownVariables } from "./flags.ts";
import { isRepository } from "./model-files.ts";
import { modelsInFiles } from "./models-in-files.ts";
import { UsageError } from "./usage-error.ts";

const nothingToServe =
  "nothing to serve: name a model repository, files that export models, or folders of such files";

export async function serveFiles(
  paths: readonly string[],
  { options, withoutEffect }: GivenFlags,
): Promise<void> {
  const repositories = paths.filter(isRepository);
  const files = paths.filter((path) => !repositories.includes(path));
  const given = { ...(await configFileOptions()), ...options };
  const serverOptions = resolved(withRepositories(given, repositories), Object.keys(options));
  if (paths.length === 0 && [serverOptions.modelRepository].flat().length === 0) {
    throw new UsageError(nothingToServe);
  }
  const models = files.length === 0 ? [] : await modelsInFiles(files);
  await runProgram(() => startProgram(models, serverOptions));
  const log = createLogger(serverOptions);
  for (const [what, names] of [
    ["accepted", withoutEffect],
    ["in the environment", unknownVariables(process.env)],
  ] as const) {
    if (names.length > 0) log.warning(`${what}, without effect: ${names.join(", ")}`);
  }
}

/** As if they were named by the flag, each once. */
function withRepositories(options: ServerOptions, paths: readonly string[]): ServerOptions {
  if (paths.length === 0) return options;
  const named = [options.modelRepository ?? []].flat();
  const byPlace = new Map([...named, ...paths].map((path) => [resolve(path), path]));
  return { ...options, modelRepository: [...byPlace.values()] };
}

const asker = "shoal serve";

/** What is wrong is told in one line; what flags say, by their names. */
function resolved(options: ServerOptions, ofFlags: readonly string[]): ResolvedServerOptions {
  try {
    return resolveServerOptions(options, asker);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const message = error.message.replace(`${asker}: `, "");
    const isByFlag = ofFlags.some((option) => message.includes(`'${option}'`));
    throw new UsageError(isByFlag ? withFlags(message) : message);
  }
}

/** In place of the options that they set. */
function withFlags(message: string): string {
  return message.replace(/'(\w+)'/g, (written, option: string) => {
    const name = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    return serveFlags.some(({ flag }) => flag === name) ? `--${name}` : written;
  });
}
