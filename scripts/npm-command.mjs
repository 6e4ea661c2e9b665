/**
 * npm, as it can be spawned on every system: by its file where npm says which one that is, because
 * what stands in the path is a shell's script on Windows.
 */
export function npmCommand(args) {
  const script = process.env["npm_execpath"];
  if (script?.endsWith(".js")) {
    return { command: process.execPath, args: [script, ...args], options: {} };
  }
  return { command: "npm", args, options: { shell: process.platform === "win32" } };
}
