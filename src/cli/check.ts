/**
 * `shoal check PATH`: would it be served, and is it meant so? A model repository, the folder of one
 * model, a config.pbtxt, or files of models: looked at without serving.
 *
 * Mistakes keep a model from being served; warnings do not. Exit code 1 with mistakes, 0 without.
 *
 * Not here: one folder (checked-folder.ts), files of models (checked-code.ts).
 */
import { existsSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { Command, InvalidArgumentError } from "commander";
import type { CheckReport } from "./checked-path.ts";
import { told } from "./client-command.ts";
import type { Finding } from "./findings.ts";
import { ownOutput } from "./own-output.ts";
import { escaped, oneLine } from "./safe-text.ts";
import { tableLines } from "./text-table.ts";
import { oneLineErrors, UsageError } from "./usage-error.ts";

interface CheckFlags {
  readonly json?: boolean;
  readonly cores?: number;
  /** GiB. */
  readonly memory?: number;
}

const help = `
Checked are: configurations, and whether models have what they say; batches that
cannot come about, and why; threads and cores; memory, as the size of the files
times the instances; datatypes that JSON does not carry; versions that the
policy leaves out; fields of no effect. Files of models are imported.

Examples:
  shoal check models/
  shoal check models/resnet
  shoal check models/resnet/config.pbtxt --json
  shoal check server.mjs --cores 16 --memory 32

Exit code: 0, with warnings too; 1 when there are mistakes, or nothing to check.`;

export function checkCommand(): Command {
  return new Command("check")
    .description("look at a model repository or a server file without serving it")
    .argument(
      "<path>",
      "a repository, a model's folder, a config.pbtxt, or a .js, .mjs or .ts file",
    )
    .option("--json", "for programs: one line of JSON")
    .option("--cores <count>", "of the machine that will serve (default: this one's)", toCount)
    .option("--memory <gib>", "of that machine (default: this one's)", toGib)
    .configureOutput(oneLineErrors)
    .addHelpText("after", help)
    .action(async (path: string, flags: CheckFlags) => {
      const print = ownOutput();
      await told(() => check(path, flags));
      // What a file of models has started must not keep this from ending.
      print("", () => process.exit());
    });
}

function toCount(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a positive integer.");
}

function toGib(text: string): number {
  const gib = text.trim() === "" ? Number.NaN : Number(text);
  if (gib > 0 && Number.isFinite(gib)) return gib;
  throw new InvalidArgumentError("It must be a number of GiB above 0.");
}

async function check(path: string, { json = false, cores, memory }: CheckFlags): Promise<void> {
  if (!existsSync(path)) throw new UsageError(`there is no file or folder '${path}'`);
  const { checkPath } = await import("./checked-path.ts");
  const report = await checkPath(path, {
    cores: cores ?? availableParallelism(),
    memoryBytes: memory === undefined ? totalmem() : memory * 2 ** 30,
  });
  ownOutput()(json ? jsonText(report) : textOf(report));
  if (report.findings.some(({ level }) => level === "mistake")) process.exitCode = 1;
}

function jsonText({ models, findings }: CheckReport): string {
  const of = (level: Finding["level"]): readonly object[] =>
    findings
      .filter((finding) => finding.level === level)
      .map(({ level: _, ...finding }) => finding);
  const shown = models.map(({ name, versions, served, config, ...model }) => ({
    name,
    versions,
    served,
    max_batch_size: config.maxBatchSize,
    batches: config.dynamicBatching !== undefined,
    instances: model.instances,
    threads: model.threads,
    weight_bytes: model.weightBytes,
    memory_bytes: model.memoryBytes,
  }));
  const report = { models: shown, mistakes: of("mistake"), warnings: of("warning") };
  return `${escaped(JSON.stringify(report))}\n`;
}

function textOf(report: CheckReport): string {
  const { models, findings } = report;
  const lines = findings.map(lineOf);
  const rows = models.map(({ name, served, config, instances, threads, ...sizes }) => [
    name,
    served.join(",") || "-",
    String(config.maxBatchSize),
    String(instances),
    String(threads),
    bytesText(sizes.weightBytes),
    bytesText(sizes.memoryBytes),
  ]);
  const titles = ["MODEL", "SERVED", "ROWS ", "INSTANCES ", "THREADS ", "WEIGHTS ", "MEMORY "];
  const table = rows.length === 0 ? [] : tableLines({ titles, rows });
  const counts = `${counted(report, "mistake")}, ${counted(report, "warning")}\n`;
  return [lines.join(""), table.join(""), counts].filter((part) => part !== "").join("\n");
}

/** As compilers write it. */
function lineOf({ level, file, line, column, field, message, model }: Finding): string {
  const place = [file, line, column].filter((part) => part !== undefined).join(":");
  const what = level === "mistake" ? "error" : level;
  const where = [model, field].filter((part) => part !== undefined).join(" ");
  return `${oneLine(`${place}: ${what}: ${where === "" ? "" : `${where}: `}${message}`)}\n`;
}

function counted({ findings }: CheckReport, level: Finding["level"]): string {
  const count = findings.filter((finding) => finding.level === level).length;
  return `${count} ${level}${count === 1 ? "" : "s"}`;
}

function bytesText(bytes: number | undefined): string {
  if (bytes === undefined) return "-";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
