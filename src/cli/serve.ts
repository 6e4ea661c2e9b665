/**
 * `shoal serve FILE|DIR...`: serves the models that files define.
 *
 * A file defines a model by exporting it; one that starts a server itself (it calls `serve()`) is
 * not started twice: its models are taken, and served with the flags given here. Models run in
 * threads, which import their file again, unless they say otherwise.
 *
 * Not here: which files are meant (model-files.ts), flags (flags.ts).
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Command } from "commander";
import { isModel, type ModelBase } from "../definition/model-base.ts";
import { closeModelTable, openModelTable } from "../definition/model-table.ts";
import { importModule } from "../executor/import-module.ts";
import { failureLine } from "../server/failure-line.ts";
import { runProgram } from "../server/serve.ts";
import { type ServedModel, servedModels } from "../server/served-models.ts";
import { startProgram } from "../server/server.ts";
import { resolveServerOptions, type ServerOptions } from "../server/server-options.ts";
import { keyOf, serveFlags, toCommanderOption, unknownVariables } from "./flags.ts";
import { findModelFiles, type ModelFile } from "./model-files.ts";
import { oneLineErrors, UsageError } from "./usage-error.ts";

export function serveCommand(): Command {
  const command = new Command("serve")
    .description("serve the models that files define: .js, .mjs or .ts, or folders of them")
    .argument("<file|dir...>", "files that export models, or folders that hold such files")
    .configureOutput(oneLineErrors)
    .action(async (paths: string[], values: Readonly<Record<string, unknown>>) => {
      try {
        await serveFiles(paths, values);
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        command.error(`error: ${error.message}`);
      }
    });
  for (const flag of serveFlags) command.addOption(toCommanderOption(flag));
  return command;
}

async function serveFiles(
  paths: readonly string[],
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const options = resolveServerOptions(serverOptions(values), "shoal serve");
  const models: ServedModel[] = [];
  for (const file of findModelFiles(paths)) models.push(...(await modelsIn(file)));
  if (models.length === 0) throw new UsageError(`no model is exported by ${paths.join(", ")}`);
  const unique = withoutTwins(models);
  await runProgram(() => startProgram(unique, options));
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

async function modelsIn({ path, isFromFolder }: ModelFile): Promise<readonly ServedModel[]> {
  const url = pathToFileURL(path).href;
  const table = openModelTable();
  try {
    const imported = importModule(url);
    const exports = await Promise.race([imported, table.servePromise]);
    const models = exports === undefined ? table.models : modelsAmong(exports);
    if (models.length === 0 && !isFromFolder) {
      throw new UsageError(`'${path}' exports no model: export what model() or onnx() returns`);
    }
    return servedModels([...models], url);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`'${path}' cannot be served: ${describe(error, path)}`);
  } finally {
    closeModelTable();
  }
}

/** Each once, under whatever names it is exported; lists of models count, too. */
function modelsAmong(exports: object): readonly ModelBase[] {
  return [...new Set(Object.values(exports).flat().filter(isModel))];
}

/** One that a second file exports again is the same one. */
function withoutTwins(models: readonly ServedModel[]): readonly ServedModel[] {
  const unique = new Map<string, ServedModel>();
  for (const served of models) {
    const { name, version } = served.model;
    const key = `${name}/${version}`;
    const twin = unique.get(key) ?? served;
    if (twin.model !== served.model) {
      const files = [twin, served].map(({ module = "" }) => `'${fileURLToPath(module)}'`);
      const what = `model '${name}' is there twice in version ${version}`;
      throw new UsageError(`${what}: in ${files.join(" and ")}`);
    }
    unique.set(key, twin);
  }
  return [...unique.values()];
}

function describe(error: unknown, path: string): string {
  const place = error instanceof SyntaxError ? placeOfSyntaxError(path) : "";
  return `${failureLine(error)}${place}`;
}

/** Node tells it only when it prints such an error. */
function placeOfSyntaxError(path: string): string {
  const { stderr } = spawnSync(process.execPath, ["--check", path], { encoding: "utf8" });
  const place = /^(.*:\d+)$/m.exec(stderr)?.[1];
  return place === undefined ? "" : ` (at ${place})`;
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
