/**
 * `shoal new NAME`: a new folder with a project that serves, and passes its own tests.
 *
 * A folder that exists is never touched; what could not be written as a whole is taken away again.
 *
 * Not here: what is in it (new-project.ts).
 */
import { mkdir, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { Command } from "commander";
import { told } from "./client-command.ts";
import {
  dependencyNames,
  type NewProject,
  type ProjectFiles,
  projectFiles,
} from "./new-project.ts";
import { oneLineErrors, UsageError } from "./usage-error.ts";

const help = `
Exit code: 0; 1 if it cannot be made, told in one line.`;

export function newCommand(): Command {
  return new Command("new")
    .description("make a project with a model, its test and a README, in a new folder")
    .argument("<name>", "of the folder and of its package: a to z, 0 to 9, -, _ and .")
    .option("--javascript", "in JavaScript (default: TypeScript)")
    .configureOutput(oneLineErrors)
    .addHelpText("after", help)
    .action(async (name: string, { javascript = false }: { readonly javascript?: boolean }) => {
      await told(() => make(name, javascript ? "javascript" : "typescript"));
    });
}

async function make(name: string, language: NewProject["language"]): Promise<void> {
  checkName(name);
  const files = projectFiles({ name, language, versions: versions() });
  await write(name, files);
  const steps = [`cd ${name}`, "npm install", "npm test", "npm start"];
  const lines = [
    `Made ${name}:`,
    ...Object.keys(files).map((path) => `  ${path}`),
    "Next:",
    ...steps.map((step) => `  ${step}`),
  ];
  process.stdout.write(`${lines.join("\n")}\n`);
}

const longestName = 100;

/** What npm has no packages of, and what a project of the same name could not install. */
const takenNames: readonly string[] = ["node_modules", "favicon.ico", ...dependencyNames];

/** What npm takes as the name of a package, and every file system as that of a folder. */
function checkName(name: string): void {
  const isPlain = /^[a-z0-9][a-z0-9._-]*$/.test(name) && !name.endsWith(".");
  if (!isPlain || name.length > longestName) {
    throw new UsageError(
      `'${name}' is no name for a project: it must be at most ${longestName} of a to z, 0 to 9, ` +
        "-, _ and ., and begin with a letter or a digit",
    );
  }
  if (takenNames.includes(name)) {
    throw new UsageError(`a project cannot be called '${name}': choose another name`);
  }
}

async function write(name: string, files: ProjectFiles): Promise<void> {
  const folder = resolve(name);
  try {
    await mkdir(folder);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    throw new UsageError(`'${name}' is there already: choose another name, or remove it`);
  }
  try {
    for (const [path, text] of Object.entries(files)) {
      const file = join(folder, ...path.split("/"));
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, text);
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** This one, and that of what it reads TypeScript with. */
function versions(): NewProject["versions"] {
  const own = createRequire(import.meta.url)("shoal/package.json") as {
    readonly version: string;
    readonly dependencies: Readonly<Record<string, string>>;
  };
  return { shoal: own.version, jiti: own.dependencies["jiti"] ?? "" };
}
