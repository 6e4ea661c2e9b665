/**
 * `shoal serve FILE|DIR...`: serves the models that files define.
 *
 * A file defines a model by exporting it; one that starts a server itself (it calls `serve()`) is
 * not started twice: its models are taken, and served with the flags given here. Models run in
 * threads, which import their file again, unless they say otherwise.
 *
 * Not here: which files are meant (model-files.ts), flags (flags.ts), the server (serve-files.ts).
 */
import { Command } from "commander";
import { serveFlags, toCommanderOption } from "./flags.ts";
import { oneLineErrors, UsageError } from "./usage-error.ts";

export function serveCommand(): Command {
  const command = new Command("serve")
    .description("serve the models that files define: .js, .mjs or .ts, or folders of them")
    .argument("<file|dir...>", "files that export models, or folders that hold such files")
    .configureOutput(oneLineErrors)
    .action(async (paths: string[], values: Readonly<Record<string, unknown>>) => {
      try {
        const { serveFiles } = await import("./serve-files.ts");
        await serveFiles(paths, values);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        command.error(`error: ${error.message}`);
      }
    });
  for (const flag of serveFlags) command.addOption(toCommanderOption(flag));
  return command;
}
