/**
 * Isolation as the oracle expects it: which requests of a batch that failed are run together next.
 *
 * What failed is cut in two, the smaller half first. If the first half passes, the second one must
 * hold a guilty request: it is cut without being run. Whoever is not waited for any more is left
 * out, of each group when its turn has come.
 */
import type { Coverage } from "../coverage.ts";
import type { OracleError } from "./oracle-errors.ts";

interface Suspect {
  readonly stage: "waiting" | "running" | "ended";
  readonly isAnswered: boolean;
}

interface Group<Request> {
  readonly requests: readonly Request[];
  isKnownToFail: boolean;
}

export class IsolationOracle<Request extends Suspect> {
  /** Why the batch failed, and when its inputs were there, as the instance told. */
  readonly error: OracleError;
  readonly inputEndMs: number;
  readonly #coverage: Coverage;
  /** In the order of their turns. */
  #groups: readonly Group<Request>[];
  /** The first half that runs, and the second one. */
  #pair: { readonly first: Group<Request>; readonly second: Group<Request> } | undefined =
    undefined;
  #running: Group<Request> | undefined = undefined;

  constructor(
    batch: readonly Request[],
    cause: { readonly error: OracleError; readonly inputEndMs: number },
    coverage: Coverage,
  ) {
    this.error = cause.error;
    this.inputEndMs = cause.inputEndMs;
    this.#coverage = coverage;
    this.#groups = [{ requests: batch, isKnownToFail: true }];
  }

  get isOver(): boolean {
    return this.#groups.length === 0;
  }

  next(): readonly Request[] | undefined {
    const [group, ...later] = this.#groups;
    if (group === undefined) return undefined;
    this.#groups = later;
    const requests = group.requests.filter(
      ({ stage, isAnswered }) => stage === "running" && !isAnswered,
    );
    if (requests.length < group.requests.length) {
      this.#coverage.count("caller leaves before its part");
    }
    if (requests.length === 0) return this.next();
    if (!group.isKnownToFail || requests.length === 1) {
      this.#running = { requests, isKnownToFail: group.isKnownToFail };
      if (this.#pair?.first !== group) this.#pair = undefined;
      return requests;
    }
    const middle = Math.floor(requests.length / 2);
    const first = { requests: requests.slice(0, middle), isKnownToFail: false };
    const second = { requests: requests.slice(middle), isKnownToFail: false };
    this.#pair = { first, second };
    this.#groups = [first, second, ...later];
    return this.next();
  }

  passed(): void {
    this.#coverage.count("part passes");
    if (this.#pair === undefined) return;
    if (this.#pair.second.requests.length > 1) {
      this.#coverage.count("second half is known to fail");
    }
    this.#pair.second.isKnownToFail = true;
    this.#pair = undefined;
  }

  failed(): void {
    const { requests = [] } = this.#running ?? {};
    this.#pair = undefined;
    this.#coverage.count(requests.length > 1 ? "part fails" : "guilty request found");
    if (requests.length > 1) this.#groups = [{ requests, isKnownToFail: true }, ...this.#groups];
  }
}
