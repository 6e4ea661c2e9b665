/**
 * An inference answer from HTTP: its outputs are views of the bytes that came.
 *
 * Whatever a server sends, a wrong size or shape is an error here, with the name of the output: who
 * reads a tensor later reads what its shape says.
 */

import { PlainTensor } from "../definition/plain-tensor.ts";
import type { Datatype } from "../protocol/datatype.ts";
import { noParameters, type Parameters } from "../protocol/infer.ts";
import { elementCount, formatShape } from "../protocol/shape.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import { badAnswer } from "./client-error.ts";
import type { WireAnswer, WireOutput } from "./connection.ts";
import { isDatatype, sizeOf } from "./element-size.ts";
import { parseExactJson } from "./exact-json.ts";

type Fields = Readonly<Record<string, unknown>>;

/** Reads on where the last one ended. */
interface Binary {
  readonly bytes: Uint8Array;
  offset: number;
  /** Those that are to be in shared memory come without data. */
  readonly wanted: readonly WireOutput[];
}

const decoder = new TextDecoder();

/** `jsonBytes`: of the JSON in front of binary tensors; undefined: it is all JSON. */
export function readInferAnswer(
  bytes: Uint8Array,
  jsonBytes: number | undefined,
  wanted: readonly WireOutput[] = [],
): WireAnswer {
  const length = jsonBytes ?? bytes.byteLength;
  if (length > bytes.byteLength) {
    throw badAnswer(`the answer is cut off: ${bytes.byteLength} bytes of ${length} came`);
  }
  const binary = { bytes, offset: length, wanted };
  const answer = toWireAnswer(parseAnswer(decoder.decode(bytes.subarray(0, length))), binary);
  if (binary.offset === bytes.byteLength) return answer;
  throw badAnswer(
    `the answer has ${bytes.byteLength - binary.offset} bytes that belong to no output`,
  );
}

export function parseAnswer(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch (cause) {
    const start = text.slice(0, 60);
    throw badAnswer(`the answer is no JSON: it begins with ${JSON.stringify(start)}`, { cause });
  }
}

export function toWireAnswer(document: unknown, binary?: Binary): WireAnswer {
  if (!isFields(document)) throw badAnswer("the answer is no JSON object");
  const { id = "", model_name = "", model_version = "", parameters, outputs = [] } = document;
  if (!Array.isArray(outputs)) throw badAnswer("the answer's 'outputs' are no list");
  return {
    id: textOf(id),
    modelName: textOf(model_name),
    modelVersion: textOf(model_version),
    parameters: isFields(parameters) ? (parameters as Parameters) : noParameters,
    outputs: outputs.map((output) => readOutput(output, binary)),
    timing: undefined,
  };
}

function readOutput(output: unknown, binary: Binary | undefined): WireTensor {
  const { name, datatype, shape, data, parameters } = isFields(output) ? output : {};
  if (typeof name !== "string") throw badAnswer("an output of the answer has no name");
  if (!isDatatype(datatype))
    throw badAnswer(`output '${name}': unknown datatype ${textOf(datatype)}`);
  if (!isShape(shape)) throw badAnswer(`output '${name}' has no valid shape`);
  const head = { name, datatype, shape };
  const size = isFields(parameters) ? parameters["binary_data_size"] : undefined;
  if (typeof size === "number") return checked(wireTensor(head, takeBytes(name, size, binary)));
  if (Array.isArray(data)) return checked(wireTensor(head, bytesOfValues(head, data)));
  const isShared = binary?.wanted.some((each) => each.name === name && each.shared);
  if (isShared) return wireTensor(head, nothing);
  throw badAnswer(`output '${name}' has no data`);
}

const nothing = new Uint8Array(0);

function takeBytes(name: string, size: number, binary: Binary | undefined): Uint8Array {
  const { bytes = nothing, offset = 0 } = binary ?? {};
  const left = bytes.byteLength - offset;
  if (binary === undefined || size > left || size < 0) {
    throw badAnswer(`the answer is cut off: output '${name}' has ${size} bytes, ${left} came`);
  }
  binary.offset += size;
  return bytes.subarray(offset, binary.offset);
}

function bytesOfValues(
  { name, datatype, shape }: Pick<WireTensor, "name" | "datatype" | "shape">,
  data: readonly unknown[],
): Uint8Array {
  try {
    const flat = data.flat(Infinity);
    return PlainTensor.from(datatype, flat.map(elementOf(datatype)) as never, shape).bytes;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw badAnswer(`output '${name}': ${why}`, { cause });
  }
}

/** Floats that have no fraction are bigints beyond 2^53 (exact-json.ts). */
function elementOf(datatype: Datatype): (value: unknown) => unknown {
  if (datatype === "BYTES") return String;
  if (datatype.includes("INT")) return (value) => value;
  return (value) => (typeof value === "bigint" ? Number(value) : value);
}

/** Has it as many bytes as its shape says? */
export function checked(tensor: WireTensor): WireTensor {
  const { name, datatype, shape, chunks, byteLength } = tensor;
  const count = elementCount(shape);
  const size = sizeOf(datatype);
  const isWhole =
    size > 0 ? count * size === byteLength : countTexts(chunks[0] ?? nothing) === count;
  if (isWhole) return tensor;
  const what = `${byteLength} bytes are no ${datatype} of shape ${formatShape(shape)}`;
  throw badAnswer(`output '${name}': ${what}`);
}

/** Of BYTES: a length, then so many bytes. -1: the last one is cut off. */
function countTexts(packed: Uint8Array): number {
  const lengths = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  let count = 0;
  let offset = 0;
  for (; offset + 4 <= packed.byteLength; count += 1) offset += 4 + lengths.getUint32(offset, true);
  return offset === packed.byteLength ? count : -1;
}

export function isShape(value: unknown): value is readonly number[] {
  return (
    Array.isArray(value) &&
    value.every((dimension) => Number.isSafeInteger(dimension) && Number(dimension) >= 0)
  );
}

/** Some servers write ids and versions as numbers. */
function textOf(value: unknown): string {
  return typeof value === "object" ? "" : String(value);
}

export function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
