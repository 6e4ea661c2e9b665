/**
 * Search by meaning, without a port: which of these notes is closest to a question?
 *
 *   node examples/text/search.mjs "how long does a delivery take"
 */
import { createServer } from "shoal";
import { encoder } from "./encoder.mjs";

const notes = [
  "A delivery to the mainland takes two days; to the islands a delivery may take a week.",
  "Goods that were not used can be returned within thirty days.",
  "Pay by card, by invoice, or at the door.",
  "Our shop in the old harbour is open from nine to six, on Saturdays until noon.",
  "Fresh fish is packed in ice, and must be put into the fridge on arrival.",
];
const question = process.argv[2] ?? "how long does a delivery take?";

const server = createServer(encoder, { logInfo: false });
await server.ready;

// All of them at once: those of similar length share a batch.
const vectors = await Promise.all(
  [question, ...notes].map(async (text) => {
    const { outputs } = await server.infer({ model: encoder, inputs: { text: [[text]] } });
    return outputs.embedding.data;
  }),
);
const [asked, ...known] = vectors;
const similarities = known.map((vector) => vector.reduce((sum, x, at) => sum + x * asked[at], 0));
const order = [...notes.keys()].sort((one, other) => similarities[other] - similarities[one]);

console.log(question);
for (const index of order) console.log(similarities[index].toFixed(3), notes[index]);

await server.close();
