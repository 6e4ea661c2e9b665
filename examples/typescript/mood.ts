/**
 * A model in TypeScript, served as it is: no build, on every version of Node that Shoal runs on.
 *
 *   npx shoal serve examples/typescript
 *   npx tsc -p examples/typescript     checks the types
 */
import { bytes, fp32, model } from "shoal";

interface Mood {
  readonly weights: ReadonlyMap<string, number>;
}

function loadMood(): Mood {
  return { weights: new Map(Object.entries({ good: 1, great: 2, bad: -1, awful: -2 })) };
}

function score({ weights }: Mood, text: string): number {
  const words = text.toLowerCase().split(/\W+/);
  return words.reduce((sum, word) => sum + (weights.get(word) ?? 0), 0);
}

export const mood = model("mood", {
  inputs: { text: bytes(1) },
  outputs: { score: fp32(1) },
  setup: loadMood, // once per instance
  infer: ({ text }, { state }) => ({
    score: Float32Array.from(text.data, (line) => score(state, line)), // text.data: string[]
  }),
});
