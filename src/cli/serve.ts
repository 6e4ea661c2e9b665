/**
 * `shoal serve FILE|DIR...`: serves the models that files define, and those of model repositories.
 *
 * A file defines a model by exporting it; one that starts a server itself (it calls `serve()`) is
 * not started twice: its models are taken, and served with the flags given here. Models run in
 * threads, which import their file again, unless they say otherwise.
 *
 * Not here: which files are meant (model-files.ts), flags (flag-table.ts, flags.ts), the server
 * (serve-files.ts).
 */
import { Command, Option } from "commander";
import { serveFlags } from "./flag-table.ts";
import { type GivenFlags, readFlags, type TypedFlags } from "./flags.ts";
import { serveHelp } from "./serve-help.ts";
import { oneLineErrors, UsageError } from "./usage-error.ts";

type Serve = (paths: readonly string[], given: GivenFlags) => Promise<void>;

export function serveCommand(serve: Serve = serveLazily): Command {
  const command = new Command("serve")
    .description("serve model repositories, and the models that .js, .mjs and .ts files define")
    .argument("[file|folder...]", "model repositories, files of models, or folders of such files")
    .configureOutput(oneLineErrors)
    .configureHelp({ formatHelp: serveHelp })
    .action(async (paths: string[], values: Readonly<Record<string, readonly string[]>>) => {
      try {
        await serve(paths, readFlags(byFlag(values), process.env));
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        command.error(`error: ${error.message}`);
      }
    });
  for (const { flag } of serveFlags) command.addOption(optionOf(flag));
  return command;
}

/** Without what a server needs, until one is started: other commands start without it. */
async function serveLazily(paths: readonly string[], given: GivenFlags): Promise<void> {
  const { serveFiles } = await import("./serve-files.ts");
  await serveFiles(paths, given);
}

/** Its texts, as they were typed. */
function optionOf(flag: string): Option {
  return new Option(`--${flag} <value>`).argParser(
    (text: string, texts: readonly string[] = []): readonly string[] => [...texts, text],
  );
}

/** Commander has names of its own. */
function byFlag(values: Readonly<Record<string, readonly string[]>>): TypedFlags {
  return Object.fromEntries(
    serveFlags.map(({ flag }) => [flag, values[optionOf(flag).attributeName()]]),
  );
}
