/**
 * Parts of a batch: rows that are given to a function by themselves, with a context in which they
 * are the whole batch.
 *
 *   batch     rows 0 1 2 3 4        requests a: 0 1, b: 2, c: 3 4
 *   part      rows   1 2     4      shares   a: 0,   b: 1, c: 2      (of a and c: not all rows)
 *
 * Invariant: the requests of a context cover its rows, in order. So helpers nest: each sees a
 * batch, whoever made it.
 */
import type { DeclaredModel, InnerContext } from "../infer-forms.ts";
import { latestDeadlineMs } from "../latest-deadline.ts";
import type { RequestInfo } from "../model.ts";
import { batchLog } from "../model-log.ts";
import type { AnyContext } from "./helper-types.ts";

/** Rows of one request in a part. */
interface Share {
  /** Which request of the batch. */
  readonly request: number;
  /** Its first row in the part. */
  readonly firstRow: number;
  readonly rows: number;
}

export interface Part {
  /** Rows of the batch, ascending; only the last may come again. */
  readonly rows: readonly number[];
  readonly shares: readonly Share[];
}

/** A part for each list of rows. */
export function partsOf(
  requests: readonly RequestInfo[],
  lists: readonly (readonly number[])[],
): readonly Part[] {
  const owners = requests.flatMap(({ rows }, index) => new Array<number>(rows).fill(index));
  return lists.map((rows) => {
    const shares: { request: number; firstRow: number; rows: number }[] = [];
    for (const [firstRow, row] of rows.entries()) {
      const request = owners[row] ?? 0;
      const last = shares.at(-1);
      if (last?.request === request) last.rows += 1;
      else shares.push({ request, firstRow, rows: 1 });
    }
    return { rows, shares };
  });
}

/** A part for each request. */
export function partPerRequest(requests: readonly RequestInfo[]): readonly Part[] {
  return requests.map(({ firstRow, rows }, request) => ({
    rows: Array.from({ length: rows }, (_, index) => firstRow + index),
    shares: [{ request, firstRow: 0, rows }],
  }));
}

export interface PartFields {
  readonly context: AnyContext;
  readonly part: Part;
  readonly helper: string;
  /** The model as the function sees it; default: as the helper does. */
  readonly seenModel?: DeclaredModel | undefined;
  /** Of a model that streams: to a request of the part. Default: it is refused by the batch. */
  readonly send?: AnyContext["send"];
  readonly end?: AnyContext["end"];
  /** Default: the request of the batch fails. */
  readonly fail?: AnyContext["fail"];
}

export class PartContext implements AnyContext, InnerContext {
  readonly #fields: PartFields;
  #requests: readonly RequestInfo[] | undefined;

  constructor(fields: PartFields) {
    this.#fields = fields;
  }

  get model(): AnyContext["model"] {
    return this.#fields.context.model;
  }

  get instance(): AnyContext["instance"] {
    return this.#fields.context.instance;
  }

  get device(): AnyContext["device"] {
    return this.#fields.context.device;
  }

  get parameters(): AnyContext["parameters"] {
    return this.#fields.context.parameters;
  }

  /** A line about a request of the part is about that of the batch. */
  get log(): AnyContext["log"] {
    const { context, part } = this.#fields;
    return batchLog((level, message, index = -1) => {
      const request = part.shares[index]?.request;
      context.log[level](message, request === undefined ? undefined : { request });
    });
  }

  get metrics(): AnyContext["metrics"] {
    return this.#fields.context.metrics;
  }

  get span(): AnyContext["span"] {
    return this.#fields.context.span;
  }

  get isWarmup(): boolean {
    return this.#fields.context.isWarmup;
  }

  get deadlineMs(): number | undefined {
    return latestDeadlineMs(this.requests);
  }

  get state(): unknown {
    return this.#fields.context.state;
  }

  /** Of the batch: of one request its `isAborted()` tells. */
  get signal(): AbortSignal {
    return this.#fields.context.signal;
  }

  get rows(): number {
    return this.#fields.part.rows.length;
  }

  get requests(): readonly RequestInfo[] {
    const { context, part } = this.#fields;
    this.#requests ??= part.shares.map(({ request, firstRow, rows }) => {
      return { ...requestOf(context, request), firstRow, rows };
    });
    return this.#requests;
  }

  get send(): AnyContext["send"] {
    const { context, send = context.send } = this.#fields;
    return (index, outputs, options) => {
      const sent = this.#isThere(index)
        ? send(index, outputs, options)
        : Promise.reject(this.#notThere(index));
      // Often nobody waits for it: then what goes wrong must not end the process.
      sent.catch(() => {});
      return sent;
    };
  }

  get end(): AnyContext["end"] {
    const { context, end = context.end } = this.#fields;
    return (index) => {
      if (!this.#isThere(index)) throw this.#notThere(index);
      end(index);
    };
  }

  get fail(): AnyContext["fail"] {
    const { context, part } = this.#fields;
    const ofBatch: AnyContext["fail"] = (index, error) =>
      context.fail(part.shares[index]?.request ?? index, error);
    const { fail = ofBatch } = this.#fields;
    return (index, error) => {
      if (!this.#isThere(index)) throw this.#notThere(index);
      fail(index, error);
    };
  }

  get seenModel(): DeclaredModel | undefined {
    const { seenModel, context } = this.#fields;
    return seenModel ?? (context as InnerContext).seenModel;
  }

  #isThere(index: number): boolean {
    return this.#fields.part.shares[index] !== undefined;
  }

  #notThere(index: number): RangeError {
    const { context, part, helper } = this.#fields;
    const why = `there is no request ${index} of ${part.shares.length}`;
    return new RangeError(`model '${context.model.name}': ${helper}: ${why}`);
  }
}

export function requestOf({ requests }: AnyContext, index: number): RequestInfo {
  const request = requests[index];
  if (request === undefined) throw new RangeError(`there is no request ${index}`);
  return request;
}
