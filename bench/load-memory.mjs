/**
 * What memory is left of loads, of parts of a server: each kind in a process of its own.
 *
 *   node bench/load-memory.mjs [--loads 100] [inline | threads | sessions | unreleased ...]
 *
 * inline: an inline model of a server is loaded and unloaded. threads: a worker thread starts and
 * ends. sessions: one that opens an ONNX model of 10 MiB, runs it once, releases it, and ends;
 * unreleased: one that does not release it.
 */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Worker } from "node:worker_threads";
import { createServer, fp32, model } from "../dist/index.js";
import { repositoryOf, weightyGraph } from "./repositories.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    loads: { type: "string", default: "100" },
    // Internal: in the process of this kind.
    child: { type: "boolean", default: false },
  },
});
const loads = Number(values.loads);
const pieces = 10;

const session = (path, end) => `
  const { InferenceSession, Tensor } = require("onnxruntime-node");
  (async () => {
    const session = await InferenceSession.create(${JSON.stringify(path)}, { intraOpNumThreads: 2 });
    const a = new Tensor("float32", new Float32Array(16), [1, 16]);
    await session.run({ a, b: a });
    ${end}
    process.exit(0);
  })();`;

async function runThread(code) {
  const worker = new Worker(code, { eval: true });
  worker.once("error", (error) => {
    throw error;
  });
  await once(worker, "exit");
}

const modelFile = () => {
  return join(repositoryOf({ "m/1/model.onnx": weightyGraph(10) }), "m", "1", "model.onnx");
};

const kinds = {
  inline: () => {
    const off = { allowHttp: false, allowGrpc: false, allowMetrics: false, logInfo: false };
    const server = createServer([], off);
    const tensor = fp32(16);
    const same = { inputs: { x: tensor }, outputs: { y: tensor }, infer: ({ x }) => ({ y: x }) };
    return async () => {
      await server.bind(model("m", same));
      await server.unbind("m");
    };
  },
  threads: () => () => runThread("process.exit(0)"),
  sessions: () => {
    const code = session(modelFile(), "await session.release();");
    return () => runThread(code);
  },
  unreleased: () => {
    const code = session(modelFile(), "");
    return () => runThread(code);
  },
};

async function rssMib() {
  for (let round = 0; round < 3; round += 1) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return (process.memoryUsage.rss() / 2 ** 20).toFixed(0);
}

async function measure(kind) {
  const load = kinds[kind]();
  const memories = [await rssMib()];
  for (let count = 1; count <= loads; count += 1) {
    await load();
    if (count % (loads / pieces) === 0) memories.push(await rssMib());
  }
  console.log(`${kind}: ${loads} times; MiB, resident after each tenth: ${memories.join(" ")}`);
}

if (values.child) {
  await measure(positionals[0]);
  process.exit(0);
}
for (const kind of positionals.length > 0 ? positionals : Object.keys(kinds)) {
  const args = ["--expose-gc", fileURLToPath(import.meta.url), "--child", `--loads=${loads}`, kind];
  spawnSync(process.execPath, args, { stdio: "inherit" });
}
