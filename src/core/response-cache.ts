/**
 * Response cache: answers of the models of one server, kept until there is no room for them.
 *
 *   ResponseCache          bytes of all models together
 *     └─ CacheShare        of one loaded model version: its keys, and perhaps a limit of its own
 *
 * An answer that comes when there is no room pushes out those that were not asked for for longest:
 * of its own model while its share is too small, then of all. One that is larger than the cache, or
 * than its share, is not kept. A share is a list from the longest unused entry to the latest used
 * one; the longest unused of all is the first of one of the shares, of which there are few.
 *
 * A closed share is empty and stays so: what a model answers while it is unloaded is not kept.
 *
 * Not here: who asks, and what is not to be kept (cached-scheduler.ts); what an entry is
 * (stored-response.ts).
 *
 * Invariants, checked by its tests and the simulation:
 *   1. usedBytes = sum of the entries <= maxBytes, in each share and in all.
 *   2. Nothing is ever found that was not kept under the very same key.
 */
import type { InferResponse } from "../protocol/infer.ts";
import { type StoredResponse, store, storedBytes } from "./stored-response.ts";

/** Of the whole cache, for the metrics page. */
export interface CacheFigures {
  readonly maxBytes: number;
  readonly usedBytes: number;
  readonly entryCount: number;
  readonly hitCount: number;
  readonly missCount: number;
  readonly evictionCount: number;
  readonly lookupMs: number;
  readonly insertionMs: number;
}

export class ResponseCache implements CacheFigures {
  readonly maxBytes: number;
  usedBytes = 0;
  entryCount = 0;
  hitCount = 0;
  missCount = 0;
  evictionCount = 0;
  /** Times are added by whoever has a clock. */
  lookupMs = 0;
  insertionMs = 0;
  /** Those that hold something. */
  readonly #shares = new Set<CacheShare>();
  #useCount = 0;

  /** 0: it keeps nothing. */
  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  /** For one loaded model version. Infinity: no limit of its own. */
  open(maxBytes: number): CacheShare {
    return new CacheShare(this, Math.min(maxBytes, this.maxBytes));
  }

  /** Tells apart what was used earlier and later. */
  nextUse(): number {
    this.#useCount += 1;
    return this.#useCount;
  }

  makeRoomFor(bytes: number): void {
    while (this.usedBytes + bytes > this.maxBytes) this.#longestUnused()?.evict();
  }

  entered(share: CacheShare, bytes: number): void {
    this.#shares.add(share);
    this.usedBytes += bytes;
    this.entryCount += 1;
  }

  left(share: CacheShare, bytes: number): void {
    this.usedBytes -= bytes;
    this.entryCount -= 1;
    if (share.usedBytes === 0) this.#shares.delete(share);
  }

  #longestUnused(): CacheShare | undefined {
    let longest: CacheShare | undefined;
    for (const share of this.#shares) {
      if (longest === undefined || share.unusedSince < longest.unusedSince) longest = share;
    }
    return longest;
  }
}

interface Entry extends StoredResponse {
  readonly key: string;
  readonly bytes: number;
  usedAt: number;
  /** Neighbours in the order of use. */
  previous: Entry | undefined;
  next: Entry | undefined;
}

export class CacheShare {
  readonly #cache: ResponseCache;
  readonly #maxBytes: number;
  readonly #entries = new Map<string, Entry>();
  #longestUnused: Entry | undefined = undefined;
  #latestUsed: Entry | undefined = undefined;
  #isClosed = false;
  usedBytes = 0;

  constructor(cache: ResponseCache, maxBytes: number) {
    this.#cache = cache;
    this.#maxBytes = maxBytes;
  }

  get cache(): ResponseCache {
    return this.#cache;
  }

  /** Of its longest unused entry; Infinity: it has none. */
  get unusedSince(): number {
    return this.#longestUnused?.usedAt ?? Number.POSITIVE_INFINITY;
  }

  lookUp(key: string): StoredResponse | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      this.#cache.missCount += 1;
      return undefined;
    }
    this.#cache.hitCount += 1;
    this.#unlink(entry);
    this.#append(entry);
    return entry;
  }

  /** Keeps a copy, if it may. What is there already stays as it is. */
  keep(key: string, response: InferResponse): void {
    const bytes = storedBytes(key, response);
    if (this.#isClosed || bytes > this.#maxBytes || this.#entries.has(key)) return;
    while (this.usedBytes + bytes > this.#maxBytes) this.evict();
    this.#cache.makeRoomFor(bytes);
    const stored = store(response);
    const entry = { ...stored, key, bytes, usedAt: 0, previous: undefined, next: undefined };
    this.#entries.set(key, entry);
    this.#append(entry);
    this.usedBytes += bytes;
    this.#cache.entered(this, bytes);
  }

  /** The longest unused entry. */
  evict(): void {
    const entry = this.#longestUnused;
    if (entry === undefined) return;
    this.#cache.evictionCount += 1;
    this.#remove(entry);
  }

  close(): void {
    this.#isClosed = true;
    for (let entry = this.#longestUnused; entry !== undefined; entry = this.#longestUnused) {
      this.#remove(entry);
    }
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry.key);
    this.#unlink(entry);
    this.usedBytes -= entry.bytes;
    this.#cache.left(this, entry.bytes);
  }

  #append(entry: Entry): void {
    entry.usedAt = this.#cache.nextUse();
    entry.previous = this.#latestUsed;
    entry.next = undefined;
    if (this.#latestUsed === undefined) this.#longestUnused = entry;
    else this.#latestUsed.next = entry;
    this.#latestUsed = entry;
  }

  #unlink({ previous, next }: Entry): void {
    if (previous === undefined) this.#longestUnused = next;
    else previous.next = next;
    if (next === undefined) this.#latestUsed = previous;
    else next.previous = previous;
  }
}
