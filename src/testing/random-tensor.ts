/**
 * Tensors by chance: of every datatype, with the values where things go wrong. Their values have a form in JSON: no negative zero, and texts that are UTF-8.
 */
import type { Datatype } from "../protocol/datatype.ts";
import { packBytes } from "../protocol/packed-bytes.ts";
import { elementCount } from "../protocol/shape.ts";
import { typedArrays } from "../protocol/typed-arrays.ts";
import { Random } from "./random.ts";

interface Described {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
}

export interface TensorSeed extends Described {
  readonly seed: number;
}

export interface RandomTensor extends Described {
  readonly bytes: Uint8Array;
}

const texts = ["", "a", "\u0000", '"', "\\", "12345678901234567", "NaN", "ü€🐟", "\ufeffx", "\r\n"];
const floats = [0, 1.5, -1e-7, 1e17, -1e30, Number.NaN, 1 / 0, -1 / 0, 2 ** 53, 3];
const wholes = [0n, 1n, 255n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 64n - 1n];

export function randomTensor({ name, datatype, shape, seed }: TensorSeed): RandomTensor {
  const bytes = bytesOf(datatype, elementCount(shape), new Random(seed));
  return { name, datatype, shape, bytes };
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
