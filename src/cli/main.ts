#!/usr/bin/env node
/**
 * Command line of Shoal: `shoal <command>`. One file per command; this one only names them, and
 * makes of every wrong word one clear line and exit code 1.
 */
import { Command } from "commander";
import { tolerateClosedReaders } from "../server/closed-readers.ts";
import { packageVersion } from "../server/package-version.ts";
import { checkCommand } from "./check.ts";
import { joinSwitches } from "./flags.ts";
import { inferCommand } from "./infer.ts";
import { modelsCommand } from "./models.ts";
import { newCommand } from "./new.ts";
import { serveCommand } from "./serve.ts";
import { typesCommand } from "./types.ts";
import { oneLineErrors } from "./usage-error.ts";

tolerateClosedReaders();

const program = new Command("shoal")
  .description(
    "Serve functions, model files and model repositories over the KServe v2 protocol, batched; and ask any server of it. Each command has its own --help.",
  )
  .version(packageVersion())
  // `shoal infer --version 2` means the model.
  .enablePositionalOptions()
  .helpCommand(false)
  // What each takes, its own help says: so the lines fit.
  .configureHelp({ subcommandTerm: (command) => command.name() })
  .configureOutput(oneLineErrors)
  .addCommand(serveCommand())
  .addCommand(inferCommand())
  .addCommand(typesCommand())
  .addCommand(modelsCommand())
  .addCommand(checkCommand())
  .addCommand(newCommand());

const [command = "", ...words] = process.argv.slice(2);
const args = command === "serve" ? [command, ...joinSwitches(words)] : process.argv.slice(2);
await program.parseAsync(args, { from: "user" });
