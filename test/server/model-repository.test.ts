/** Model repositories over the wire: control by clients, over HTTP and gRPC, and by the folders. */
import { strict as check } from "node:assert";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { createServer, type ServerOptions, type WrittenConfig } from "shoal";
import { addSubGraph } from "../../dist/testing/onnx-graphs.js";
import { writeFiles } from "../../dist/testing/repository-fixture.js";
import { serveFolder } from "./served-folder.ts";

const graph = addSubGraph();

async function start(t: TestContext, options: ServerOptions) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "shoal-served-")));
  writeFiles(folder, { "sum/1/model.onnx": graph, "other/1/model.onnx": graph });
  const quiet = { logError: false, logWarning: false, ...options };
  const served = await serveFolder(t, folder, quiet);
  t.after(() => rmSync(folder, { recursive: true }));
  return { folder, ...served };
}

const inputs = { a: new Float32Array(16).fill(2), b: new Float32Array(16).fill(1) };

test("all of a folder is served", async (t) => {
  const { clients } = await start(t, {});
  for (const client of clients) {
    const index = await client.index();
    check.deepEqual(
      index.map(({ name, version, state }) => [name, version, state]),
      [
        ["other", "1", "READY"],
        ["sum", "1", "READY"],
      ],
    );
    const { sum } = await client.model("sum").inferSample(inputs);
    check.equal(sum?.data[0], 3);
    await check.rejects(client.load("sum", { maxRetries: 0 } as never), {
      code: "UNAVAILABLE",
      message: /explicit model load \/ unload is not allowed if polling is enabled/,
    });
  }
});

test("a model in TypeScript gets the parameters of its configuration", async (t) => {
  const { folder, clients } = await start(t, { modelControlMode: "explicit" });
  writeFiles(folder, {
    "scaled/1/model.ts": `import { fp32, model, sample } from "shoal";
      enum Places { Of = 10 }
      export default model("scaled", {
        inputs: { x: fp32(1) }, outputs: { y: fp32(1), setup: fp32(1) },
        setup: ({ parameters }): number => Number(parameters["scale"]) * Places.Of,
        infer: sample(({ x }, { parameters, state }) => ({
          y: [Number(x.data[0]) * Number(parameters["scale"])], setup: [state as number],
        })),
      });`,
    "scaled/config.pbtxt": 'parameters { key: "scale" value { string_value: "3" } }',
  });
  const [client] = clients;
  const model = client.model("scaled");
  const values = async (): Promise<unknown[]> => {
    const { y, setup } = await model.inferSample({ x: [2] });
    return [y?.data[0], setup?.data[0]];
  };
  await client.load("scaled");
  check.deepEqual(await values(), [6, 30]);
  const config: WrittenConfig = {
    backend: "function",
    version_policy: { specific: { versions: [1, 2n ** 60n] } },
    parameters: { scale: { string_value: "5" } },
  };
  for (const each of clients) await each.load("scaled", { config });
  check.deepEqual(await values(), [10, 50]);
});

test("clients load and unload where control is explicit", async (t) => {
  const { clients, folder } = await start(t, { modelControlMode: "explicit", loadModel: "sum" });
  for (const client of clients) {
    check.deepEqual(
      (await client.index({ isReadyOnly: true })).map(({ name }) => name),
      ["sum"],
    );
    await client.load("other");
    const config = { max_batch_size: 9, backend: "onnxruntime" };
    await client.load("sum", { config });
    check.equal((await client.model("sum").config())["max_batch_size"], 9);
    await client.load("sent", { config: {}, files: { "3/model.onnx": graph } });
    const { difference } = await client.model("sent", 3).inferSample(inputs);
    check.equal(difference?.data[0], 1);
    await check.rejects(client.load("gone"), {
      code: "INTERNAL",
      message: /^failed to load 'gone'/,
    });
    await check.rejects(client.load("sent", { config: {}, files: { "../x": graph } }), {
      message: /must stay within model directory/,
    });
    writeFiles(folder, { "other/config.pbtxt": "max_batch_size: wrong" });
    await check.rejects(client.load("other"), { message: /failed to read text proto/ });
    check.equal(await client.model("other").isReady(), true);
    for (const name of ["other", "sent", "nobody"]) await client.unload(name);
    await client.unload("sum");
    await client.load("sum");
    check.equal((await client.model("sum").config())["max_batch_size"], 4);
    rmSync(join(folder, "other", "config.pbtxt"));
  }
});

const twice = `platform: "ensemble" max_batch_size: 4
  input { name: "X" data_type: TYPE_FP32 dims: 16 }
  output { name: "Y" data_type: TYPE_FP32 dims: 16 }
  ensemble_scheduling { step { model_name: "sum" model_version: -1
    input_map [ { key: "a" value: "X" }, { key: "b" value: "X" } ]
    output_map { key: "sum" value: "Y" } } }`;

test("with an ensemble goes what came with it, if a client says so", async (t) => {
  const { clients, folder } = await start(t, { modelControlMode: "explicit" });
  writeFiles(folder, { "twice/1/empty": "", "twice/config.pbtxt": twice });
  for (const client of clients) {
    const ready = async () => (await client.index({ isReadyOnly: true })).map(({ name }) => name);
    await client.load("twice");
    check.deepEqual(await ready(), ["sum", "twice"]);
    await client.unload("twice");
    check.deepEqual(await ready(), ["sum"]);
    await client.load("twice");
    await client.unload("twice", { withDependents: true });
    check.deepEqual(await ready(), []);
  }
  for (const client of clients) {
    const other = (await client.index()).find(({ name }) => name === "other");
    check.deepEqual([other?.version ?? "", other?.state ?? ""], ["", ""], "never loaded");
  }
});

test("a server that watches loads what is saved", async (t) => {
  const { clients, folder } = await start(t, { watch: true });
  const [client] = clients;
  writeFiles(folder, { "new/1/model.onnx": graph });
  await client.model("new").waitReady({ totalTimeoutMs: 60_000 });
});

test("what cannot be read is told, and keeps the server from starting", async () => {
  const server = createServer([], {
    httpPort: 0,
    allowGrpc: false,
    allowMetrics: false,
    logError: false,
    modelRepository: "/nowhere/at/all",
  });
  await check.rejects(
    server.ready,
    /model repository '\/nowhere\/at\/all': there is no such folder/,
  );
  await server.close();
});
