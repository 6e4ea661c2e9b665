/**
 * Imports a module of the user's: JavaScript, or TypeScript on any Node.
 *
 * Node runs TypeScript from 22.18 on by taking the types out; what it cannot do (enums, parameter
 * properties), and all of it on older ones, is done by jiti, which is imported only then.
 *
 * A module may lie where no package is installed: in a model repository, or anywhere if Shoal is
 * installed globally. Then what it imports from "shoal", it and all that it imports, is this very
 * package.
 */

/** Rejects with what importing it has thrown. */
export async function importModule(url: string): Promise<object> {
  try {
    return await importInstalled(url);
  } catch (error) {
    if (ownEntry(error) === undefined) throw error;
    return await importBeside(url, ["shoal", "shoal/onnx"]);
  }
}

async function importInstalled(url: string): Promise<object> {
  if (!/\.[cm]?ts$/.test(url)) return (await import(url)) as object;
  if ("typescript" in process.features && process.features.typescript) {
    try {
      return (await import(url)) as object;
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code !== "ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX") throw error;
    }
  }
  const { createJiti } = await import("jiti");
  return await createJiti(import.meta.url).import<object>(url);
}

/** With these entries of our own; entries that cost more come when they are asked for. */
async function importBeside(url: string, names: readonly string[]): Promise<object> {
  const { createJiti } = await import("jiti");
  const entries = names.map(async (name) => [name, (await import(name)) as unknown] as const);
  const virtualModules = Object.fromEntries(await Promise.all(entries));
  try {
    return await createJiti(import.meta.url, { virtualModules }).import<object>(url);
  } catch (error) {
    const missing = ownEntry(error);
    if (missing === undefined || names.includes(missing)) throw error;
    return await importBeside(url, [...names, missing]);
  }
}

/** What of this package is not there for the module; undefined: it is something else. */
function ownEntry(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return /^Cannot find (?:package|module) '(shoal(?:\/[\w/]+)?)'/.exec(error.message)?.[1];
}
