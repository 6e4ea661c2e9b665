/**
 * Mutants: plants small faults in the sources, one by one, and shows that each of them is found: in
 * the core by its simulation alone, elsewhere by the tests that the table names.
 *
 *   node scripts/mutants.mjs                 all of the tables in scripts/mutants/
 *   node scripts/mutants.mjs heap histogram  those in files whose name contains one of these
 *   node scripts/mutants.mjs --texts         only whether their texts stand in the files
 *
 * A table is an object: file of src -> entries [text, what replaces it, excuse], or for what the
 * simulation does not reach { tests: [files of src without .test.ts], mutants: entries }. A text stands
 * exactly once in its file; those that do not are listed together, and nothing runs: so a table
 * cannot lag behind the code unnoticed. An excuse says why nobody can notice the difference. Whoever
 * survives without one makes this fail, and so does one that is caught although it has one.
 *
 * How: what the simulation and the tests need is built once, the changed files once more, all
 * together. A mutant is a copy of that build with its one file in it, on which soak.mjs runs seeds
 * from 0 on until one fails, or the tests run one after the other until one fails. What hangs is
 * caught too. As many at a time as there are cores.
 */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { mutants as ofEnsembles } from "./mutants/ensembles.mjs";
import { mutants as ofInstances } from "./mutants/instances.mjs";
import { mutants as ofQueue } from "./mutants/queue.mjs";
import { mutants as ofRepositories } from "./mutants/repositories.mjs";
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

/** A test file that takes longer hangs. */
const longestTestMs = 60_000;

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const sources = "src";
const workplace = join(".build", "mutants");
const built = join(workplace, "dist");
const patterns = process.argv.slice(2).filter((word) => word !== "--texts");
const onlyTexts = process.argv.includes("--texts");

const tables = [
  ofQueue,
  ofScheduler,
  ofInstances,
  ofServer,
  ofSharing,
  ofEnsembles,
  ofRepositories,
];
const plan = tables
  .flatMap((table) => Object.entries(table))
  .flatMap(([file, table]) => {
    const { tests, mutants } = Array.isArray(table) ? { mutants: table } : table;
    return mutants.map(([from, to, excuse]) => ({ file, tests, from, to, excuse }));
  })
  .filter(({ file }) => patterns.length === 0 || patterns.some((part) => file.includes(part)));

const stale = plan.flatMap(({ file, from }) => {
  const count = readFileSync(join(sources, file), "utf8").split(from).length - 1;
  return count === 1 ? [] : [`  ${file}: ${count} times: ${JSON.stringify(from)}`];
});
if (stale.length > 0) {
  const what = `${stale.length} texts of scripts/mutants/ do not stand exactly once in their files:`;
  process.stderr.write(`${what}\n${stale.join("\n")}\n`);
  process.exitCode = 1;
} else if (!onlyTexts) await main();

async function main() {
  const startedMs = performance.now();
  rmSync(workplace, { recursive: true, force: true });
  await build();
  for (const unchanged of [await runSeeds(built, 20), await runTests(built, allTests())]) {
    if (unchanged.kind !== "survived") throw new Error(`unchanged it fails: ${unchanged.text}`);
  }
  const waiting = [...plan.entries()];
  const outcomes = [];
  const work = async (_, index) => {
    const dist = join(workplace, `dist-${index}`);
    cpSync(built, dist, { recursive: true });
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [number, mutant] = next;
      const name = mutant.file.replace(/ts$/, "js");
      cpSync(join(workplace, "changed", `${number}`, name), join(dist, name));
      const { tests } = mutant;
      const found = tests ? runTests(dist, tests) : runSeeds(dist, countFor(mutant));
      const outcome = { ...mutant, ...(await found) };
      cpSync(join(built, name), join(dist, name));
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
    files: [
      resolve("src/testing/simulation/simulate.ts"),
      resolve("src/executor/thread-main.ts"),
      ...allTests().map((test) => resolve(`src/${test}.test.ts`)),
    ],
  });
  const files = plan.map(({ file, from, to }, number) => {
    const path = resolve(workplace, "sources", `${number}`, file);
    mkdirSync(dirname(path), { recursive: true });
    const text = readFileSync(join(sources, file), "utf8");
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
    return path;
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

function allTests() {
  return [...new Set(plan.flatMap(({ tests }) => tests ?? []))];
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

async function runTests(dist, tests) {
  for (const test of tests) {
    const { code, output } = await run(join(dist, `${test}.test.js`), [], longestTestMs);
    if (code === 0) continue;
    const [text] = /^(✖|not ok) .*$/m.exec(output) ?? [output.trim().split("\n").at(-1)];
    return { kind: "caught", text: `${test}: ${text}` };
  }
  return { kind: "survived" };
}

function run(script, args, timeout) {
  return new Promise((settle, reject) => {
    const options = { stdio: ["ignore", "pipe", "pipe"], timeout };
    const child = spawn(process.execPath, [script, ...args], options);
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
