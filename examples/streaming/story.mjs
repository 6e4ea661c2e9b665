/**
 * A model that streams: it tells a story, word by word, about whatever it is asked for.
 *
 * A real one would hand on what a language model gives it; the shape is the same.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { bytes, model } from "shoal";

const words = (hero) =>
  `Once there was ${hero} who was small, like many others. ` +
  "Alone each of them was slow; so they swam as one, and nothing could catch them.";

export const story = model("story", {
  inputs: { prompt: bytes(1) },
  outputs: { text: bytes(1) },
  batching: false, // one request at a time per call; many calls at a time
  async *infer({ prompt }, { signal }) {
    for (const word of words(prompt.data[0]).split(/(?<= )/)) {
      await sleep(50, undefined, { signal }); // the reader has gone: this throws, and all ends
      yield { text: [word] };
    }
  },
});
