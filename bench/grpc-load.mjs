/**
 * Load over gRPC, a process of its own: so many calls in flight on one connection, each sent when
 * another is answered. Messages go and come as bytes; any status but OK is a failure.
 *
 *   node bench/grpc-load.mjs HOST:PORT METHOD FILE IN_FLIGHT SECONDS    prints figures as JSON
 */
import { readFileSync } from "node:fs";
import { Client, credentials } from "@grpc/grpc-js";

const [address, method, bodyPath, inFlight, seconds] = process.argv.slice(2);
const body = readFileSync(bodyPath);
const client = new Client(address, credentials.createInsecure(), {
  "grpc.max_receive_message_length": -1,
  "grpc.max_send_message_length": -1,
});
const pass = (bytes) => bytes;

/** Milliseconds. */
const latencies = [];
let endMs = Number.POSITIVE_INFINITY;

function call() {
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    client.makeUnaryRequest(method, pass, pass, body, (error) => {
      latencies.push(performance.now() - startMs);
      if (error) reject(error);
      else resolve();
    });
  });
}

async function callInTurn() {
  while (performance.now() < endMs) await call();
}

await call();
latencies.length = 0;
const startMs = performance.now();
endMs = startMs + 1000 * Number(seconds);
await Promise.all(Array.from({ length: Number(inFlight) }, callInTurn));
const tookS = (performance.now() - startMs) / 1000;
client.close();
latencies.sort((a, b) => a - b);
const at = (share) =>
  latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))];
const count = latencies.length;
console.log(JSON.stringify({ count, perSecond: count / tookS, p50Ms: at(0.5), p99Ms: at(0.99) }));
