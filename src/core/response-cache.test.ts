/**
 * The cache beside a plain list that does the same slowly; and what it keeps in memory, by counting
 * bytes.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { type InferResponse, noParameters } from "../protocol/infer.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { Random } from "../testing/random.ts";
import { type CacheShare, ResponseCache } from "./response-cache.ts";
import { storedBytes } from "./stored-response.ts";

const timing = { queueMs: 1, batchMs: 1, computeMs: 1, outputMs: 1 };

/** A view of a larger buffer, as those of a batch are; each byte is `fill`. */
function response(byteLength: number, fill = 0): InferResponse {
  const batch = new Uint8Array(byteLength + 10_000).fill(fill);
  const chunks = [batch.subarray(5000, 5000 + byteLength)];
  const output: WireTensor = {
    name: "y",
    datatype: "UINT8",
    shape: [1, byteLength],
    chunks,
    byteLength,
  };
  return {
    modelName: "m",
    modelVersion: 1,
    id: "",
    parameters: noParameters,
    outputs: [output],
    timing,
  };
}

function bytesOf(byteLength: number, key: string): number {
  return storedBytes(key, response(byteLength));
}

interface Kept {
  readonly share: number;
  readonly key: string;
  readonly bytes: number;
  readonly fill: number;
}

test("it does what a plain list does, whatever is asked of it", () => {
  for (let seed = 0; seed < 300; seed += 1) compareWithList(new Random(seed));
});

function compareWithList(random: Random): void {
  const maxBytes = random.between(0, 12_000);
  const cache = new ResponseCache(maxBytes);
  const limits = Array.from({ length: 3 }, () => random.pick([Infinity, 2500, 5000]));
  const shares = limits.map((limit) => cache.open(limit));
  const closed = new Set<number>();
  let list: readonly Kept[] = [];
  let [hits, misses, evictions] = [0, 0, 0];
  const sum = (kept: readonly Kept[]): number => kept.reduce((all, { bytes }) => all + bytes, 0);

  const lookUp = (share: number, key: string): void => {
    const expected = list.find((kept) => kept.share === share && kept.key === key);
    const found = shares[share]?.lookUp(key);
    check.equal(found?.outputs[0]?.chunks[0]?.[0], expected?.fill);
    if (expected === undefined) misses += 1;
    else {
      hits += 1;
      list = [...list.filter((kept) => kept !== expected), expected];
    }
  };
  const evict = (kept: Kept | undefined): void => {
    evictions += 1;
    list = list.filter((other) => other !== kept);
  };
  const keep = (share: number, key: string, fill: number): void => {
    const size = random.between(1, 3000);
    shares[share]?.keep(key, response(size, fill));
    const bytes = bytesOf(size, key);
    const limit = Math.min(limits[share] ?? 0, maxBytes);
    const isThere = list.some((kept) => kept.share === share && kept.key === key);
    if (closed.has(share) || bytes > limit || isThere) return;
    const own = (): readonly Kept[] => list.filter((kept) => kept.share === share);
    while (sum(own()) + bytes > limit) evict(own()[0]);
    while (sum(list) + bytes > maxBytes) evict(list[0]);
    list = [...list, { share, key, bytes, fill }];
  };

  for (let step = 0; step < 200; step += 1) {
    const share = random.between(0, 2);
    const key = `key ${random.between(0, 9)}`;
    if (random.chance(0.5)) lookUp(share, key);
    else keep(share, key, random.between(1, 255));
    if (random.chance(0.01)) {
      shares[share]?.close();
      closed.add(share);
      list = list.filter((kept) => kept.share !== share);
    }
    check.equal(cache.usedBytes, sum(list));
    check.ok(cache.usedBytes <= maxBytes);
    check.deepEqual([cache.entryCount, cache.hitCount], [list.length, hits]);
    check.deepEqual([cache.missCount, cache.evictionCount], [misses, evictions]);
  }
}

function keptIn(share: CacheShare, key: string): WireTensor {
  const [output] = share.lookUp(key)?.outputs ?? [];
  check.ok(output !== undefined);
  return output;
}

test("what is kept is a copy, and pins no buffer of a batch", () => {
  const share = new ResponseCache(1e6).open(Infinity);
  const given = response(100, 7);
  share.keep("key", given);
  given.outputs[0]?.chunks[0]?.fill(9);
  const { chunks } = keptIn(share, "key");
  check.deepEqual(chunks, [new Uint8Array(100).fill(7)]);
  check.equal(chunks[0]?.buffer.byteLength, 104);
});

test("outputs lie one behind another in one piece, where each datatype can be read", () => {
  const share = new ResponseCache(1e6).open(Infinity);
  const [first] = response(3, 1).outputs;
  const [second] = response(8, 2).outputs;
  check.ok(first !== undefined && second !== undefined);
  const pieces = { ...first, chunks: [Uint8Array.of(1), Uint8Array.of(2, 3)] };
  const empty = { ...first, name: "none", shape: [0], chunks: [], byteLength: 0 };
  share.keep("key", { ...response(1), outputs: [pieces, empty, second] });
  const outputs = share.lookUp("key")?.outputs ?? [];
  check.deepEqual(outputs[0]?.chunks, [Uint8Array.of(1, 2, 3)]);
  check.deepEqual(outputs[1]?.chunks, []);
  check.equal(outputs[2]?.chunks[0]?.byteOffset, 8);
  check.equal(outputs[2]?.chunks[0]?.buffer, outputs[0]?.chunks[0]?.buffer);
});

test("however much is kept, the bytes that hang on it are at most the limit", () => {
  const maxBytes = 100_000;
  const cache = new ResponseCache(maxBytes);
  const share = cache.open(Infinity);
  const random = new Random(3);
  for (let index = 0; index < 2000; index += 1) {
    share.keep(`key ${index}`, response(random.between(1, 4000)));
  }
  const buffers = new Set<ArrayBufferLike>();
  for (let index = 0; index < 2000; index += 1) {
    for (const { chunks } of share.lookUp(`key ${index}`)?.outputs ?? []) {
      for (const { buffer } of chunks) buffers.add(buffer);
    }
  }
  const held = [...buffers].reduce((all, { byteLength }) => all + byteLength, 0);
  check.ok(buffers.size > 10 && buffers.size === cache.entryCount);
  check.ok(held < cache.usedBytes && cache.usedBytes <= maxBytes, `${held} ${cache.usedBytes}`);
});
