/**
 * Fresh clone: what somebody meets who has just cloned the repository, with nothing but Node and
 * npm. A copy of the tracked files goes into a temporary folder; there
 *
 *   1. `npm start` and `npm test`, both at once, with nothing installed: the server answers;
 *   2. `npm test` again: nothing is installed or built;
 *   3. after `npm ci` by hand: nothing is installed;
 *   4. with a mistake in a source: it says so, and what was built before stays.
 *
 * Ends with exit code 1, and says what was wrong.
 */
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { npmCommand } from "./npm-command.mjs";

const source = fileURLToPath(new URL("..", import.meta.url));
const clone = mkdtempSync(join(tmpdir(), "shoal-clone-"));
const children = [];

try {
  for (const path of trackedFiles()) cpSync(join(source, path), join(clone, path));
  await bothAtOnce();
  await again();
  await afterInstallByHand();
  await withMistake();
  console.log("a fresh clone starts and tests itself");
} catch (error) {
  console.log(error.message);
  process.exitCode = 1;
} finally {
  // What npm runs ends with it.
  for (const child of children) child.kill("SIGTERM");
  rmSync(clone, { recursive: true, force: true });
}

function trackedFiles() {
  const names = execFileSync("git", ["ls-files", "-z"], { cwd: source, encoding: "utf8" });
  return names.split("\0").filter((name) => name !== "");
}

async function bothAtOnce() {
  const server = start(["start", "--", "--http-address=127.0.0.1", "--http-port=0"], {
    SHOAL_GRPC_PORT: "0",
    SHOAL_METRICS_PORT: "0",
  });
  const [address, tested] = await Promise.all([
    server.saw(/Started HTTPService at (\S+:\d+)"/),
    start(["test", "--", "protocol/shape"]).ended,
  ]);
  expect(tested, 0, /pass [1-9]/);
  const response = await fetch(`http://${address}/v2/models/linear/infer`, {
    method: "POST",
    body: '{"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[1,2]}]}',
  });
  const { outputs } = await response.json();
  if (String(outputs[0].data) !== "-1,-2") throw new Error(`it answered ${outputs[0].data}`);
  server.child.kill("SIGTERM");
  await server.ended;
}

async function again() {
  const tested = await start(["test", "--", "protocol/shape"]).ended;
  expect(tested, 0, /pass [1-9]/);
  if (tested.output.includes("ready:")) throw new Error(`it was ready, and yet:\n${tested.output}`);
}

async function afterInstallByHand() {
  expect(await start(["ci", "--no-audit", "--no-fund"]).ended, 0, /(?:)/);
  const tested = await start(["test", "--", "protocol/shape"]).ended;
  expect(tested, 0, /pass [1-9]/);
  if (tested.output.includes("installing")) throw new Error(`installed twice:\n${tested.output}`);
}

async function withMistake() {
  const built = join(clone, "dist/protocol/shape.js");
  const before = readFileSync(built, "utf8");
  appendFileSync(join(clone, "src/protocol/shape.ts"), "\nexport const wrong: string = 1;\n");
  expect(await start(["test"]).ended, 1, /shape\.ts/);
  if (readFileSync(built, "utf8") !== before) throw new Error("a build that failed left traces");
}

function expect({ code, output }, expectedCode, pattern) {
  if (code === expectedCode && pattern.test(output)) return;
  throw new Error(`expected exit code ${expectedCode} and ${pattern}; got ${code}:\n${output}`);
}

/** npm in the clone; all it prints is kept. */
function start(args, env = {}) {
  const npm = npmCommand(args);
  const child = spawn(npm.command, npm.args, {
    ...npm.options,
    cwd: clone,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let output = "";
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  });
  const saw = (pattern) =>
    new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(output);
        if (match !== null) resolve(match[1]);
      };
      child.stdout.on("data", look);
      ended.then(() => reject(new Error(`npm ${args.join(" ")} ended:\n${output}`)), reject);
    });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  return { child, ended, saw };
}
