/** What is too much is told before anything is made of it; what is just about enough is not. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { Written, WrittenConfig } from "../../protocol/written-config.ts";
import { findBoundMistakes } from "./bound-mistakes.ts";

function warmup(rows: number, input: Written<"ModelWarmup.Input">): WrittenConfig {
  const inputs = { a: { data_type: "TYPE_FP32", ...input } } as const;
  return { model_warmup: [{ name: "w", batch_size: rows, inputs }] };
}

const ones = (length: number): readonly number[] => Array.from({ length }, () => 1);

const fine: readonly WrittenConfig[] = [
  {},
  { max_batch_size: 2 ** 20, dynamic_batching: { priority_levels: 1024 } },
  { input: [{ name: "a", dims: ones(64), reshape: { shape: ones(64) } }] },
  warmup(64, { dims: [3, 1024, 1024], zero_data: true }),
  warmup(1, { dims: [2 ** 24], random_data: true }),
  warmup(1, { dims: [-1], zero_data: true }),
];

for (const config of fine) {
  test(`enough: ${JSON.stringify(config).slice(0, 60)}`, () => {
    check.deepEqual(findBoundMistakes(config, "m"), []);
  });
}

const tooMuch: readonly (readonly [config: WrittenConfig, mistake: string])[] = [
  [{ max_batch_size: 2 ** 31 - 1 }, "'max_batch_size' is 2147483647, more than 1048576, for m"],
  [
    { dynamic_batching: { priority_levels: 2n ** 64n - 1n } },
    "'priority_levels' is 18446744073709551615, more than 1024, for m",
  ],
  [
    { input: [{ name: "a", dims: ones(65) }] },
    "model input 'a' has 65 dimensions, more than 64, for m",
  ],
  [
    { output: [{ name: "b", dims: [1], reshape: { shape: ones(1e5) } }] },
    "model output 'b' has 100000 dimensions, more than 64, for m",
  ],
  [
    warmup(2 ** 32 - 1, { dims: [1], zero_data: true }),
    "a batch of model_warmup 'w' takes 17609365909500 bytes, more than 1073741824, for m",
  ],
  [
    warmup(1, { dims: [2n ** 62n, 2n ** 62n], input_data_file: "rows" }),
    `a batch of model_warmup 'w' takes ${2n ** 126n + 4096n} bytes, more than 1073741824, for m`,
  ],
  [
    warmup(1, { dims: [2 ** 27], random_data: true }),
    "a batch of model_warmup 'w' takes 4294971392 bytes, more than 1073741824, for m",
  ],
  [
    warmup(1, { dims: ones(1e5), zero_data: true }),
    "model_warmup 'w' input 'a' has 100000 dimensions, more than 64, for m",
  ],
];

for (const [config, mistake] of tooMuch) {
  test(`too much: ${mistake}`, () => {
    check.deepEqual(findBoundMistakes(config, "m"), [mistake]);
  });
}
