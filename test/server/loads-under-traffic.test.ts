/**
 * Models load, and are loaded anew, while others are asked: no request fails, and so many load at a
 * time as the server may.
 *
 * How long requests take meanwhile, and what memory is left, is measured (bench/loading.mjs,
 * bench/reloads.mjs).
 */
import { strict as check } from "node:assert";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { ServerOptions } from "shoal";
import type { Client } from "shoal/client/grpc";
import { onnx } from "shoal/onnx";
import { addSubGraph } from "../../dist/testing/onnx-graphs.js";
import { writeFiles } from "../../dist/testing/repository-fixture.js";
import { serveFolder } from "./served-folder.ts";

const graph = addSubGraph();

async function start(
  t: TestContext,
  files: Readonly<Record<string, string | Uint8Array>>,
  options: ServerOptions,
) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "shoal-loads-")));
  writeFiles(folder, files);
  const explicit = { modelControlMode: "explicit", ...options } as const;
  const served = await serveFolder(t, folder, explicit, { maxRetries: 0 });
  t.after(() => rmSync(folder, { recursive: true }));
  return { folder, ...served };
}

/** Calls again and again, until it is told to end; then resolves with how many calls there were. */
function callSteadily(client: Client, name: string): () => Promise<number> {
  let hasEnded = false;
  const inputs = { a: new Float32Array(16).fill(2), b: new Float32Array(16).fill(1) };
  const callInTurn = async (): Promise<number> => {
    let count = 0;
    while (!hasEnded) {
      const { sum } = await client.model(name).inferSample(inputs);
      check.equal(sum?.data[15], 3);
      count += 1;
    }
    return count;
  };
  const callers = Promise.all([callInTurn(), callInTurn()]);
  return async () => {
    hasEnded = true;
    const counts = await callers;
    return counts.reduce((sum, count) => sum + count, 0);
  };
}

test("no request fails while models load and one is loaded anew", async (t) => {
  const names = Array.from({ length: 20 }, (_, index) => `m${index}`);
  const models = ["still", "changing", ...names];
  const files = Object.fromEntries(models.map((name) => [`${name}/1/model.onnx`, graph]));
  const options = { loadModel: ["still", "changing"] };
  const { clients } = await start(t, files, options);
  const calls = clients.flatMap((client) => [
    callSteadily(client, "still"),
    callSteadily(client, "changing"),
  ]);
  const [overHttp, overGrpc] = clients;
  const loadAnew = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) {
      const client = turn % 2 === 0 ? overHttp : overGrpc;
      const config = { backend: "onnxruntime", max_batch_size: 8 + (turn % 2) };
      await client.load("changing", { config });
      const shown = await client.model("changing").config();
      check.equal(shown["max_batch_size"], config.max_batch_size);
    }
  };
  const load = (name: string, index: number): Promise<void> => {
    return (index % 2 === 0 ? overHttp : overGrpc).load(name);
  };
  await Promise.all([...names.map(load), loadAnew()]);
  for (const end of calls) check.ok((await end()) > 0);
  const index = await overHttp.index({ isReadyOnly: true });
  check.equal(index.length, models.length);
});

/** Says when it is being set up, and is when it may be. */
const announced = (name: string): string => `
  import { fp32, model } from "shoal";
  const tensor = fp32(1);
  const setup = () => new Promise((resolve) => {
    const channel = new BroadcastChannel("loads-under-traffic");
    channel.onmessage = ({ data }) => {
      if (data.mayEnd !== "${name}") return;
      channel.close();
      resolve();
    };
    channel.postMessage({ begins: "${name}" });
  });
  export default model("${name}", {
    inputs: { x: tensor }, outputs: { y: tensor }, setup, infer: ({ x }) => ({ y: x }),
  });
`;

test("as many load at a time as may, and another one when one has ended", async (t) => {
  const names = Array.from({ length: 6 }, (_, index) => `m${index}`);
  const files = {
    "of-code.onnx": graph,
    ...Object.fromEntries(names.map((name) => [`${name}/1/model.js`, announced(name)])),
  };
  const { folder, server, clients } = await start(t, files, { modelLoadThreadCount: 2 });
  const channel = new BroadcastChannel("loads-under-traffic");
  t.after(() => channel.close());
  /** Those that are being set up. */
  const loading: string[] = [];
  let tell = (): void => {};
  channel.onmessage = (event) => {
    const { data } = event as { readonly data: { readonly begins: string } };
    loading.push(data.begins);
    tell();
  };
  const until = async (count: number): Promise<void> => {
    while (loading.length < count) {
      await new Promise<void>((resolve) => {
        tell = resolve;
      });
    }
  };
  const loads = names.map((name, index) => clients[index % 2 === 0 ? 0 : 1].load(name));
  await until(2);
  // One of code waits for nobody. Others that were begun before it would be there by now.
  await server.bind(onnx("of-code", { path: join(folder, "of-code.onnx") }));
  for (let left = names.length; left > 0; left -= 1) {
    await until(Math.min(2, left));
    check.equal(loading.length, Math.min(2, left));
    channel.postMessage({ mayEnd: loading.shift() });
  }
  await Promise.all(loads);
});
