/**
 * Calls without HTTP: the same queue and the same batches, from the program that holds the model.
 * The eight calls are made in one turn of the event loop, so they share a batch.
 *
 *   node examples/in-process.mjs
 */
import { createServer } from "shoal";
import { linear } from "./start/linear.mjs";

const server = createServer(linear, { logInfo: false });
await server.ready;

const calls = [1, 2, 3, 4, 5, 6, 7, 8].map((value) =>
  server.infer({ model: linear, inputs: { x: [[value, 10 * value]] } }),
);
for (const { outputs, timing } of await Promise.all(calls)) {
  console.log(outputs.y.toNested(), `waited ${timing.queueMs.toFixed(3)} ms`);
}

await server.close();
