/**
 * Runs the workloads, interleaved with the floor, and prints medians and ratios.
 *
 *   npm run bench                     all workloads, 5 rounds of 3 s each
 *   npm run bench -- W1 --rounds 3    those whose name starts so
 *
 * Requests per processor second where the system tells it (Linux), because the wall clock of a
 * shared machine means little. Batched workloads (W2) are compared with the ideal of their model,
 * 32 rows in 5 + 0.2 * 32 ms, not with the floor.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { load, loadTool } from "./load.mjs";
import { cpuSeconds, freePort, memoryMib, start, stop } from "./servers.mjs";
import { workloads } from "./workloads.mjs";

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
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const isChosen = (name) => positionals.length === 0 || positionals.some((p) => name.startsWith(p));
const chosen = Object.entries(workloads).filter(([name]) => isChosen(name));

const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
};

async function startShoal() {
  const [httpPort, metricsPort] = [await freePort(), await freePort()];
  const args = [
    here("../dist/cli/main.js"),
    "serve",
    here("models.mjs"),
    "--http-address=127.0.0.1",
  ];
  args.push(`--http-port=${httpPort}`, `--metrics-port=${metricsPort}`, "--allow-grpc=false");
  const server = await start(args, /Started Metrics Service/);
  const url = `http://127.0.0.1:${httpPort}`;
  return { ...server, url, metricsUrl: `http://127.0.0.1:${metricsPort}/metrics` };
}

/** The floor answers exactly what Shoal answered. */
async function startFloor(shoal) {
  const answers = {};
  for (const [name, { path, headers, body, isBatched }] of Object.entries(workloads)) {
    if (isBatched) continue;
    const response = await fetch(shoal.url + path, { method: "POST", headers, body });
    if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    const answer = { "Content-Length": bytes.length };
    for (const key of ["content-type", "inference-header-content-length", "server-timing"]) {
      if (response.headers.has(key)) answer[key] = response.headers.get(key);
    }
    answers[`${path}?${encodeURIComponent(name)}`] = {
      headers: answer,
      body: bytes.toString("base64"),
    };
  }
  const answersPath = join(mkdtempSync(join(tmpdir(), "shoal-floor-")), "answers.json");
  writeFileSync(answersPath, JSON.stringify(answers));
  const port = await freePort();
  const server = await start([here("floor.mjs"), answersPath, String(port)], /listening/);
  return { ...server, url: `http://127.0.0.1:${port}` };
}

async function measure(server, name, { path, headers, body, connections }) {
  const url = `${server.url}${path}?${encodeURIComponent(name)}`;
  const before = cpuSeconds(server);
  const result = await load({ url, headers, body, connections, seconds });
  const cpu = cpuSeconds(server);
  const perCpuSecond = cpu === undefined ? result.perSecond : result.count / (cpu - before);
  return { ...result, perCpuSecond };
}

const shoal = await startShoal();
const idleMib = memoryMib(shoal);
const floor = await startFloor(shoal);
const results = new Map(chosen.map(([name]) => [name, { shoal: [], floor: [] }]));
try {
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, workload] of chosen) {
      results.get(name).shoal.push(await measure(shoal, name, workload));
      if (!workload.isBatched) results.get(name).floor.push(await measure(floor, name, workload));
    }
  }
  const metrics = await (await fetch(shoal.metricsUrl)).text();
  print(metrics.split("\n").filter((line) => line.startsWith("shoal_event_loop_lag_seconds")));
} finally {
  await stop(shoal);
  await stop(floor);
}

function print(lagLines) {
  console.log(
    `Node ${process.version}, ${cpus().length} cores, load by ${loadTool}; medians of ${rounds} x ${seconds} s`,
  );
  console.log(
    `start to listening ${shoal.startMs.toFixed(0)} ms, idle memory ${idleMib?.toFixed(0)} MiB`,
  );
  console.log("");
  console.log("| workload | Shoal | floor or ideal | share | p50 ms | p99 ms |");
  console.log("| --- | ---: | ---: | ---: | ---: | ---: |");
  for (const [name, workload] of chosen) {
    const { shoal: ours, floor: bare } = results.get(name);
    const figure = workload.isBatched ? "perSecond" : "perCpuSecond";
    const mine = median(ours.map((result) => result[figure]));
    const best = workload.isBatched
      ? idealRowsPerSecond
      : median(bare.map((result) => result[figure]));
    const unit = workload.isBatched ? "rows/s" : "per CPU s";
    const columns = [
      name,
      `${mine.toFixed(0)} ${unit}`,
      best.toFixed(0),
      `${((100 * mine) / best).toFixed(0)} %`,
      median(ours.map((result) => result.p50Ms)).toFixed(2),
      median(ours.map((result) => result.p99Ms)).toFixed(2),
    ];
    console.log(`| ${columns.join(" | ")} |`);
  }
  console.log("");
  console.log(lagLines.join("\n"));
}
