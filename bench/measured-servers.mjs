/**
 * The servers that are measured: Shoal with the benchmark models, and floors that answer exactly
 * what Shoal answered, without doing anything for it.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Client, credentials } from "@grpc/grpc-js";
import { freePort, start } from "./servers.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const pass = (bytes) => bytes;

export async function startShoal(flags = []) {
  const [httpPort, grpcPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
  const server = await start(
    [
      here("../dist/cli/main.js"),
      "serve",
      here("models.mjs"),
      "--http-address=127.0.0.1",
      `--http-port=${httpPort}`,
      `--grpc-port=${grpcPort}`,
      `--metrics-port=${metricsPort}`,
      ...flags,
    ],
    /Started Metrics Service/,
  );
  return {
    ...server,
    url: `http://127.0.0.1:${httpPort}`,
    grpc: `127.0.0.1:${grpcPort}`,
    http: `127.0.0.1:${httpPort}`,
    metricsUrl: `http://127.0.0.1:${metricsPort}/metrics`,
  };
}

/** Path of a workload: its name makes it another one for the floor. */
export const pathOf = (name, { path }) => `${path}?${encodeURIComponent(name)}`;

/** A bare `node:http`. */
export async function startHttpFloor(shoal, workloads) {
  const answers = {};
  for (const [name, workload] of workloads) {
    const { path, headers, body } = workload;
    const response = await fetch(shoal.url + path, { method: "POST", headers, body });
    if (!response.ok) throw new Error(`${name}: ${await response.text()}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    const answer = { "Content-Length": bytes.length };
    for (const key of ["content-type", "inference-header-content-length", "server-timing"]) {
      if (response.headers.has(key)) answer[key] = response.headers.get(key);
    }
    answers[pathOf(name, workload)] = { headers: answer, body: bytes.toString("base64") };
  }
  const port = await freePort();
  const server = await start([here("floor.mjs"), fileOf(answers), String(port)], /listening/);
  return { ...server, url: `http://127.0.0.1:${port}`, http: `127.0.0.1:${port}` };
}

/** A bare grpc-js, of one workload: all of them call the same method. */
export async function startGrpcFloor(shoal, { method, body }) {
  const client = new Client(shoal.grpc, credentials.createInsecure());
  const answer = await new Promise((resolve, reject) => {
    client.makeUnaryRequest(method, pass, pass, body, (error, bytes) => {
      if (error) reject(error);
      else resolve(bytes.toString("base64"));
    });
  });
  client.close();
  const port = await freePort();
  const args = [here("grpc-floor.mjs"), fileOf({ [method]: answer }), String(port)];
  return { ...(await start(args, /listening/)), grpc: `127.0.0.1:${port}` };
}

function fileOf(answers) {
  const path = join(mkdtempSync(join(tmpdir(), "shoal-floor-")), "answers.json");
  writeFileSync(path, JSON.stringify(answers));
  return path;
}
