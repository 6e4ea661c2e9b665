/**
 * Response cache of a server, as the oracle expects it: a list of what is kept, from what was not
 * used for longest to what was used last.
 *
 * An entry weighs 640 bytes and its key, which is 44 characters of two bytes; for each output 256,
 * its name, 8 for each dimension, and its bytes in steps of 8; for each parameter 64 and its texts.
 */
import type { Coverage } from "../coverage.ts";
import type { RequestPlan } from "../plans.ts";
import type { Response } from "./oracle-request.ts";

interface Kept {
  /** Number of the load that answered. */
  readonly load: number;
  readonly key: string;
  readonly bytes: number;
  readonly part: number | undefined;
}

export class CacheOracle {
  readonly #coverage: Coverage;
  readonly #maxBytes: number;
  #kept: readonly Kept[] = [];
  #hitCount = 0;
  #missCount = 0;
  #evictedCount = 0;

  constructor(coverage: Coverage, maxBytes: number) {
    this.#coverage = coverage;
    this.#maxBytes = maxBytes;
  }

  /** It keeps nothing, and nobody asks it. */
  get isOff(): boolean {
    return this.#maxBytes === 0;
  }

  text(): string {
    const counts = `${this.#hitCount}+${this.#missCount}, ${this.#evictedCount} left`;
    return `${this.#kept.length} kept, ${sum(this.#kept)} bytes, ${counts}`;
  }

  /** Undefined: it is not there. */
  find(load: number, key: string): Pick<Kept, "part"> | undefined {
    const found = this.#kept.find((kept) => kept.load === load && kept.key === key);
    if (found === undefined) this.#missCount += 1;
    else {
      this.#hitCount += 1;
      this.#kept = [...this.#kept.filter((kept) => kept !== found), found];
    }
    return found;
  }

  keep(
    { load, key, shareBytes }: { readonly load: number; readonly key: string; shareBytes: number },
    plan: RequestPlan,
    { part }: Response,
  ): void {
    const bytes = weightOf(plan, part);
    if (bytes > shareBytes || bytes > this.#maxBytes) {
      this.#coverage.count("cache entry too large");
      return;
    }
    if (this.#kept.some((kept) => kept.load === load && kept.key === key)) {
      this.#coverage.count("cache has it already");
      return;
    }
    const ofLoad = (): readonly Kept[] => this.#kept.filter((kept) => kept.load === load);
    while (sum(ofLoad()) + bytes > shareBytes) this.#evict(ofLoad()[0], "cache share is full");
    while (sum(this.#kept) + bytes > this.#maxBytes) this.#evict(this.#kept[0], "cache is full");
    this.#kept = [...this.#kept, { load, key, bytes, part }];
  }

  clear(load: number): void {
    const others = this.#kept.filter((kept) => kept.load !== load);
    if (others.length < this.#kept.length) this.#coverage.count("cache cleared");
    this.#kept = others;
  }

  #evict(kept: Kept | undefined, why: "cache share is full" | "cache is full"): void {
    this.#coverage.count(why);
    this.#evictedCount += 1;
    this.#kept = this.#kept.filter((other) => other !== kept);
  }
}

function sum(kept: readonly Kept[]): number {
  return kept.reduce((total, { bytes }) => total + bytes, 0);
}

function weightOf({ requestedOutputs, rows }: RequestPlan, part: number | undefined): number {
  const isWanted = (name: string): boolean =>
    requestedOutputs.length === 0 || requestedOutputs.includes(name);
  const ofOutput = (elements: number): number => 256 + 2 + 8 + Math.ceil((4 * elements) / 8) * 8;
  const y = isWanted("y") ? ofOutput(rows) : 0;
  const z = isWanted("z") ? ofOutput(1) : 0;
  const parameter = part === undefined ? 0 : 64 + 2 * ("part".length + String(part).length);
  return 640 + 44 * 2 + y + z + parameter;
}
