/**
 * Runs the built tests with node:test: those beside the sources (dist/) and those of test/
 * (dist-test/). `npm test` builds first; the exit code is node:test's.
 *
 *   npm test                          all
 *   npm test -- batcher               files whose path contains "batcher"
 *   npm test -- --test-name-pattern=x every other argument goes to node
 *
 * What is in a folder `browser` needs Chromium, and runs where it is asked for by that name.
 *
 * Files are found by walking: shell patterns mean something else, or nothing, on Windows.
 */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";

/** A test that hangs fails after this: by name, instead of holding everything up. */
const timeoutMs = 5 * 60_000;

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const args = process.argv.slice(2);
const flags = args.filter((arg) => arg.startsWith("-"));
const patterns = args.filter((arg) => !arg.startsWith("-"));
const files = ["dist", "dist-test"].flatMap(testsUnder).filter(isWanted);

if (files.length === 0) {
  process.stderr.write(`no test file matches ${patterns.join(" ")}; build first: npm test\n`);
  process.exitCode = 1;
} else {
  // Most tests wait for sockets and threads rather than compute: two at a time even on two cores.
  const concurrency = Math.max(2, availableParallelism() - 1);
  const options = [
    "--test",
    "--test-reporter=spec",
    `--test-timeout=${timeoutMs}`,
    `--test-concurrency=${concurrency}`,
  ];
  const child = spawn(process.execPath, [...options, ...flags, ...files], { stdio: "inherit" });
  // The terminal sends SIGINT to the whole group: the child ends first, and its code is ours.
  process.on("SIGINT", () => {});
  child.once("exit", (code) => {
    process.exitCode = code ?? 1;
  });
}

function isWanted(path) {
  const plain = path.split(sep).join("/");
  if (plain.includes("/browser/")) return patterns.some((pattern) => pattern.includes("browser"));
  return patterns.length === 0 || patterns.some((pattern) => plain.includes(asBuilt(pattern)));
}

/** `src/core/x.test.ts` is what one types, `dist/core/x.test.js` what runs. */
function asBuilt(pattern) {
  return pattern
    .replace(/^src\//, "dist/")
    .replace(/^test\//, "dist-test/")
    .replace(/\.ts$/, ".js");
}

function testsUnder(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.js"))
    .map((path) => join(folder, path))
    .sort();
}
