/** Many who load and unload one model at once, by either protocol, and one who does not wait. */
import { strict as check } from "node:assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after, type TestContext } from "node:test";
import { createServer } from "shoal";
import { createClient } from "shoal/client";
import { createClient as createGrpcClient } from "shoal/client/grpc";
import { addSubGraph } from "../../dist/testing/onnx-graphs.js";
import { until } from "../until.ts";

const folder = mkdtempSync(join(tmpdir(), "shoal-races-"));

after(() => rmSync(folder, { recursive: true }));

for (const name of ["m", "n"]) {
  mkdirSync(join(folder, name, "1"), { recursive: true });
  writeFileSync(join(folder, name, "1", "model.onnx"), addSubGraph());
}

async function start(t: TestContext) {
  const server = createServer([], {
    httpPort: 0,
    grpcPort: 0,
    allowMetrics: false,
    httpAddress: "127.0.0.1",
    grpcAddress: "127.0.0.1",
    logInfo: false,
    logError: false,
    logWarning: false,
    modelRepository: folder,
    modelControlMode: "explicit",
  });
  await server.ready;
  await server.listen();
  const { http = "", grpc = "" } = server.urls;
  const [client, grpcClient] = [createClient(http), createGrpcClient(`grpc://${grpc}`)];
  t.after(async () => {
    client.close();
    grpcClient.close();
    await server.close();
  });
  return { client, grpcClient, http };
}

test("calls for one model at once are carried out, all of them", async (t) => {
  const { client, grpcClient } = await start(t);
  const calls = Array.from({ length: 6 }, (_, index) => {
    const config = { backend: "onnxruntime", max_batch_size: index + 1 };
    return [client.load("m", { config }), grpcClient.unload("m"), grpcClient.load("m")];
  });
  await Promise.all(calls.flat());
  await client.load("m");
  const states = (await client.index()).flatMap(({ name, state }) => (name === "m" ? state : []));
  check.deepEqual(states, ["READY"]);
});

test("who leaves in the midst of a load changes nothing for others", async (t) => {
  const { client, http } = await start(t);
  const leaving = new AbortController();
  const { signal } = leaving;
  const options = { method: "POST", body: "{}", signal };
  const left = fetch(`${http}/v2/repository/models/n/load`, options).catch(() => undefined);
  await until(async () => {
    const found = (await client.index()).find(({ name }) => name === "n");
    // It may have been quick.
    return found?.state === "LOADING" || found?.state === "READY";
  });
  leaving.abort();
  await left;
  await client.load("n");
  check.equal((await client.index()).find(({ name }) => name === "n")?.state, "READY");
});
