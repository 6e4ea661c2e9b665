/**
 * Wide integers: 64 bits of gRPC messages as numbers where they are exact, bigint otherwise.
 *
 * The generated code (generated/messages.js) reads them as objects of two halves, and writes
 * whatever has such halves.
 */

/** As the generated code reads it. */
export type WideInteger = number | WideHalves;

export interface WideHalves {
  /** Signed 32-bit integers. */
  readonly low: number;
  readonly high: number;
  readonly unsigned: boolean;
}

export function toBigint(value: WideInteger): bigint {
  if (typeof value === "number") return BigInt(value);
  const high = BigInt(value.unsigned ? value.high >>> 0 : value.high);
  return (high << 32n) | BigInt(value.low >>> 0);
}

/** A number up to 2^53 - 1, either sign; beyond, a bigint. */
export function toInteger(value: WideInteger): number | bigint {
  if (typeof value === "number") return value;
  if (value.high === 0) return value.low >>> 0;
  const exact = toBigint(value);
  const number = Number(exact);
  return Number.isSafeInteger(number) ? number : exact;
}

/** For the generated code. Of more than 64 bits the lowest count. */
export function fromBigint(value: bigint): WideHalves {
  const low = Number(BigInt.asIntN(32, value));
  const high = Number(BigInt.asIntN(32, value >> 32n));
  return { low, high, unsigned: value >= 0n };
}
