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
import type { InferenceError } from "../../protocol/errors.ts";
import type { DeclaredModel, InnerContext } from "../infer-forms.ts";
import type { Outputs, RequestInfo } from "../model.ts";
import type { TensorSpecs } from "../specifications.ts";
import type { AnyContext } from "./helper-types.ts";

/** Rows of one request in a part. */
export interface Share {
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

type AnyOutputs = Outputs<TensorSpecs>;

export interface PartFields {
  readonly context: AnyContext;
  readonly part: Part;
  readonly helper: string;
  /** The model as the function sees it; default: as the helper does. */
  readonly seenModel?: DeclaredModel;
  /** Outputs for one request, as the batch around has them; default: the same. */
  readonly toBatch?: (outputs: AnyOutputs, request: RequestInfo) => AnyOutputs;
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

  get log(): AnyContext["log"] {
    return this.#fields.context.log;
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
    return async (index, outputs, options) => {
      const { context, toBatch } = this.#fields;
      const request = this.#whole(index);
      const all = toBatch?.(outputs, requestOf(context, request)) ?? outputs;
      await context.send(request, all, options);
    };
  }

  get end(): AnyContext["end"] {
    return (index, error?: InferenceError) => {
      this.#fields.context.end(this.#whole(index), error);
    };
  }

  get seenModel(): DeclaredModel | undefined {
    const { context, seenModel } = this.#fields;
    return seenModel ?? (context as InnerContext).seenModel;
  }

  /** Which request of the batch this is. All its rows must be here. */
  #whole(index: number): number {
    const { context, part, helper } = this.#fields;
    const share = part.shares[index];
    const { name } = context.model;
    if (share === undefined) {
      const count = part.shares.length;
      throw new RangeError(`model '${name}': ${helper}: there is no request ${index} of ${count}`);
    }
    const { request, rows } = share;
    const { rows: all } = requestOf(context, request);
    if (rows >= all) return request;
    const why = `request ${index} has ${rows} of its ${all} rows here, a response needs all`;
    throw new TypeError(`model '${name}': ${helper}: ${why}: yield responses instead`);
  }
}

export function requestOf({ requests }: AnyContext, index: number): RequestInfo {
  const request = requests[index];
  if (request === undefined) throw new RangeError(`there is no request ${index}`);
  return request;
}
