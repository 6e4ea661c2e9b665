/**
 * Values in the texts of a classification: floats as C's `%f` prints them, with six decimals and
 * without an exponent; integers plainly.
 */

export function classValue(value: number | bigint, isFloat: boolean): string {
  return typeof value === "number" && isFloat ? fixed(value) : String(value);
}

function fixed(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.000000";
  // Beyond, toFixed writes exponents; all such values are whole.
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}.000000`;
  const rounded = isTie(value) ? evenBelow(value.toFixed(7)) : undefined;
  return rounded ?? value.toFixed(6);
}

/** Halfway between two texts are the odd multiples of 1/128, and nothing else. */
function isTie(value: number): boolean {
  return Math.abs((value * 128) % 2) === 1;
}

/** C rounds half to even, toFixed away from zero. `exact` ends in 5. */
function evenBelow(exact: string): string | undefined {
  return Number(exact.at(-2)) % 2 === 0 ? exact.slice(0, -1) : undefined;
}
