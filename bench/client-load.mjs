/**
 * Calls of our client, as many at a time as asked for; prints requests per second and the processor
 * time of one, as JSON.
 *
 *   node bench/client-load.mjs URL small|image IN_FLIGHT SECONDS
 */
import { cpuUsage } from "node:process";

const [url, kind, inFlight, seconds] = process.argv.slice(2);
const entry = url.startsWith("grpc") ? "shoal/client/grpc" : "shoal/client";
const { createClient, Tensor } = await import(entry);
const client = createClient(url, { maxInFlight: 1000 });
const integers = Int32Array.from({ length: 16 }, (_, k) => k);
const floats = new Float32Array(150_528).fill(0.5);
const small = () => Tensor.from("INT32", integers, [1, 16]);
const image = () => Tensor.from("FP32", floats, [1, 150_528]);
const [model, inputs] = {
  small: [client.model("add_sub"), () => ({ INPUT0: small(), INPUT1: small() })],
  image: [client.model("identity"), () => ({ INPUT0: image() })],
}[kind];

async function run(ms) {
  let count = 0;
  const endMs = performance.now() + ms;
  const caller = async () => {
    while (performance.now() < endMs) {
      const outputs = await model.infer(inputs());
      if (outputs.OUTPUT0.data.length === 0) throw new Error("no values");
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: Number(inFlight) }, caller));
  return count;
}

await run(2000);
const before = cpuUsage();
const startMs = performance.now();
const count = await run(1000 * Number(seconds));
const { user, system } = cpuUsage(before);
console.log(
  JSON.stringify({
    perSecond: (1000 * count) / (performance.now() - startMs),
    cpuMicros: (user + system) / count,
  }),
);
client.close();
