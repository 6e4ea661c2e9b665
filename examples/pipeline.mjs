/**
 * A pipeline: a model that asks two others, both at once, and makes one answer of theirs. Each of
 * the three has its own queue and batches, and can be asked by itself.
 *
 *   node examples/pipeline.mjs
 *   curl localhost:8000/v2/models/report/generate -d '{"text":"small fish swim in large shoals"}'
 */
import { bytes, int32, model, serve } from "shoal";

const text = bytes(1);

const words = model("words", {
  inputs: { text },
  outputs: { count: int32(1) },
  infer: ({ text }) => ({ count: Int32Array.from(text.data, (line) => line.split(" ").length) }),
});

const longest = model("longest", {
  inputs: { text },
  outputs: { word: bytes(1) },
  infer: ({ text }) => ({
    word: text.map((line) => line.split(" ").sort((a, b) => b.length - a.length)[0]),
  }),
});

const report = model("report", {
  inputs: { text },
  outputs: { count: int32(1), word: bytes(1) },
  infer: async ({ text }, context) => {
    const [{ count }, { word }] = await Promise.all([
      context.model(words).infer({ text }),
      context.model(longest).infer({ text }),
    ]);
    return { count, word };
  },
});

await serve([words, longest, report]);
