/**
 * Ready: makes a checkout ready to run. Installs what package-lock.json asks for and builds what
 * the sources say, and does neither when nothing changed: then it costs a fraction of a second.
 *
 *   node scripts/ready.mjs           src/ -> dist/
 *   node scripts/ready.mjs --tests   the same, and test/ -> dist-test/
 *
 * Installed is what npm itself wrote down in node_modules/.package-lock.json, so an `npm ci` by
 * hand counts. Built is what the stamp beside the outputs says: a hash of all sources, by content
 * (a checkout changes times), and the list of outputs.
 *
 * A build goes into a folder beside (`dist.next`, as deep as `dist`, so that source maps fit) and
 * is then renamed over, file by file and only where the content differs. At no moment is a file
 * missing, so a server that runs from `dist` still finds its threads' entry and whatever it
 * imports late. A build that fails changes nothing.
 *
 * Two of these at a time (`npm start` and `npm test` in a fresh clone) take turns: ready-lock.mjs.
 * All output goes to stderr. This file may use nothing but Node: nothing is installed yet.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { npmCommand } from "./npm-command.mjs";
import { withLock } from "./ready-lock.mjs";

const lockFolder = ".build/ready.lock";

const builds = {
  dist: { project: "tsconfig.json", sources: "src" },
  "dist-test": { project: "test/tsconfig.json", sources: "test", isOnTopOf: "dist" },
};

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const wanted = process.argv.includes("--tests") ? ["dist", "dist-test"] : ["dist"];

try {
  if (!isReady()) await withLock(lockFolder, makeReady);
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}

function isReady() {
  return isInstalled() && wanted.every(isBuilt);
}

async function makeReady() {
  if (!isInstalled()) await install();
  for (const output of wanted) if (!isBuilt(output)) await build(output);
}

/** Is each package of the lock file in node_modules, in its version? Surplus ones may stay. */
function isInstalled() {
  const locked = readJson("package-lock.json")?.packages ?? {};
  const installed = readJson("node_modules/.package-lock.json")?.packages;
  if (installed === undefined) return false;
  return Object.entries(locked).every(([path, entry]) => {
    if (path === "" || entry.link) return true;
    const found = installed[path];
    // An optional package for another platform is in the lock file and nowhere else.
    if (found === undefined) return entry.optional === true;
    const isSame = found.version === entry.version && found.integrity === entry.integrity;
    return isSame && existsSync(join(path, "package.json"));
  });
}

/** `--include=dev`: without it NODE_ENV=production or --omit=dev would leave out the compiler. */
async function install() {
  say("installing packages (npm ci)");
  const npm = npmCommand(["ci", "--include=dev", "--no-audit", "--no-fund"]);
  await run(npm.command, npm.args, npm.options);
}

function isBuilt(output) {
  const stamp = readJson(join(output, ".ready.json"));
  if (stamp?.sourceHash !== hashOfSources(output)) return false;
  return stamp.outputs.every((path) => existsSync(join(output, path)));
}

async function build(output) {
  const { project } = builds[output];
  const sourceHash = hashOfSources(output);
  const next = `${output}.next`;
  say(`building ${output}`);
  rmSync(next, { recursive: true, force: true });
  const tsc = join("node_modules", "typescript", "bin", "tsc");
  const whole = ["--incremental", "false", "--tsBuildInfoFile", "null", "--noEmitOnError"];
  await run(process.execPath, [tsc, "-p", project, "--outDir", next, ...whole]);
  copyGenerated(output, next);
  const outputs = filesUnder(next);
  for (const path of outputs) moveIfChanged(join(next, path), join(output, path));
  for (const path of filesUnder(output)) {
    if (!outputs.includes(path)) rmSync(join(output, path));
  }
  writeFileSync(join(next, ".ready.json"), JSON.stringify({ sourceHash, outputs }));
  renameSync(join(next, ".ready.json"), join(output, ".ready.json"));
  rmSync(next, { recursive: true, force: true });
}

/** Code that is JavaScript already, and its types: the compiler passes it over. */
function copyGenerated(output, next) {
  const { sources } = builds[output];
  mkdirSync(next, { recursive: true });
  for (const path of filesUnder(sources)) {
    if (!/\/generated\/[^/]+(\.js|\.d\.ts)$/.test(path)) continue;
    mkdirSync(dirname(join(next, path)), { recursive: true });
    copyFileSync(join(sources, path), join(next, path));
  }
}

function moveIfChanged(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  if (existsSync(to) && readFileSync(to).equals(readFileSync(from))) return;
  renameSync(from, to);
}

/** Everything an output is made of: its sources, the compiler's settings, the packages. */
function hashOfSources(output) {
  const { sources, isOnTopOf } = builds[output];
  const settings = readdirSync(".").filter((name) => /^tsconfig.*\.json$/.test(name));
  const paths = [...settings, "package.json", "package-lock.json", ...filesUnder(sources, sources)];
  const hash = createHash("sha256");
  for (const path of paths.sort()) {
    hash.update(`${path}\0`).update(readFileSync(path)).update("\0");
  }
  if (isOnTopOf !== undefined) hash.update(hashOfSources(isOnTopOf));
  return hash.digest("hex");
}

/** Paths with `/`, relative to the folder unless another prefix is given. */
function filesUnder(folder, prefix = "") {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .map((path) => join(prefix, path).split(sep).join("/"));
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

function say(line) {
  process.stderr.write(`ready: ${line}\n`);
}

/** Not spawnSync: the lock's sign of life needs the event loop. */
async function run(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ["ignore", 2, 2], ...options });
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status) => resolve(status ?? 1));
  });
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with exit code ${code}`);
}
