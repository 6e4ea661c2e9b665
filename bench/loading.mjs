/**
 * How fast models of a repository load, what that takes, and whether it disturbs who is served.
 *
 *   node bench/loading.mjs [--models 50] [--rounds 5] [--at-once 4]
 *
 * First the start of a server with no model, with one, and with all; then, in one server with steady
 * traffic for a model of its own, in turns: nothing, for as long as loads take; all others load at
 * once, asked for by as many calls; they are unloaded. Prints medians, and of all rounds the ticks
 * of the event loop over 50 ms.
 */

import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { addSubGraph } from "../dist/testing/onnx-graphs.js";
import { repositoryOf } from "./repositories.mjs";
import { steadyLoad, WatchedServer } from "./watched-server.mjs";

const { values } = parseArgs({
  options: {
    models: { type: "string", default: "50" },
    rounds: { type: "string", default: "5" },
    "at-once": { type: "string", default: "" },
  },
});
const rounds = Number(values.rounds);
const atOnce = values["at-once"];
const flags = atOnce === "" ? [] : [`--model-load-thread-count=${atOnce}`];
const graph = addSubGraph();
const names = Array.from({ length: Number(values.models) }, (_, index) => `m${index}`);
const repository = (some) => {
  return repositoryOf(Object.fromEntries(some.map((name) => [`${name}/1/model.onnx`, graph])));
};
const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];
const row = (...cells) => console.log(`| ${cells.join(" | ")} |`);
const sumOf = (list, numberOf) => list.reduce((sum, each) => sum + numberOf(each), 0);

/** Milliseconds until it listens, and MiB at most until then. */
async function startWith(folder) {
  const server = await WatchedServer.start([`--model-repository=${folder}`, ...flags]);
  const { peakMib } = await server.memory();
  await server.stop();
  return { startMs: server.startMs, peakMib };
}

const folders = { none: repository([]), one: repository(["m0"]), all: repository(names) };
const starts = { none: [], one: [], all: [] };
for (let round = 0; round < rounds; round += 1) {
  for (const [what, folder] of Object.entries(folders)) starts[what].push(await startWith(folder));
}
row(`at the start (${rounds} rounds)`, "until it listens", "memory at most");
row("---", "---:", "---:");
for (const [what, list] of Object.entries(starts)) {
  const ms = median(list.map(({ startMs }) => startMs)).toFixed(0);
  const mib = median(list.map(({ peakMib }) => peakMib)).toFixed(0);
  row(what === "all" ? names.length : what, `${ms} ms`, `${mib} MiB`);
}

const busy = repositoryOf(
  Object.fromEntries(["busy", ...names].map((name) => [`${name}/1/model.onnx`, graph])),
);
const server = await WatchedServer.start([
  `--model-repository=${busy}`,
  "--model-control-mode=explicit",
  "--load-model=busy",
  ...flags,
]);
const load = await steadyLoad(server, { model: "busy", inFlight: 2, pauseMs: 5 });
const inTurns = { idle: [], loading: [] };
const tookMs = [];
let mostAtOnce = 0;
try {
  await pause(1000);
  for (let round = 0; round < rounds; round += 1) {
    await server.ticks();
    const beganMs = performance.now();
    const loads = names.map((name) => server.post(`v2/repository/models/${name}/load`));
    let hasEnded = false;
    const all = Promise.all(loads).finally(() => {
      hasEnded = true;
    });
    while (!hasEnded) {
      const index = await server.post("v2/repository/index");
      const loading = index.filter(({ state }) => state === "LOADING");
      mostAtOnce = Math.max(mostAtOnce, loading.length);
      await pause(20);
    }
    await all;
    tookMs.push(performance.now() - beganMs);
    inTurns.loading.push(await server.ticks());
    await Promise.all(names.map((name) => server.post(`v2/repository/models/${name}/unload`)));
    while ((await server.memory()).threads > 20) await pause(100);
    await server.ticks();
    await pause(tookMs.at(-1));
    inTurns.idle.push(await server.ticks());
  }
} finally {
  const { http, grpc } = await load.stop();
  console.log(`\n${names.length} loads under traffic: ${median(tookMs).toFixed(0)} ms`);
  console.log(`loading at once, at most: ${mostAtOnce}\n`);
  row(
    "",
    "time",
    "ticks over 50 ms",
    "longest",
    "longest on a core",
    "cores of others",
    "ticks in rounds without them",
  );
  row("---", ...Array(6).fill("---:"));
  for (const [what, list] of Object.entries(inTurns)) {
    const long = list.flatMap((each) => each.long);
    const quiet = list.filter(({ otherCores }) => otherCores < 0.1);
    row(
      what,
      `${sumOf(list, ({ seconds }) => seconds).toFixed(0)} s`,
      long.length,
      `${Math.max(0, ...long.map((tick) => tick.tookMs)).toFixed(0)} ms`,
      `${Math.max(...list.map(({ longestRunMs }) => longestRunMs)).toFixed(0)} ms`,
      median(list.map(({ otherCores }) => otherCores)).toFixed(2),
      `${quiet.flatMap((each) => each.long).length} in ${quiet.length}`,
    );
  }
  console.log(JSON.stringify({ http, grpc }));
  console.log(JSON.stringify(await server.memory()));
  await server.stop();
}
