/**
 * Steady load, a process of its own: calls one model over HTTP and gRPC, so many at a time over
 * each, with a pause after each answer, until stdin ends. Inputs a and b are FP32 [1, 16].
 *
 *   node bench/steady-load.mjs HTTP GRPC MODEL IN_FLIGHT PAUSE_MS
 *
 * Prints a line when the first calls are answered, and at the end figures as JSON: whatever is no
 * answer with the right values has failed, and nothing is tried again.
 */
import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { Client, credentials } from "@grpc/grpc-js";
import { inferRequest, service } from "./grpc-messages.mjs";

const [httpAddress, grpcAddress, model, inFlight, pauseMs] = process.argv.slice(2);
const values = new Float32Array(16).fill(2);
const tensors = ["a", "b"].map((name) => ({ name, datatype: "FP32", shape: [1, 16] }));

const agent = new Agent({ keepAlive: true });
const [host, port] = httpAddress.split(":");
const body = JSON.stringify({
  inputs: tensors.map((tensor) => ({ ...tensor, data: [...values] })),
});
function callOverHttp() {
  const path = `/v2/models/${model}/infer`;
  const headers = { "Content-Length": Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, path, method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.once("error", reject);
      response.once("end", () => {
        const isRight = response.statusCode === 200 && /"data":\[4,4,/.test(text);
        if (isRight) resolve();
        else reject(new Error(`${response.statusCode} ${text.slice(0, 200)}`));
      });
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

const client = new Client(grpcAddress, credentials.createInsecure());
const pass = (bytes) => bytes;
const message = inferRequest(
  model,
  tensors.map((tensor) => ({ ...tensor, data: values })),
);
const four = Buffer.from(new Float32Array(2).fill(4).buffer);
function callOverGrpc() {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(`${service}/ModelInfer`, pass, pass, message, (error, answer) => {
      if (error) reject(error);
      else if (answer.includes(four)) resolve();
      else reject(new Error("wrong values"));
    });
  });
}

let hasEnded = false;
const figuresOf = () => ({ latencies: [], failures: [] });
const figures = { http: figuresOf(), grpc: figuresOf() };

async function callInTurn(call, { latencies, failures }) {
  while (!hasEnded) {
    const beganMs = performance.now();
    try {
      await call();
      latencies.push(performance.now() - beganMs);
    } catch (error) {
      failures.push(error.message);
    }
    if (Number(pauseMs) > 0) await pause(Number(pauseMs));
  }
}

function summary({ latencies, failures }) {
  latencies.sort((a, b) => a - b);
  const at = (share) => latencies[Math.floor(share * (latencies.length - 1))];
  const figure = { p50Ms: at(0.5), p99Ms: at(0.99), longestMs: at(1) };
  return { count: latencies.length, failed: failures.length, why: failures.slice(0, 3), ...figure };
}

await Promise.all([callOverHttp(), callOverGrpc()]);
console.log("running");
const callers = Array.from({ length: Number(inFlight) }, () => [
  callInTurn(callOverHttp, figures.http),
  callInTurn(callOverGrpc, figures.grpc),
]);
process.stdin.resume();
process.stdin.once("end", () => {
  hasEnded = true;
});
await Promise.all(callers.flat());
agent.destroy();
client.close();
console.log(JSON.stringify({ http: summary(figures.http), grpc: summary(figures.grpc) }));
