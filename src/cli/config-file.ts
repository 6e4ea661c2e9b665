/**
 * Configuration file: options of the server for all who start it in this folder.
 *
 *   shoal.config.ts:   export default { modelRepository: "models", httpPort: 9000 };
 *
 * Flags and the environment go before it. Only the working directory is looked at, and paths are
 * relative to it. It may be TypeScript or JavaScript.
 *
 * Not here: what the options are, and whether their values are right (resolve-server-options.ts).
 */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { importModule } from "../executor/import-module.ts";
import { refuseUnknownOptions } from "../server/resolve-server-options.ts";
import type { ServerOptions } from "../server/server-options.ts";
import { UsageError } from "./usage-error.ts";

const names = ["ts", "mts", "js", "mjs"].map((extension) => `shoal.config.${extension}`);

/** Without a file: none. Rejects with a UsageError that names it. */
export async function configFileOptions(): Promise<ServerOptions> {
  const found = names.filter((name) => existsSync(name));
  const [name] = found;
  if (name === undefined) return {};
  if (found.length > 1) throw new UsageError(`${found.join(" and ")} are there: keep one of them`);
  const { default: options } = await imported(name);
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new UsageError(`'${name}' exports no options: export default { httpPort: 8000 }`);
  }
  try {
    refuseUnknownOptions(Object.keys(options), name);
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
  return options;
}

async function imported(name: string): Promise<{ readonly default?: unknown }> {
  try {
    return await importModule(pathToFileURL(resolve(name)).href);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new UsageError(`'${name}' cannot be read: ${why}`);
  }
}
