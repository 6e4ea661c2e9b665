/**
 * Texts to vectors: tokenised, padded and encoded in a thread of its own, many texts at a time.
 *
 * A batch of texts is padded to its longest one. So short texts should not share a batch with long
 * ones: `bucket` puts texts of similar length together, and `cost` bounds what one batch holds.
 *
 *   npx shoal serve examples/text/encoder.mjs
 */
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Tiktoken } from "js-tiktoken/lite";
import vocabulary from "js-tiktoken/ranks/r50k_base";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { bytes, fp32, InferenceError, model } from "shoal";
import { writeEncoder } from "./encoder-file.mjs";

const vocabularySize = 50_257;
const mostTokens = 512;

/** About how many tokens a text has: to look is enough, the thread counts. */
function roughLength({ inputs }) {
  return 1 + inputs.text.bytes.byteLength / 4;
}

export function textEncoder(name, options = {}) {
  return model(name, {
    inputs: { text: bytes(1) },
    outputs: { embedding: fp32(64) },
    module: import.meta.url,
    ...options,
    setup: async () => {
      const path = join(tmpdir(), "shoal-example-encoder.onnx");
      if (!existsSync(path)) writeEncoder(path, vocabularySize);
      const session = await InferenceSession.create(path, { intraOpNumThreads: 1 });
      return { tokenizer: new Tiktoken(vocabulary), session };
    },
    infer: async ({ text }, { state }) => {
      const texts = text.data.map((each) => tokens(state.tokenizer, each));
      const { ids, mask } = padded(texts);
      const { embedding } = await state.session.run({ ids, mask });
      return { embedding: embedding.data };
    },
  });
}

export const encoder = textEncoder("encoder", {
  batching: { maxCost: 4096 },
  cost: roughLength,
  bucket: (request) => Math.ceil(Math.log2(roughLength(request))),
});

function tokens(tokenizer, text) {
  const found = tokenizer.encode(text);
  if (found.length > 0 && found.length <= mostTokens) return found;
  const why = `a text must have from 1 to ${mostTokens} tokens; got ${found.length}`;
  throw new InferenceError("INVALID_ARGUMENT", why);
}

/** All as long as the longest; the mask tells what is padding. */
function padded(texts) {
  const longest = Math.max(...texts.map(({ length }) => length));
  const ids = new BigInt64Array(texts.length * longest);
  const mask = new BigInt64Array(texts.length * longest);
  for (const [row, found] of texts.entries()) {
    ids.set(found.map(BigInt), row * longest);
    mask.fill(1n, row * longest, row * longest + found.length);
  }
  const shape = [texts.length, longest];
  return { ids: new Tensor("int64", ids, shape), mask: new Tensor("int64", mask, shape) };
}
