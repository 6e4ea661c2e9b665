/**
 * A program that ends, in one way or another, while its model is inside onnxruntime.
 *
 *   node long-run-program.js MODEL HOW
 */
import type { Worker } from "node:worker_threads";
import { createServer, type Server, serve } from "shoal";
import { onnx } from "shoal/onnx";
import { until } from "../until.ts";

const [path = "", how = ""] = process.argv.slice(2);
const rows = 256;
const long = onnx("long", { path, intraOpThreads: 1, maxBatchSize: rows });
const quiet = {
  httpPort: 0,
  allowGrpc: false,
  metricsPort: 0,
  httpAddress: "127.0.0.1",
  logInfo: false,
};

let thread: Worker | undefined;
process.on("worker", (worker) => {
  thread = worker;
});

interface Running {
  /** What it answers, or how it fails. */
  readonly answer: Promise<unknown>;
}

/** A run of a second or more; resolves when the thread is inside it: it computes, and never waits. */
async function startRun(server: Pick<Server, "infer">): Promise<Running> {
  const active = (): number => thread?.performance.eventLoopUtilization().active ?? 0;
  const x = Array.from({ length: rows }, () => [1]);
  const before = active();
  const answer = server.infer({ model: long, inputs: { x } }).then(
    ({ outputs }) => outputs["y"]?.data[0],
    (error: unknown) => (error instanceof Error ? error.message : error),
  );
  await until(() => active() - before > 20);
  return { answer };
}

async function start(): Promise<Server> {
  const server = createServer(long, quiet);
  await server.ready;
  return server;
}

const ways: Readonly<Record<string, () => Promise<void>>> = {
  /** Closed, and nothing else to do. */
  async close() {
    const server = await start();
    const { answer } = await startRun(server);
    await server.close({ timeoutMs: 20 });
    console.log(await answer);
  },

  async exit() {
    await startRun(await start());
    process.exit(3);
  },

  async throw() {
    await startRun(await start());
    throw new Error("nobody catches this");
  },

  /** It is for whoever started this to send signals. */
  async serve() {
    const { answer } = await startRun(await serve(long, quiet));
    console.log("runs");
    console.log(await answer);
  },

  /** It never gets to run. */
  async closeAtOnce() {
    const server = createServer(long, quiet);
    server.ready.catch((error: unknown) => console.log(String(error)));
    await server.close();
    console.log("closed");
  },

  async closeWhileItLoads() {
    const server = createServer(long, quiet);
    server.ready.catch((error: unknown) => console.log(String(error)));
    await new Promise((resolve) => process.once("worker", resolve));
    await server.close();
    console.log("closed");
  },
};

await ways[how]?.();
