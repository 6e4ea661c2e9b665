/**
 * `shoal serve`, which answers the program that started it (watched-server.mjs) what it asks by
 * message: its memory after a collection, and the ticks of its event loop that took long.
 *
 *   node --expose-gc bench/watched-serve.mjs serve ...
 *
 * Of each such tick it tells for how long the main thread ran, for how long it was ready to run and
 * had no core, and how many cores other programs had meanwhile; and of all ticks for how long the
 * main thread ran at most. Linux tells; elsewhere it is 0.
 */
import { readFileSync } from "node:fs";

const intervalMs = 5;
const longMs = 50;
const msPerJiffy = 10;

const read = (path) => readFileSync(path, "latin1");

/** Milliseconds so far: of the main thread on a core and waiting for one, of us, of all programs. */
function schedule() {
  try {
    const [runNs, waitNs] = read(`/proc/self/task/${process.pid}/schedstat`).split(" ");
    const all = read("/proc/stat").split("\n", 1)[0].split(/ +/).slice(1).map(Number);
    const [user, nice, system, , , irq, softirq, steal] = all;
    const { user: ownUser, system: ownSystem } = process.cpuUsage();
    return {
      runMs: Number(runNs) / 1e6,
      waitMs: Number(waitNs) / 1e6,
      ownMs: (ownUser + ownSystem) / 1e3,
      allMs: (user + nice + system + irq + softirq + steal) * msPerJiffy,
    };
  } catch {
    return { runMs: 0, waitMs: 0, ownMs: 0, allMs: 0 };
  }
}

let long = [];
let tickCount = 0;
let longestRunMs = 0;
let atMs = performance.now();
let before = schedule();
let since = { atMs, ...before };

function coresOfOthers(from, to, tookMs) {
  return Math.max(0, to.allMs - from.allMs - (to.ownMs - from.ownMs)) / tookMs;
}

setInterval(() => {
  const nowMs = performance.now();
  const now = schedule();
  const tookMs = nowMs - atMs;
  tickCount += 1;
  longestRunMs = Math.max(longestRunMs, now.runMs - before.runMs);
  if (tookMs - intervalMs > longMs) {
    const [runMs, waitMs] = [now.runMs - before.runMs, now.waitMs - before.waitMs];
    long.push({ tookMs, runMs, waitMs, otherCores: coresOfOthers(before, now, tookMs) });
  }
  atMs = nowMs;
  before = now;
}, intervalMs).unref();

function ticks() {
  const nowMs = performance.now();
  const now = schedule();
  const seconds = (nowMs - since.atMs) / 1000;
  const otherCores = coresOfOthers(since, now, nowMs - since.atMs);
  const answer = { seconds, count: tickCount, long, longestRunMs, otherCores };
  long = [];
  tickCount = 0;
  longestRunMs = 0;
  since = { atMs: nowMs, ...now };
  return answer;
}

async function memory() {
  // What finalizers let go is collected by the next one.
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const status = read("/proc/self/status");
  const field = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  const { heapUsed, external } = process.memoryUsage();
  return {
    rssMib: field("VmRSS") / 1024,
    peakMib: field("VmHWM") / 1024,
    heapMib: heapUsed / 2 ** 20,
    externalMib: external / 2 ** 20,
    threads: field("Threads"),
  };
}

async function answer({ id, ask }) {
  process.send({ id, answer: ask === "memory" ? await memory() : ticks() });
}

process.on("message", (question) => void answer(question));
process.channel.unref();
// Whoever is gone asks for nothing more.
process.once("disconnect", () => process.exit());

await import("../dist/cli/main.js");
