/**
 * A model that is loaded anew again and again, each time with another configuration, while clients
 * keep it busy: what becomes of requests, how long it takes, what memory is left.
 *
 *   node bench/reloads.mjs [--reloads 100] [--in-flight 2] [--pause 0] [small | large | module ...]
 *
 * small: an ONNX model of 64 kB; large: of 10 MiB; module: a model in JavaScript, which is a thread
 * without native code. In flight: over HTTP, and as many over gRPC. Memory is that after collections.
 */
import { parseArgs } from "node:util";
import { addModule, repositoryOf, weightyGraph } from "./repositories.mjs";
import { steadyLoad, WatchedServer } from "./watched-server.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    reloads: { type: "string", default: "100" },
    "in-flight": { type: "string", default: "2" },
    pause: { type: "string", default: "0" },
  },
});
const reloads = Number(values.reloads);
const pieces = 10;

const kinds = {
  small: () => [{ "m/1/model.onnx": weightyGraph(1 / 16) }, "onnxruntime"],
  large: () => [{ "m/1/model.onnx": weightyGraph(10) }, "onnxruntime"],
  module: () => [{ "m/1/model.js": addModule }, "function"],
};

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

async function measure(kind) {
  const [files, backend] = kinds[kind]();
  const server = await WatchedServer.start([
    `--model-repository=${repositoryOf(files)}`,
    "--model-control-mode=explicit",
    "--load-model=m",
  ]);
  const plan = { model: "m", inFlight: values["in-flight"], pauseMs: values.pause };
  const load = plan.inFlight === "0" ? undefined : await steadyLoad(server, plan);
  const memories = [await server.memory()];
  const tookMs = [];
  for (let reload = 1; reload <= reloads; reload += 1) {
    const config = JSON.stringify({ backend, max_batch_size: 8 + (reload % 2) });
    const beganMs = performance.now();
    await server.post("v2/repository/models/m/load", { parameters: { config } });
    tookMs.push(performance.now() - beganMs);
    if (reload % (reloads / pieces) === 0) memories.push(await server.memory());
  }
  const served = await load?.stop();
  await server.stop();
  const rss = memories.map(({ rssMib }) => rssMib.toFixed(0)).join(" ");
  const { heapMib, threads, peakMib } = memories.at(-1);
  console.log(`${kind}: ${reloads} times, ${median(tookMs).toFixed(0)} ms each`);
  console.log(`  MiB, resident after each tenth: ${rss}; at most ${peakMib.toFixed(0)}`);
  console.log(
    `  heap ${memories[0].heapMib.toFixed(1)} to ${heapMib.toFixed(1)} MiB, ` +
      `threads ${memories[0].threads} to ${threads}`,
  );
  if (served !== undefined) console.log(`  ${JSON.stringify(served)}`);
}

for (const kind of positionals.length > 0 ? positionals : Object.keys(kinds)) await measure(kind);
