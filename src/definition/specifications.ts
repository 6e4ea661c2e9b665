/**
 * Tensor specifications: how a model says what it takes and what it returns.
 *
 *   fp32(-1)                       any number of floats a row
 *   int64(16, { as: "number" })    read as number instead of bigint; refuses beyond 2^53
 *   bytes(1, { as: "bytes" })      read as Uint8Array instead of string
 *   optional(fp32(4))              an input that a request may leave out
 *
 * Dimensions leave the batch dimension out; -1 is any size. A specification carries its types, so
 * what `infer` gets and returns is checked when it is compiled.
 *
 * Not here: what holds the values (tensor.ts).
 */
import type { Datatype } from "../protocol/datatype.ts";
import { isCount } from "../protocol/option-checks.ts";
import { show } from "../protocol/show.ts";

/** What one element is in JavaScript. */
export interface Elements {
  readonly boolean: boolean;
  readonly number: number;
  readonly bigint: bigint;
  readonly string: string;
  readonly bytes: Uint8Array;
}

export type ElementForm = keyof Elements;

export type DefaultForm<D extends Datatype> = D extends "INT64" | "UINT64"
  ? "bigint"
  : D extends "BYTES"
    ? "string"
    : D extends "BOOL"
      ? "boolean"
      : "number";

const defaultForms: Readonly<Partial<Record<Datatype, ElementForm>>> = {
  BOOL: "boolean",
  INT64: "bigint",
  UINT64: "bigint",
  BYTES: "string",
};

/** Of a datatype that no specification says more about. */
export function defaultForm<D extends Datatype>(datatype: D): DefaultForm<D> {
  return (defaultForms[datatype] ?? "number") as DefaultForm<D>;
}

export interface TensorSpec<
  D extends Datatype = Datatype,
  As extends ElementForm = ElementForm,
  Optional extends boolean = boolean,
> {
  readonly datatype: D;
  /** Without the batch dimension; -1 is any size. */
  readonly dims: readonly number[];
  readonly as: As;
  readonly isOptional: Optional;
}

export type TensorSpecs = Readonly<Record<string, TensorSpec>>;

type Spec<D extends Datatype, As extends ElementForm = DefaultForm<D>> = TensorSpec<D, As, false>;
type IntegerForm = "bigint" | "number";
type BytesForm = "string" | "bytes";
type Dims = readonly number[];
/** Dimensions, and options last. */
type DimsAnd<Options> = readonly [...dims: number[], options: Options];

export function bool(...dims: Dims): Spec<"BOOL"> {
  return spec("BOOL", dims, "boolean");
}

export function uint8(...dims: Dims): Spec<"UINT8"> {
  return spec("UINT8", dims, "number");
}

export function uint16(...dims: Dims): Spec<"UINT16"> {
  return spec("UINT16", dims, "number");
}

export function uint32(...dims: Dims): Spec<"UINT32"> {
  return spec("UINT32", dims, "number");
}

export function uint64(...dims: Dims): Spec<"UINT64">;
export function uint64<As extends IntegerForm>(
  ...dims: DimsAnd<{ readonly as: As }>
): Spec<"UINT64", As>;
export function uint64(...args: readonly unknown[]): Spec<"UINT64", IntegerForm> {
  return specWithForm("UINT64", args, ["bigint", "number"]);
}

export function int8(...dims: Dims): Spec<"INT8"> {
  return spec("INT8", dims, "number");
}

export function int16(...dims: Dims): Spec<"INT16"> {
  return spec("INT16", dims, "number");
}

export function int32(...dims: Dims): Spec<"INT32"> {
  return spec("INT32", dims, "number");
}

export function int64(...dims: Dims): Spec<"INT64">;
export function int64<As extends IntegerForm>(
  ...dims: DimsAnd<{ readonly as: As }>
): Spec<"INT64", As>;
export function int64(...args: readonly unknown[]): Spec<"INT64", IntegerForm> {
  return specWithForm("INT64", args, ["bigint", "number"]);
}

/** `data` holds the bits; `map`, `toNested` and nested arrays hold numbers. */
export function fp16(...dims: Dims): Spec<"FP16"> {
  return spec("FP16", dims, "number");
}

/** As fp16. */
export function bf16(...dims: Dims): Spec<"BF16"> {
  return spec("BF16", dims, "number");
}

export function fp32(...dims: Dims): Spec<"FP32"> {
  return spec("FP32", dims, "number");
}

export function fp64(...dims: Dims): Spec<"FP64"> {
  return spec("FP64", dims, "number");
}

export function bytes(...dims: Dims): Spec<"BYTES">;
export function bytes<As extends BytesForm>(
  ...dims: DimsAnd<{ readonly as: As }>
): Spec<"BYTES", As>;
export function bytes(...args: readonly unknown[]): Spec<"BYTES", BytesForm> {
  return specWithForm("BYTES", args, ["string", "bytes"]);
}

/** An input that a request may leave out: `infer` gets undefined. */
export function optional<D extends Datatype, As extends ElementForm>(
  required: TensorSpec<D, As>,
): TensorSpec<D, As, true> {
  return Object.freeze({ ...required, isOptional: true });
}

function spec<D extends Datatype, As extends ElementForm>(
  datatype: D,
  dims: readonly unknown[],
  as: As,
): Spec<D, As> {
  const maker = datatype.toLowerCase();
  if (dims.length === 0) {
    throw new TypeError(`${maker}(): at least one dimension is needed, such as ${maker}(-1)`);
  }
  for (const dimension of dims) {
    if (dimension === -1 || isCount(dimension)) continue;
    const expected = "an integer from 1, or -1 for any size";
    throw new TypeError(`${maker}(): a dimension must be ${expected}; got ${show(dimension)}`);
  }
  const checked = Object.freeze([...dims] as number[]);
  return Object.freeze({ datatype, dims: checked, as, isOptional: false });
}

/** The first of `forms` is the default. */
function specWithForm<D extends Datatype, As extends ElementForm>(
  datatype: D,
  args: readonly unknown[],
  forms: readonly [As, As],
): Spec<D, As> {
  const last = args.at(-1);
  if (typeof last !== "object" || last === null) return spec(datatype, args, forms[0]);
  const { as = forms[0], ...others } = last as { readonly as?: As };
  const maker = datatype.toLowerCase();
  const [unknownOption] = Object.keys(others);
  if (unknownOption !== undefined) {
    throw new TypeError(`${maker}(): unknown option '${unknownOption}' (there is 'as')`);
  }
  if (!forms.includes(as)) {
    const expected = forms.map((form) => `"${form}"`).join(" or ");
    throw new TypeError(`${maker}(): 'as' must be ${expected}; got ${show(as)}`);
  }
  return spec(datatype, args.slice(0, -1), as);
}
