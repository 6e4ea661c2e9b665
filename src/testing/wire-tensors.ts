/**
 * Wire tensors by chance: of every datatype, with the values where things go wrong, their bytes in
 * several slices. Their values have a form in JSON: no negative zero, and texts that are UTF-8.
 */
import type { Datatype } from "../protocol/datatype.ts";
import { packBytes } from "../protocol/packed-bytes.ts";
import { elementCount } from "../protocol/shape.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import { typedArrays } from "../protocol/typed-arrays.ts";
import { Random } from "./random.ts";

export interface WireTensorSeed {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly seed: number;
}

const texts = ["", "a", "\u0000", '"', "\\", "12345678901234567", "NaN", "ü€🐟", "\ufeffx", "\r\n"];
const floats = [0, 1.5, -1e-7, 1e17, -1e30, Number.NaN, 1 / 0, -1 / 0, 2 ** 53, 3];
const wholes = [0n, 1n, 255n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n];

export function randomWireTensor({ name, datatype, shape, seed }: WireTensorSeed): WireTensor {
  const random = new Random(seed);
  const count = elementCount(shape);
  const bytes = bytesOf(datatype, count, random);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength; ) {
    const end = Math.min(bytes.byteLength, at + random.between(1, bytes.byteLength));
    chunks.push(bytes.subarray(at, end));
    at = end;
  }
  return { name, datatype, shape, chunks, byteLength: bytes.byteLength };
}

function bytesOf(datatype: Datatype, count: number, random: Random): Uint8Array {
  const of = <T>(values: readonly T[]): T[] => {
    return Array.from({ length: count }, () => random.pick(values) as T);
  };
  if (datatype === "BYTES") {
    return packBytes(of(texts).map((text) => new TextEncoder().encode(text)));
  }
  if (datatype === "BOOL") return Uint8Array.from(of([0, 1]));
  const values = typedArray(datatype, of);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function typedArray(
  datatype: Exclude<Datatype, "BYTES" | "BOOL">,
  of: <T>(values: readonly T[]) => T[],
): ArrayBufferView {
  if (datatype === "FP64") return Float64Array.from(of(floats));
  if (datatype === "FP32") return Float32Array.from(of(floats));
  if (datatype === "INT64") return BigInt64Array.from(of(wholes));
  if (datatype === "UINT64") return BigUint64Array.from(of(wholes));
  const values = new typedArrays[datatype](of([0]).length) as Int32Array;
  values.set(of(wholes.map((whole) => Number(BigInt.asIntN(32, whole)))));
  return values;
}

export function wholeBytes({ chunks }: WireTensor): Uint8Array {
  return new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
}
