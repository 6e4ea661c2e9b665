/** Many who load and unload one model at once, by either protocol, and one who does not wait. */
import { strict as check } from "node:assert";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { addSubGraph } from "../../dist/testing/onnx-graphs.js";
import { until } from "../until.ts";
import { serveFolder } from "./served-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "shoal-races-"));

after(() => rmSync(folder, { recursive: true }));

for (const name of ["m", "n"]) {
  mkdirSync(join(folder, name, "1"), { recursive: true });
  writeFileSync(join(folder, name, "1", "model.onnx"), addSubGraph());
}

const options = { logError: false, logWarning: false, modelControlMode: "explicit" } as const;

test("calls for one model at once are carried out, all of them", async (t) => {
  const { clients } = await serveFolder(t, folder, options);
  const [client, grpcClient] = clients;
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
  const { server, clients } = await serveFolder(t, folder, options);
  const [client] = clients;
  const leaving = new AbortController();
  const { signal } = leaving;
  const left = fetch(`${server.urls.http}/v2/repository/models/n/load`, {
    method: "POST",
    body: "{}",
    signal,
  }).catch(() => undefined);
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
