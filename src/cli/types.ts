/**
 * `shoal types URL|FILE...`: TypeScript declarations of the models of a server, or of files, for
 * `client.model<Models["name"]>("name")`.
 *
 * Not here: what models take and return (described-models.ts), how it is written (types-text.ts).
 */
import { readFile, writeFile } from "node:fs/promises";
import { Command } from "commander";
import { addClientFlags, type ClientFlags, openClient, told } from "./client-command.ts";
import type { DescribedModel } from "./described-models.ts";
import { ownOutput } from "./own-output.ts";
import { oneLineErrors, UsageError } from "./usage-error.ts";

interface TypesFlags extends ClientFlags {
  /** Undefined or "-": printed. */
  readonly out?: string;
  readonly check?: true;
  readonly model?: readonly string[];
}

const help = `Examples:
  shoal types http://localhost:8000 -o models.ts
  shoal types http://localhost:8000 -o models.ts --check     fails if the server has drifted
  shoal types linear.mjs detector.onnx
In your code:
  import type { Models } from "./models";
  const linear = client.model<Models["linear"]>("linear");
`;

export function typesCommand(): Command {
  const command = new Command("types")
    .description("write TypeScript declarations of the models of any KServe v2 server, or of files")
    .argument("<url|file...>", "a server, or model files: .js, .mjs, .ts, folders of them, .onnx")
    .option("-o, --out <file>", "write to this file; without it, or with -, print")
    .option("--check", "write nothing: compare with the file of -o, and fail if it differs")
    .option(
      "--model <name>",
      "only this model of the server; may be repeated (default: all that are ready)",
      add,
    )
    .configureOutput(oneLineErrors)
    .action(async (sources: string[], flags: TypesFlags) => {
      const print = ownOutput();
      await told(() => writeTypes(sources, flags));
      // What a file of models has started must not keep this from ending.
      print("", () => process.exit());
    });
  return addClientFlags(command, help);
}

function add(name: string, names: readonly string[] = []): readonly string[] {
  return [...names, name];
}

async function writeTypes(sources: readonly string[], flags: TypesFlags): Promise<void> {
  const { out = "-", check = false } = flags;
  if (check && out === "-") throw new UsageError("--check needs the file: -o FILE");
  const { typesText } = await import("./types-text.ts");
  const models = await describedModels(sources, flags);
  if (models.length === 0) throw new UsageError(`no model is ready at ${sources.join(", ")}`);
  const text = typesText(models);
  if (check) await checkFile(out, text);
  else if (out === "-") ownOutput()(text);
  else await writeFile(out, text);
}

async function describedModels(
  sources: readonly string[],
  flags: TypesFlags,
): Promise<readonly DescribedModel[]> {
  const { isFile, modelsOfFiles, modelsOfServer } = await import("./described-models.ts");
  const [source = "", ...others] = sources;
  if (isFile(source)) {
    if (flags.model !== undefined) throw new UsageError("--model is for the models of a server");
    return await modelsOfFiles(sources);
  }
  if (others.length > 0) throw new UsageError("one server at a time, or files");
  const client = await openClient(source, flags);
  try {
    return await modelsOfServer(client, flags.model ?? []);
  } finally {
    client.close();
  }
}

const mostLines = 40;

async function checkFile(path: string, text: string): Promise<void> {
  const old = await readFile(path, "utf8");
  const { lineDifference } = await import("./line-difference.ts");
  const difference = lineDifference(linesOf(old), linesOf(text));
  if (difference.length === 0) return;
  const left = difference.length - mostLines;
  const more = left > 0 ? [`... and ${left} lines more`] : [];
  ownOutput()(`${[...difference.slice(0, mostLines), ...more].join("\n")}\n`);
  throw new UsageError(`'${path}' is out of date: write it again, without --check`);
}

/** Git may have changed their ends. */
function linesOf(text: string): readonly string[] {
  return text.split(/\r?\n/);
}
