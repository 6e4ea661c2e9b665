/**
 * What batches gain from isolation and from buckets, in process: no protocol takes part.
 *
 *   node bench/batching.mjs             5 rounds of 2 s each
 *   node bench/batching.mjs --rounds 3
 *
 * Isolation: good answers per second with some bad requests, as a share of those with none, where
 * a batch that fails is run again in parts, and where it fails as a whole. Texts: four of five are
 * short, the others long; with buckets by length and without. Medians; 64 requests in flight.
 */
import { parseArgs } from "node:util";
import { createServer } from "shoal";
import { isolating, whole } from "./spoilt-models.mjs";
import { encoder, plain } from "./text-models.mjs";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, seconds: { type: "string", default: "2" } },
});
const rounds = Number(values.rounds);
const runMs = 1000 * Number(values.seconds);
const inFlight = 64;

const server = createServer([isolating, whole, encoder, plain], { logInfo: false });
await server.ready;

/** Answers per second that are no errors. */
async function goodput(ask) {
  let good = 0;
  const startMs = performance.now();
  const endMs = startMs + runMs;
  const caller = async () => {
    while (performance.now() < endMs) {
      const isGood = await ask().then(
        () => true,
        () => false,
      );
      if (isGood) good += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, caller));
  return (1000 * good) / (performance.now() - startMs);
}

const spoilt = (model, badShare) => () => {
  const x = [[Math.random() < badShare ? -1 : 1]];
  return server.infer({ model, inputs: { x } });
};

const words = ["fish", "harbour", "delivery", "the", "of", "ice", "boat", "net", "is", "fresh"];
const encode = (model) => () => {
  const wordCount = Math.random() < 0.8 ? 4 + 8 * Math.random() : 100 + 200 * Math.random();
  const pick = () => words[Math.floor(words.length * Math.random())];
  const text = Array.from({ length: wordCount }, pick).join(" ");
  return server.infer({ model, inputs: { text: [[text]] } });
};

const measured = {
  "no bad requests": spoilt(isolating, 0),
  "1 % bad, isolated": spoilt(isolating, 0.01),
  "1 % bad, whole batch fails": spoilt(whole, 0.01),
  "10 % bad, isolated": spoilt(isolating, 0.1),
  "10 % bad, whole batch fails": spoilt(whole, 0.1),
  "texts, buckets": encode(encoder),
  "texts, no buckets": encode(plain),
};
const results = new Map(Object.keys(measured).map((name) => [name, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const [name, ask] of Object.entries(measured)) results.get(name).push(await goodput(ask));
}
for (const [name, figures] of results) {
  figures.sort((one, other) => one - other);
  const [low, middle, high] = [figures[0], figures[figures.length >> 1], figures.at(-1)];
  const spread = `${low.toFixed(0)} to ${high.toFixed(0)}`;
  console.log(`${name.padEnd(28)} ${middle.toFixed(0).padStart(6)} good answers/s (${spread})`);
}
await server.close();
