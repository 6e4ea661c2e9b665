/** Virtual environments of Python, for clients and servers of other makers. */
import { join } from "node:path";
import { start } from "./shown-command.mjs";

/** The Python of a new one, with its packages; undefined: there is no Python 3 with venv. */
export async function pythonEnvironment(folder, packages) {
  const made = await start("python3", ["-m", "venv", folder]).catch(() => ({ code: 1 }));
  if (made.code !== 0) return undefined;
  const python = join(folder, "bin", "python");
  const { code } = await start(python, ["-m", "pip", "install", "--quiet", ...packages]);
  if (code !== 0) throw new Error(`${packages.join(", ")}: cannot be installed`);
  return python;
}
