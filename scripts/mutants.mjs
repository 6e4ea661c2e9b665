/**
 * Mutants: plants small faults in the core, one by one, and shows that the simulation alone finds
 * each of them.
 *
 *   node scripts/mutants.mjs                 all of the tables in scripts/mutants/
 *   node scripts/mutants.mjs heap histogram  those in files whose name contains one of these
 *
 * A table is an object: file of src/core -> entries [text, what replaces it, excuse]. A text stands
 * exactly once in its file; those that do not are listed together, and nothing runs: so a table
 * cannot lag behind the code unnoticed. An excuse says why nobody can notice the difference. Whoever
 * survives without one makes this fail, and so does one that is caught although it has one.
 *
 * How: what the simulation needs is built once, the changed files once more, all together. A mutant
 * is a copy of that build with its one file in it, on which soak.mjs runs seeds from 0 on until one
 * fails. A run that hangs is caught too. As many at a time as there are cores.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { mutants as ofInstances } from "./mutants/instances.mjs";
import { mutants as ofQueue } from "./mutants/queue.mjs";
import { mutants as ofScheduler } from "./mutants/scheduler.mjs";
import { mutants as ofServer } from "./mutants/server.mjs";
import { mutants as ofSharing } from "./mutants/sharing.mjs";

/**
 * Half as many again as `npm test` runs. Most mutants are caught by the first dozen, a few need
 * hundreds, one needs 2,886.
 */
const seedCount = 3000;

/** For those that nobody can notice: enough to see that they do not crash. */
const seedCountExcused = 100;

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const core = join("src", "core");
const workplace = join(".build", "mutants");
const built = join(workplace, "dist");
const patterns = process.argv.slice(2);

const plan = [ofQueue, ofScheduler, ofInstances, ofServer, ofSharing]
  .flatMap((table) => Object.entries(table))
  .flatMap(([file, entries]) => entries.map(([from, to, excuse]) => ({ file, from, to, excuse })))
  .filter(({ file }) => patterns.length === 0 || patterns.some((part) => file.includes(part)));

const stale = plan.flatMap(({ file, from }) => {
  const count = readFileSync(join(core, file), "utf8").split(from).length - 1;
  return count === 1 ? [] : [`  ${file}: ${count} times: ${JSON.stringify(from)}`];
});
if (stale.length > 0) {
  const what = `${stale.length} texts of scripts/mutants/ do not stand exactly once in their files:`;
  process.stderr.write(`${what}\n${stale.join("\n")}\n`);
  process.exitCode = 1;
} else await main();

async function main() {
  const startedMs = performance.now();
  rmSync(workplace, { recursive: true, force: true });
  await build();
  const unchanged = await runSeeds(built, 20);
  if (unchanged.kind !== "survived") throw new Error(`the unchanged core fails: ${unchanged.text}`);
  const waiting = [...plan.entries()];
  const outcomes = [];
  const work = async (_, index) => {
    const dist = join(workplace, `dist-${index}`);
    cpSync(built, dist, { recursive: true });
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [number, mutant] = next;
      const name = mutant.file.replace(/ts$/, "js");
      cpSync(join(workplace, "changed", `${number}`, name), join(dist, "core", name));
      const outcome = { ...mutant, ...(await runSeeds(dist, countFor(mutant))) };
      cpSync(join(built, "core", name), join(dist, "core", name));
      outcomes.push(outcome);
      process.stdout.write(`${describe(outcome)}\n`);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  rmSync(workplace, { recursive: true, force: true });
  report(outcomes, (performance.now() - startedMs) / 1000);
}

/** Types are not checked: some mutants have wrong ones. */
async function build() {
  const options = {
    outDir: "dist",
    noCheck: true,
    incremental: false,
    tsBuildInfoFile: null,
    declaration: false,
    declarationMap: false,
    sourceMap: false,
    isolatedDeclarations: false,
  };
  await compile("all", {
    compilerOptions: { ...options, rootDir: resolve("src") },
    files: [resolve("src/testing/simulation/simulate.ts")],
  });
  const files = plan.map(({ file, from, to }, number) => {
    const folder = join(workplace, "sources", `${number}`);
    mkdirSync(folder, { recursive: true });
    const text = readFileSync(join(core, file), "utf8");
    writeFileSync(
      join(folder, file),
      text.replace(from, () => to),
    );
    return resolve(folder, file);
  });
  const alone = { noResolve: true, types: [] };
  const rootDir = resolve(workplace, "sources");
  const changed = { ...options, ...alone, rootDir, outDir: "changed" };
  await compile("changed", { compilerOptions: changed, files });
}

async function compile(name, { compilerOptions, files }) {
  mkdirSync(workplace, { recursive: true });
  const path = join(workplace, `tsconfig.${name}.json`);
  const project = { extends: resolve("tsconfig.json"), compilerOptions, include: [], files };
  writeFileSync(path, JSON.stringify(project));
  const tsc = join("node_modules", "typescript", "bin", "tsc");
  const { code, output } = await run(tsc, ["-p", path]);
  if (code !== 0) throw new Error(output);
}

function countFor({ excuse }) {
  return excuse === undefined ? seedCount : seedCountExcused;
}

async function runSeeds(dist, count) {
  const seeds = ["--from", "0", "--count", `${count}`, "--threads", "1"];
  const { code, output } = await run(join("scripts", "soak.mjs"), ["--dist", dist, ...seeds]);
  if (code === 0) return { kind: "survived" };
  const [text] = /^.*seeds? \d+.*: .*$/m.exec(output) ?? [output.trim().split("\n").at(-1)];
  return { kind: "caught", text };
}

function run(script, args) {
  return new Promise((settle, reject) => {
    const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (piece) => {
        output += piece;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => settle({ code: code ?? 1, output }));
  });
}

function describe({ file, from, to, excuse, kind, text }) {
  const what = `${file}: ${shorten(from)} -> ${shorten(to)}`;
  if (kind === "caught") return `caught    ${what}\n          ${text}`;
  return `SURVIVED  ${what}\n          ${excuse ?? "and nobody says why that is right"}`;
}

function shorten(code) {
  const line = code.replace(/\s+/g, " ").trim();
  return line === "" ? "(nothing)" : line;
}

function report(outcomes, seconds) {
  const survivors = outcomes.filter(({ kind }) => kind === "survived");
  const unexplained = survivors.filter(({ excuse }) => excuse === undefined);
  const needless = outcomes.filter(({ kind, excuse }) => kind === "caught" && excuse);
  const tell = (title, some) => {
    if (some.length === 0) return;
    process.stdout.write(`\n${title}:\n${some.map(describe).join("\n")}\n`);
  };
  tell(
    "explained",
    survivors.filter(({ excuse }) => excuse !== undefined),
  );
  tell("not explained", unexplained);
  tell("caught, although explained", needless);
  const caught = outcomes.length - survivors.length;
  process.stdout.write(
    `\n${outcomes.length} mutants: ${caught} caught, ${survivors.length} survived, ` +
      `${unexplained.length} of them unexplained; ${seconds.toFixed(0)} s\n`,
  );
  process.exitCode = unexplained.length + needless.length > 0 ? 1 : 0;
}
