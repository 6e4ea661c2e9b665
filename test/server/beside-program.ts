/**
 * A program whose model runs in threads that import this very file again, beside the server. What
 * stands below `await server.ready` is the main thread's alone.
 */
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { threadId } from "node:worker_threads";
import { createServer, int32, model } from "shoal";

const where = model("where", {
  inputs: { x: int32(1) },
  outputs: { thread: int32(1) },
  batching: { preferredBatchSizes: [1] },
  module: import.meta.url,
  instances: 2,
  infer: ({ x }) => ({ thread: x.map(() => threadId) }),
});

const server = createServer(where, { logInfo: false });
await server.ready;
console.log(`server in thread ${threadId}`);

const httpServer = createHttpServer(server.handler).listen(0, "127.0.0.1");
await new Promise((resolve) => httpServer.once("listening", resolve));
const { port } = httpServer.address() as AddressInfo;
const inputs = [{ name: "x", shape: [1, 1], datatype: "INT32", data: [1] }];
const calls = [1, 2].map(async () => {
  const response = await fetch(`http://127.0.0.1:${port}/v2/models/where/infer`, {
    method: "POST",
    body: JSON.stringify({ inputs }),
  });
  const { outputs } = (await response.json()) as { outputs: { data: number[] }[] };
  return outputs[0]?.data[0];
});
const threads = new Set(await Promise.all(calls));
console.log(`model in ${threads.size} threads, ${threads.has(threadId) ? "also" : "not"} in this`);
httpServer.close();
httpServer.closeAllConnections();
await server.close();
