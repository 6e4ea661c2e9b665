/**
 * `shoal models URL`: the models of any server of the protocol, as its index has them; and what
 * there is to do with one of them.
 *
 *   shoal models URL                       the index
 *   shoal models URL load|unload NAME      then what the index says of it
 *   shoal models URL config NAME
 *   shoal models URL statistics [NAME]
 *
 * Index and statistics may be watched: on a terminal the table stays where it is, elsewhere one
 * follows the other. A server that goes away meanwhile is told and asked again.
 *
 * Not here: what the tables have (model-reports.ts), what is sent with a load (load-values.ts).
 */
import { setTimeout as pause } from "node:timers/promises";
import { Command, InvalidArgumentError } from "commander";
import type { CallOptions } from "../client/call-options.ts";
import type { Client } from "../client/client.ts";
import { ClientError } from "../client/client-error.ts";
import type { IndexEntry } from "../client/connection.ts";
import { writeExactJson } from "../client/exact-json.ts";
import { nearestName } from "../protocol/nearest-name.ts";
import { addClientFlags, type ClientFlags, openClient, told } from "./client-command.ts";
import { readGivenConfig, readGivenFiles } from "./load-values.ts";
import { checkedIndex, indexTable, paintState, statisticsTable } from "./model-reports.ts";
import { escaped, oneLine } from "./safe-text.ts";
import { linesWithin, type Paint, type TextTable, tableLines } from "./text-table.ts";
import { oneLineErrors, UsageError } from "./usage-error.ts";

const actions = ["index", "load", "unload", "config", "statistics"] as const;

type Action = (typeof actions)[number];

interface ModelsFlags extends ClientFlags {
  readonly watch?: boolean;
  /** Seconds. */
  readonly every?: number;
  readonly json?: boolean;
  readonly config?: string;
  readonly file?: readonly string[];
  readonly withDependents?: boolean;
  readonly version?: number;
}

const help = `Actions:
  index                (default) each model with its versions, their states and reasons
  load NAME            load it, or load it anew; waits until that has ended
  unload NAME          unload it; what runs may take its time
  config NAME          its configuration, complete, as JSON
  statistics [NAME]    of one model, or of all

Examples:
  shoal models http://localhost:8000 --watch
  shoal models grpc://localhost:8001 statistics resnet
  shoal models http://localhost:8000 load resnet
  shoal models http://localhost:8000 load resnet --config '{"max_batch_size": 8}'
  shoal models http://localhost:8000 load new --config new.pbtxt --file 1/model.onnx=@new.onnx
  shoal models http://localhost:8000 unload pipeline --with-dependents
`;

export function modelsCommand(): Command {
  const command = new Command("models")
    .description("show, load and unload the models of any KServe v2 server")
    .argument("<url>", "the server, such as http://localhost:8000")
    .argument("[action]", actions.join(", "), "index")
    .argument("[name]", "of the model")
    .option("--watch", "index, statistics: again and again, until Ctrl-C")
    .option("--every <seconds>", "how often with --watch (default: 2)", toSeconds)
    .option("--json", "for programs: one line of JSON, or with --watch a line each time")
    .option("--config <file|json>", "load: in place of the model's own configuration")
    .option("--file <path=@file>", "load: a file of the model; may be repeated", add)
    .option("--with-dependents", "unload: the models too that were loaded for an ensemble")
    .option("--version <number>", "config, statistics: of the model", toVersion)
    .configureOutput(oneLineErrors)
    .action(async (url: string, action: string, name: string | undefined, flags: ModelsFlags) => {
      await told(() => run(url, { action, name, flags }));
    });
  return addClientFlags(command, help);
}

function add(text: string, list: readonly string[] = []): readonly string[] {
  return [...list, text];
}

function toSeconds(text: string): number {
  const seconds = text.trim() === "" ? Number.NaN : Number(text);
  if (seconds > 0 && seconds <= 86_400) return seconds;
  throw new InvalidArgumentError("It must be a number of seconds above 0, and at most a day.");
}

function toVersion(text: string): number {
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a positive integer.");
}

/** Which flags belong to which actions only. */
const flagActions: Readonly<Record<string, readonly Action[]>> = {
  watch: ["index", "statistics"],
  every: ["index", "statistics"],
  config: ["load"],
  file: ["load"],
  withDependents: ["unload"],
  version: ["config", "statistics"],
};

interface Given {
  readonly action: string;
  readonly name: string | undefined;
  readonly flags: ModelsFlags;
}

async function run(url: string, given: Given): Promise<void> {
  const { name, flags } = given;
  const action = checkedAction(given);
  const client = await openClient(url, flags);
  try {
    if (action === "index") await show(() => indexReport(client), flags);
    else if (action === "statistics")
      await show(() => statisticsReport(client, name, flags), flags);
    else if (action === "config") await printConfig(client, String(name), flags);
    else await control(client, action, String(name), flags);
  } finally {
    client.close();
  }
}

function checkedAction({ action: asked, name, flags }: Given): Action {
  const action = actions.find((each) => each === asked);
  if (action === undefined) {
    throw new UsageError(`there is no action '${asked}': ${actions.join(", ")}`);
  }
  for (const [flag, allowed] of Object.entries(flagActions)) {
    if (!Object.hasOwn(flags, flag) || allowed.includes(action)) continue;
    const words = flag.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${words} is for ${allowed.join(" and ")}, not for ${action}`);
  }
  if (action === "index" && name !== undefined) throw new UsageError("index takes no name");
  if (name === undefined && !["index", "statistics"].includes(action)) {
    throw new UsageError(`${action} needs the name of a model`);
  }
  if (flags.version !== undefined && name === undefined) {
    throw new UsageError("--version needs the name of a model");
  }
  if (flags.every !== undefined && flags.watch === undefined) {
    throw new UsageError("--every needs --watch");
  }
  return action;
}

/** The same in both forms. */
interface Report {
  readonly json: unknown;
  readonly table: TextTable;
  readonly paint?: Paint;
  /** What stands above the table while it is watched. */
  readonly summary: string;
}

async function indexReport(client: Client): Promise<Report> {
  return reportOf(checkedIndex(await client.index()));
}

function reportOf(index: readonly IndexEntry[]): Report {
  const ready = index.filter(({ state }) => state === "READY").length;
  const summary = `${countOf(index.length)}, ${ready} ready`;
  return { json: index, table: indexTable(index), paint: paintState, summary };
}

async function statisticsReport(
  client: Client,
  name: string | undefined,
  { version }: ModelsFlags,
): Promise<Report> {
  const asked = name === undefined ? client : client.model(name, version);
  const json = await asked.statistics();
  const table = statisticsTable(json);
  return { json, table, summary: countOf(table.rows.length) };
}

function countOf(versions: number): string {
  return `${versions} ${versions === 1 ? "version" : "versions"}`;
}

/** Once; or until nobody takes it any more, or a signal ends it. */
async function show(ask: () => Promise<Report>, flags: ModelsFlags): Promise<void> {
  const { watch = false, every = 2, json = false } = flags;
  const toText = (report: Report): string => {
    if (json) return jsonText(report.json);
    return watch ? watchedText(report) : textOf(report);
  };
  let text = toText(await ask());
  const start = watch && process.stdout.isTTY && !json ? "\u001b[H\u001b[J" : "";
  while ((await print(start + text)) && watch) {
    await pause(every * 1000);
    text = await ask().then(toText, (error: unknown) => toldMeanwhile(error, json));
  }
}

/** What stands in the place of what could not be asked. */
function toldMeanwhile(error: unknown, json: boolean): string {
  if (!(error instanceof ClientError || error instanceof UsageError)) throw error;
  const line = `error: ${oneLine(error.message)}\n`;
  if (!json) return `${timeText()}  ${line}`;
  process.stderr.write(line);
  return "";
}

async function printConfig(
  client: Client,
  name: string,
  { json = false, version }: ModelsFlags,
): Promise<void> {
  const config = await client.model(name, version).config();
  await print(json ? jsonText(config) : indented(config));
}

async function control(
  client: Client,
  action: "load" | "unload",
  name: string,
  flags: ModelsFlags,
): Promise<void> {
  const options = controlOptions(flags);
  if (action === "load") {
    const { config, file = [] } = flags;
    const given = config === undefined ? undefined : await readGivenConfig(config);
    const files = await readGivenFiles(file);
    await client.load(name, { ...options, files, ...(given !== undefined && { config: given }) });
  } else {
    checkName(name, checkedIndex(await client.index()));
    await client.unload(name, { ...options, withDependents: flags.withDependents === true });
  }
  const index = checkedIndex(await client.index());
  const report = reportOf(index.filter((entry) => entry.name === name));
  await print(flags.json ? jsonText(report.json) : textOf(report));
}

/** Servers unload without a word what they do not have. */
function checkName(name: string, index: readonly IndexEntry[]): void {
  const names = index.map((entry) => entry.name);
  if (names.includes(name)) return;
  const nearest = nearestName(name, names);
  const hint = nearest === undefined ? "" : ` (did you mean '${nearest}'?)`;
  throw new UsageError(`the server has no model '${name}'${hint}`);
}

/** A load may take as long as it takes; what a server refuses is told at once. */
function controlOptions({ timeout }: ModelsFlags): CallOptions {
  if (timeout !== undefined) return { maxRetries: 0 };
  const forever = Number.POSITIVE_INFINITY;
  return { maxRetries: 0, requestTimeoutMs: forever, totalTimeoutMs: forever };
}

function jsonText(value: unknown): string {
  return `${escaped(writeExactJson(value))}\n`;
}

/** Integers beyond 2^53 stay exact. */
function indented(value: unknown): string {
  const text = JSON.stringify(
    value,
    (_key, each: unknown) => (typeof each === "bigint" ? `\u0000${each}` : each),
    2,
  );
  const lines = text.replace(/"\\u0000(-?\d+)"/g, "$1").split("\n");
  return `${lines.map(escaped).join("\n")}\n`;
}

/** On a terminal as much as it shows: what scrolls is not where it was. */
function watchedText(report: Report): string {
  const { isTTY, columns, rows } = process.stdout;
  const title = `${timeText()}  ${report.summary}\n\n`;
  if (!isTTY) return `${title}${linesOf(report).join("")}\n`;
  // Above it stand two lines, and below it the cursor. Of a size of 0 nobody knows it.
  const most = rows > 0 ? rows - 3 : Number.POSITIVE_INFINITY;
  return title + linesWithin(linesOf(report, columns || undefined), most).join("");
}

function timeText(): string {
  return new Date().toTimeString().slice(0, 8);
}

function textOf(report: Report): string {
  return linesOf(report).join("");
}

function linesOf({ table, paint }: Report, columns?: number): readonly string[] {
  const { stdout } = process;
  const isPainted = stdout.isTTY && stdout.hasColors();
  return tableLines(table, { columns, paint: isPainted ? paint : undefined });
}

/** Resolves to false once nobody takes it any more. */
function print(text: string): Promise<boolean> {
  return new Promise((resolve) => process.stdout.write(text, (error) => resolve(!error)));
}
