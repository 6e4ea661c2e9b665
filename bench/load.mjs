/**
 * Load for the benchmarks: wrk where it is installed, else autocannon from npm. Closed loop:
 * each connection sends its next request when the last one is answered.
 *
 * Both report requests per second and latency percentiles; any answer but 200 is a failure,
 * because a fast error is no result.
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import autocannon from "autocannon";

const hasWrk = spawnSync("wrk", ["-v"]).error === undefined;
const hasTaskset = process.platform === "linux" && spawnSync("taskset", ["-V"]).error === undefined;
export const loadTool = hasWrk ? "wrk" : "autocannon";

/** Prefix that keeps a process on one core, where the system can. */
export function onCore(core, command) {
  return hasTaskset ? ["taskset", "-c", String(core), ...command] : command;
}

/** A program of this folder on the core of the load, which prints its figures as JSON. */
export async function figuresOf(program, args) {
  const path = fileURLToPath(new URL(program, import.meta.url));
  return await figuresOfCommand([process.execPath, path, ...args.map(String)]);
}

/** The same of any other program. */
export async function figuresOfCommand(command) {
  const [program, ...rest] = onCore(1, command);
  return JSON.parse(await output(program, rest.map(String)));
}

/** As `load`, over gRPC. */
export async function loadOverGrpc({ host, method, body, connections, seconds }) {
  const bodyPath = join(mkdtempSync(join(tmpdir(), "shoal-bench-")), "message");
  writeFileSync(bodyPath, body);
  return await figuresOf("grpc-load.mjs", [host, method, bodyPath, connections, seconds]);
}

/** @returns {Promise<{ perSecond: number, p50Ms: number, p99Ms: number, count: number }>} */
export function load({ url, headers, body, connections, seconds }) {
  const plan = { url, headers, body, connections, seconds };
  return hasWrk ? loadWithWrk(plan) : loadWithAutocannon(plan);
}

async function loadWithWrk({ url, headers, body, connections, seconds }) {
  const folder = mkdtempSync(join(tmpdir(), "shoal-bench-"));
  const bodyPath = join(folder, "body");
  const scriptPath = join(folder, "post.lua");
  writeFileSync(bodyPath, body);
  const headerLines = Object.entries(headers).map(
    ([name, value]) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(String(value))}`,
  );
  writeFileSync(
    scriptPath,
    `wrk.method = "POST"\nwrk.body = io.open(${JSON.stringify(bodyPath)}, "rb"):read("*a")\n${headerLines.join("\n")}\n`,
  );
  const flags = ["-t1", `-c${connections}`, `-d${seconds}s`, "--latency", "-s", scriptPath, url];
  const [command, ...args] = onCore(1, ["wrk", ...flags]);
  const text = await output(command, args);
  if (/Non-2xx|Socket errors/.test(text)) throw new Error(`failed requests:\n${text}`);
  const perSecond = Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]);
  const count = Number(/(\d+) requests in/.exec(text)?.[1]);
  return { perSecond, count, p50Ms: percentile(text, 50), p99Ms: percentile(text, 99) };
}

function percentile(text, percent) {
  const match = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s)`, "m").exec(text);
  return Number(match?.[1]) * { us: 0.001, ms: 1, s: 1000 }[match?.[2]];
}

async function loadWithAutocannon({ url, headers, body, connections, seconds }) {
  const result = await autocannon({
    url,
    method: "POST",
    headers,
    body,
    connections,
    duration: seconds,
  });
  if (result.non2xx + result.errors > 0)
    throw new Error(`${result.non2xx + result.errors} failed requests`);
  return {
    perSecond: result.requests.total / result.duration,
    count: result.requests.total,
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}

function output(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (chunk) => {
      text += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(text) : reject(new Error(`${command}: ${text}`)),
    );
  });
}
