/**
 * Runs the workloads, interleaved with the floor, and prints medians and ratios.
 *
 *   npm run bench                     all workloads, 5 rounds of 3 s each
 *   npm run bench -- W1 --rounds 3    those whose name starts so
 *
 * Requests per processor second where the system tells it (Linux), because the wall clock of a
 * shared machine means little. Batched workloads (W2) are compared with the ideal of their model,
 * 32 rows in 5 + 0.2 * 32 ms, not with the floor. Streams (W5) have a table of their own.
 */
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { figuresOf, load, loadOverGrpc, loadTool } from "./load.mjs";
import { pathOf, startGrpcFloor, startHttpFloor, startShoal } from "./measured-servers.mjs";
import { cpuSeconds, memoryMib, stop } from "./servers.mjs";
import { streams, workloads } from "./workloads.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
  },
});
const rounds = Number(values.rounds);
const seconds = Number(values.seconds);
const idealRowsPerSecond = 32 / (0.005 + 0.0002 * 32);
const isChosen = ([name]) =>
  positionals.length === 0 || positionals.some((p) => name.startsWith(p));
const chosen = Object.entries(workloads).filter(isChosen);
const chosenStreams = Object.entries(streams)
  .filter(isChosen)
  .flatMap(([name, plan]) => [
    [`${name}, SSE`, { ...plan, transport: "sse", place: "http" }],
    [`${name}, gRPC`, { ...plan, transport: "grpc", place: "grpc" }],
  ]);

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};
const medianOf = (results, figure) => median(results.map((result) => result[figure]));

const shoal = await startShoal();
const running = [shoal];
const idleMib = memoryMib(shoal);
const results = new Map(chosen.map(([name]) => [name, { shoal: [], floor: [] }]));
const streamResults = new Map(chosenStreams.map(([name]) => [name, []]));
try {
  const floors = await startFloors();
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, workload] of chosen) {
      results.get(name).shoal.push(await measure(shoal, name, workload));
      const floor = floors.get(name);
      if (floor !== undefined) results.get(name).floor.push(await measure(floor, name, workload));
    }
    for (const [name, plan] of chosenStreams) {
      streamResults.get(name).push(await measureStreams(plan));
    }
  }
  const metrics = await (await fetch(shoal.metricsUrl)).text();
  print(metrics.split("\n").filter((line) => line.startsWith("shoal_event_loop_lag_seconds")));
} finally {
  for (const server of running) await stop(server);
}

/** By workload: one for HTTP, and one for each call over gRPC. */
async function startFloors() {
  const compared = chosen.filter(([, { isBatched }]) => !isBatched);
  const overHttp = compared.filter(([, { method }]) => method === undefined);
  const floors = new Map();
  if (overHttp.length > 0) {
    const floor = await startHttpFloor(shoal, overHttp);
    running.push(floor);
    for (const [name] of overHttp) floors.set(name, floor);
  }
  for (const [name, workload] of compared.filter(([, { method }]) => method !== undefined)) {
    const floor = await startGrpcFloor(shoal, workload);
    running.push(floor);
    floors.set(name, floor);
  }
  return floors;
}

async function measure(server, name, workload) {
  const { method, headers, body, connections } = workload;
  const before = cpuSeconds(server);
  const result =
    method === undefined
      ? await load({
          url: server.url + pathOf(name, workload),
          headers,
          body,
          connections,
          seconds,
        })
      : await loadOverGrpc({ host: server.grpc, method, body, connections, seconds });
  const cpu = cpuSeconds(server);
  const perCpuSecond = cpu === undefined ? result.perSecond : result.count / (cpu - before);
  return { ...result, perCpuSecond };
}

async function measureStreams({ transport, place, streams: count, count: tokens, gapUs }) {
  return await figuresOf("stream-load.mjs", [transport, shoal[place], count, tokens, gapUs]);
}

function print(lagLines) {
  console.log(
    `Node ${process.version}, ${cpus().length} cores, load by ${loadTool}; medians of ${rounds} x ${seconds} s`,
  );
  console.log(
    `start to listening ${shoal.startMs.toFixed(0)} ms, idle memory ${idleMib?.toFixed(0)} MiB`,
  );
  if (chosen.length > 0) printRequests();
  if (chosenStreams.length > 0) printStreams();
  console.log("");
  console.log(lagLines.join("\n"));
}

function printRequests() {
  console.log("");
  console.log("| workload | Shoal | floor or ideal | share | p50 ms | p99 ms |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: |");
  for (const [name, { isBatched }] of chosen) {
    const { shoal: ours, floor } = results.get(name);
    const figure = isBatched ? "perSecond" : "perCpuSecond";
    const mine = medianOf(ours, figure);
    const best = isBatched ? idealRowsPerSecond : medianOf(floor, figure);
    row(
      name,
      `${mine.toFixed(0)} ${isBatched ? "rows/s" : "per CPU s"}`,
      best.toFixed(0),
      `${((100 * mine) / best).toFixed(0)} %`,
      medianOf(ours, "p50Ms").toFixed(2),
      medianOf(ours, "p99Ms").toFixed(2),
    );
  }
}

function printStreams() {
  console.log("");
  console.log(
    "| streams | tokens/s | first ms | first p99 ms | gap p99 ms | pace of the slowest |",
  );
  console.log("| --- | ---: | ---: | ---: | ---: | ---: |");
  for (const [name, { gapUs }] of chosenStreams) {
    const ours = streamResults.get(name);
    row(
      name,
      medianOf(ours, "tokensPerSecond").toFixed(0),
      medianOf(ours, "firstMs").toFixed(2),
      medianOf(ours, "firstP99Ms").toFixed(2),
      medianOf(ours, "gapP99Ms").toFixed(2),
      gapUs === 0 ? "-" : `${(100 * medianOf(ours, "pace")).toFixed(1)} %`,
    );
  }
}

function row(...cells) {
  console.log(`| ${cells.join(" | ")} |`);
}
