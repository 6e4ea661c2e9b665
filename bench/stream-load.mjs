/**
 * Readers of streams, a process of its own: so many at a time, over SSE or gRPC, each of which asks
 * the model `stream` for COUNT tokens, GAP_US microseconds apart, and reads all.
 *
 *   node bench/stream-load.mjs sse|grpc HOST:PORT STREAMS COUNT GAP_US    prints figures as JSON
 *
 * Pace: how much of the time that the model's own gaps take was not lost, in the slowest stream.
 */
import { Agent, request } from "node:http";
import { Client, credentials } from "@grpc/grpc-js";
import { inferRequest, isFinalResponse, service } from "./grpc-messages.mjs";

const [transport, address, streams, count, gapUs] = process.argv.slice(2);
const plan = { streams: Number(streams), count: Number(count), gapUs: Number(gapUs) };
const agent = new Agent({ keepAlive: true });
const client = new Client(address, credentials.createInsecure());
const pass = (bytes) => bytes;

/** An event ends with two line ends, which may come apart. */
function eventCounter() {
  let last = 0;
  return (bytes) => {
    let events = 0;
    for (let at = bytes.indexOf(10); at !== -1; at = bytes.indexOf(10, at + 1)) {
      if ((at === 0 ? last : bytes[at - 1]) === 10) events += 1;
    }
    last = bytes[bytes.length - 1];
    return events;
  };
}

/** Calls `seen` with how many tokens have come, each time that some do. */
function readSse({ count: COUNT, gapUs: GAP_US }, seen) {
  const [host, port] = address.split(":");
  const path = "/v2/models/stream/generate_stream";
  return new Promise((resolve, reject) => {
    const sent = request({ host, port, path, method: "POST", agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`));
      const count = eventCounter();
      response.on("data", (bytes) => {
        const events = count(bytes);
        if (events > 0) seen(events);
      });
      response.once("end", resolve);
      response.once("error", reject);
    });
    sent.once("error", reject);
    sent.end(JSON.stringify({ COUNT, GAP_US }));
  });
}

function readGrpc({ count: tokens, gapUs: gap }, seen) {
  const int32 = (name, value) => ({
    name,
    datatype: "INT32",
    shape: [1],
    data: Int32Array.of(value),
  });
  const inputs = [int32("COUNT", tokens), int32("GAP_US", gap)];
  const parameters = { triton_enable_empty_final_response: { boolParam: true } };
  return new Promise((resolve, reject) => {
    const call = client.makeBidiStreamRequest(`${service}/ModelStreamInfer`, pass, pass);
    call.on("data", (bytes) => {
      if (isFinalResponse(bytes)) call.end();
      else seen(1);
    });
    call.once("end", resolve);
    call.once("error", reject);
    call.write(inferRequest("stream", inputs, { parameters }));
  });
}

const read = { sse: readSse, grpc: readGrpc }[transport];

async function readOne({ count: tokens, gapUs: gap }) {
  const startMs = performance.now();
  const result = { firstMs: 0, gapsMs: [], tokens: 0, pace: 1 };
  let previousMs = startMs;
  await read({ count: tokens, gapUs: gap }, (events) => {
    const nowMs = performance.now();
    if (result.tokens === 0) result.firstMs = nowMs - startMs;
    else result.gapsMs.push(nowMs - previousMs);
    previousMs = nowMs;
    result.tokens += events;
  });
  if (result.tokens !== tokens) throw new Error(`${result.tokens} tokens of ${tokens}`);
  result.pace = ((tokens - 1) * gap) / 1000 / (previousMs - startMs - result.firstMs);
  return result;
}

// Connections are there, code is warm.
for (let round = 0; round < 3; round += 1) {
  await Promise.all(Array.from({ length: plan.streams }, () => readOne({ count: 100, gapUs: 0 })));
}
const startMs = performance.now();
const all = await Promise.all(Array.from({ length: plan.streams }, () => readOne(plan)));
const tookS = (performance.now() - startMs) / 1000;
agent.destroy();
client.close();

const quantile = (values, share) => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
};
const firsts = all.map(({ firstMs }) => firstMs);
const gaps = all.flatMap(({ gapsMs }) => gapsMs);
console.log(
  JSON.stringify({
    tokensPerSecond: (plan.streams * plan.count) / tookS,
    firstMs: quantile(firsts, 0.5),
    firstP99Ms: quantile(firsts, 0.99),
    gapP99Ms: quantile(gaps, 0.99),
    pace: Math.min(...all.map(({ pace }) => pace)),
  }),
);
