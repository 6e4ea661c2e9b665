/**
 * Mutants: plants small faults in the core, one by one, and shows that the simulation alone finds
 * each of them.
 *
 *   node scripts/mutants.mjs                all of scripts/mutants-table.mjs
 *   node scripts/mutants.mjs heap histogram those in files whose name contains one of these
 *
 * For each mutant the few folders that the simulation needs are copied to .build/mutants/, the
 * text is replaced, and soak.mjs runs seeds from 0 on until one fails. A run that hangs is caught
 * too. A mutant that survives must say in the table why it cannot be noticed; one that does not,
 * or a text that is not found exactly once, makes this fail. As many at a time as there are cores.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mutants, plantedAgain } from "./mutants-table.mjs";

/** What a mutant that can be caught is caught by; a few need hundreds. */
const seedCount = 1000;

/** Longer takes only what hangs. */
const longestMs = 120_000;

const sources = [
  "assert.ts",
  "core",
  "protocol",
  "testing/instance-script.ts",
  "testing/random.ts",
  "testing/simulated-instance.ts",
  "testing/simulation",
  "testing/virtual-clock.ts",
];

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const workplace = join(".build", "mutants");
const patterns = process.argv.slice(2);

const plan = readTable().filter(
  ({ file }) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)),
);
const mismatches = plan.flatMap(({ file, from }) => {
  const count = readFileSync(join("src", "core", file), "utf8").split(from).length - 1;
  return count === 1 ? [] : [`${file}: found ${count} times, not once: ${from}`];
});
if (mismatches.length > 0) {
  process.stderr.write(`${mismatches.join("\n")}\n`);
  process.exitCode = 1;
} else await main();

function readTable() {
  const planted = Object.entries(mutants).flatMap(([file, entries]) =>
    entries.map(([from, to, excuse]) => ({ file, from, to, excuse })),
  );
  const again = Object.entries(plantedAgain).map(([fault, [file, from, to]]) => {
    return { file, from, to, fault };
  });
  return [...planted, ...again];
}

async function main() {
  const startedMs = performance.now();
  rmSync(workplace, { recursive: true, force: true });
  const unchanged = await outcomeOf({ file: "clock.ts", from: "", to: "" }, "unchanged", 20);
  if (unchanged.kind !== "survived") {
    process.stderr.write(`the unchanged core fails: ${unchanged.text}\n`);
    process.exitCode = 1;
    return;
  }
  const waiting = [...plan];
  const outcomes = [];
  const work = async (_, index) => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const outcome = await outcomeOf(next, `${index}`, seedCount);
      outcomes.push({ ...next, ...outcome });
      process.stdout.write(`${describe(next, outcome)}\n`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  rmSync(workplace, { recursive: true, force: true });
  report(outcomes, (performance.now() - startedMs) / 1000);
}

async function outcomeOf({ file, from, to }, name, count) {
  const folder = join(workplace, name);
  rmSync(folder, { recursive: true, force: true });
  for (const source of sources) {
    cpSync(join("src", source), join(folder, "src", source), { recursive: true });
  }
  const path = join(folder, "src", "core", file);
  const text = readFileSync(path, "utf8");
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(projectOf()));
  const tsc = join("node_modules", "typescript", "bin", "tsc");
  const built = await run(tsc, ["-p", folder]);
  if (built.code !== 0) throw new Error(`${file}: ${from} -> ${to}\n${built.output}`);
  const dist = ["--dist", join(folder, "dist")];
  const seeds = ["--from", "0", "--count", `${count}`, "--threads", "1"];
  const { code, output } = await run("scripts/soak.mjs", [...dist, ...seeds]);
  if (code === 0) return { kind: "survived" };
  if (code === undefined) return { kind: "caught", text: "hangs" };
  const [first] = /^.*seed \d+: .*$/m.exec(output) ?? [output.trim().split("\n").at(-1)];
  return { kind: "caught", text: first };
}

/** Types are not checked: some mutants have wrong ones. */
function projectOf() {
  return {
    extends: "../../../tsconfig.json",
    compilerOptions: {
      rootDir: "src",
      outDir: "dist",
      noCheck: true,
      incremental: false,
      tsBuildInfoFile: null,
      declaration: false,
      declarationMap: false,
      sourceMap: false,
      isolatedDeclarations: false,
    },
    include: [],
    files: ["src/testing/simulation/simulate.ts"],
  };
}

/** `code` undefined: it took too long. */
function run(script, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    let isLate = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (piece) => {
        output += piece;
      });
    }
    const timer = setTimeout(() => {
      isLate = true;
      child.kill("SIGKILL");
    }, longestMs);
    child.once("error", reject);
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code: isLate ? undefined : (code ?? 1), output });
    });
  });
}

function describe({ file, from, to, excuse, fault }, { kind, text }) {
  const what = fault ?? `${shorten(from)} -> ${shorten(to)}`;
  if (kind === "caught") return `caught    ${file}: ${what}\n          ${text}`;
  return `SURVIVED  ${file}: ${what}\n          ${excuse ?? "and nobody says why that is right"}`;
}

function shorten(code) {
  const line = code.replace(/\s+/g, " ").trim();
  return line === "" ? "(nothing)" : line;
}

function report(outcomes, seconds) {
  const survivors = outcomes.filter(({ kind }) => kind === "survived");
  const unexplained = survivors.filter(({ excuse }) => excuse === undefined);
  const needless = outcomes.filter(({ kind, excuse }) => kind === "caught" && excuse);
  for (const outcome of unexplained)
    process.stdout.write(`unexplained: ${describe(outcome, outcome)}\n`);
  for (const { file, from } of needless) {
    process.stdout.write(`caught, although explained: ${file}: ${shorten(from)}\n`);
  }
  const caught = outcomes.length - survivors.length;
  process.stdout.write(
    `${outcomes.length} mutants: ${caught} caught, ${survivors.length} survived, ` +
      `${unexplained.length} of them unexplained; ${seconds.toFixed(0)} s\n`,
  );
  process.exitCode = unexplained.length + needless.length > 0 ? 1 : 0;
}
