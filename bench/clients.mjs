/**
 * Our client beside Triton's own (`tritonclient` of PyPI): requests per second and processor time of
 * one, against the same server, in turns; medians.
 *
 *   node bench/clients.mjs [--python PATH] [--rounds 5] [--seconds 2] [--only http|grpc] [--all]
 *
 * PATH is a Python with `tritonclient[all]` (default: `TRITON_PYTHON`, else `python3`). One process
 * each, on one core; the server has the other one. Of Triton's ways to have many requests in flight
 * the one with the most requests per second counts; --all prints all of them.
 *
 * Requests per second are those of the machine's bad moments, too; the processor time is the steadier
 * figure.
 */
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { figuresOf, figuresOfCommand } from "./load.mjs";
import { startShoal } from "./measured-servers.mjs";
import { stop } from "./servers.mjs";

const { values } = parseArgs({
  options: {
    python: { type: "string", default: process.env["TRITON_PYTHON"] ?? "python3" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "2" },
    only: { type: "string", default: "" },
    all: { type: "boolean", default: false },
  },
});

const importing = ["-c", "import tritonclient.http.aio, tritonclient.grpc.aio"];
const hasTriton = spawnSync(values.python, importing).status === 0;
if (!hasTriton) {
  console.error(
    `${values.python} has no tritonclient: pip install 'tritonclient[all]', and name its Python by --python`,
  );
  process.exit(1);
}

const ways = {
  http: ["threads", "greenlets", "async", "aio"],
  grpc: ["threads", "async", "aio"],
};
const kinds = { small: "16 INT32", image: "600 kB FP32" };
const theirs = fileURLToPath(new URL("client_load.py", import.meta.url));

const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const medians = (all) => ({
  perSecond: median(all.map(({ perSecond }) => perSecond)),
  cpuMicros: median(all.map(({ cpuMicros }) => cpuMicros)),
});

async function measure(url, kind, inFlight, theirWays) {
  const args = [url, kind, inFlight, values.seconds];
  const got = new Map(["ours", ...theirWays].map((who) => [who, []]));
  for (let round = 0; round < Number(values.rounds); round += 1) {
    got.get("ours").push(await figuresOf("client-load.mjs", args));
    for (const way of theirWays) {
      got.get(way).push(await figuresOfCommand([values.python, theirs, ...args, way]));
    }
  }
  return new Map(Array.from(got, ([who, all]) => [who, medians(all)]));
}

function row(what, ours, way, their) {
  const times = (their.cpuMicros / ours.cpuMicros).toFixed(1);
  const cells = [
    what,
    ours.perSecond.toFixed(0),
    `${their.perSecond.toFixed(0)} (${way})`,
    `${(ours.perSecond / their.perSecond).toFixed(1)}x`,
    ours.cpuMicros.toFixed(0),
    their.cpuMicros.toFixed(0),
    `${times}x`,
  ];
  return `| ${cells.join(" | ")} |`;
}

const shoal = await startShoal();
try {
  console.log(
    "| | requests/s | of tritonclient | ratio | CPU µs a request | of tritonclient | ratio |",
  );
  console.log("| --- | ---: | ---: | ---: | ---: | ---: | ---: |");
  for (const protocol of ["http", "grpc"].filter((each) => each.startsWith(values.only))) {
    const url = protocol === "http" ? shoal.url : `grpc://${shoal.grpc}`;
    for (const [kind, name] of Object.entries(kinds)) {
      for (const inFlight of [1, 32]) {
        const theirWays = inFlight === 1 ? ["plain"] : ways[protocol];
        const figures = await measure(url, kind, inFlight, theirWays);
        const best = theirWays.toSorted(
          (a, b) => figures.get(b).perSecond - figures.get(a).perSecond,
        );
        const what = `${protocol === "http" ? "HTTP" : "gRPC"}, ${name}, ${inFlight} in flight`;
        for (const way of values.all ? best : best.slice(0, 1)) {
          console.log(row(what, figures.get("ours"), way, figures.get(way)));
        }
      }
    }
  }
} finally {
  await stop(shoal);
}
