/**
 * JSON values as they were written: integers are told from floats, and keep all their digits.
 *
 *   number   an integer literal within 2^53, exact
 *   bigint   an integer literal beyond that, within the 64-bit integers
 *   JsonFloat  any other number: with a fraction or an exponent, NaN, Infinity, or larger still
 */
export type JsonScalar = string | number | bigint | boolean | null | JsonFloat;
export type JsonValue = JsonScalar | JsonObject | readonly JsonValue[];

export class JsonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** Of equal keys the first counts. */
export class JsonObject {
  readonly members: ReadonlyMap<string, JsonValue>;

  constructor(members: ReadonlyMap<string, JsonValue>) {
    this.members = members;
  }
}

/** A 64-bit unsigned integer, or undefined. */
export function asUnsigned(value: JsonValue | undefined): number | bigint | undefined {
  if (typeof value === "number") return value >= 0 ? value : undefined;
  return typeof value === "bigint" && value >= 0n ? value : undefined;
}
