/**
 * An inference answer from HTTP: its outputs are views of the bytes that came.
 *
 * Whatever a server sends, a wrong size or shape is an error here, with the name of the output: who
 * reads a tensor later reads what its shape says.
 */
import { PlainTensor } from "../definition/plain-tensor.ts";
import type { Datatype } from "../protocol/datatype.ts";
import { type Fields, isFields } from "../protocol/fields.ts";
import type { Parameters } from "../protocol/infer.ts";
import { startsOfPacked } from "../protocol/packed-bytes.ts";
import { elementCount, formatShape, isShape } from "../protocol/shape.ts";
import { badAnswer } from "./client-error.ts";
import type { NamedTensor, WireAnswer, WireOutput } from "./connection.ts";
import { isDatatype, sizeOf } from "./element-size.ts";
import { parseExactJson } from "./exact-json.ts";

/** Reads on where the last one ended. */
interface Binary {
  readonly bytes: Uint8Array;
  offset: number;
  /** Those that are to be in shared memory come without data. */
  readonly wanted: readonly WireOutput[];
}

const decoder = new TextDecoder();

const nothing = new Uint8Array(0);

/** `jsonBytes`: of the JSON in front of binary tensors, if it is not all JSON. */
export function readInferAnswer(
  bytes: Uint8Array,
  jsonBytes: number = bytes.byteLength,
  wanted: readonly WireOutput[] = [],
): WireAnswer {
  const { byteLength } = bytes;
  if (jsonBytes > byteLength) {
    throw badAnswer(`the answer is cut off: ${byteLength} bytes of ${jsonBytes} came`);
  }
  const binary = { bytes, offset: jsonBytes, wanted };
  const document = parseAnswer(decoder.decode(bytes.subarray(0, jsonBytes)));
  const answer = toWireAnswer(fieldsOf(document), binary);
  if (binary.offset === byteLength) return answer;
  throw badAnswer(`the answer has ${byteLength - binary.offset} bytes that belong to no output`);
}

export function parseAnswer(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch (cause) {
    const start = JSON.stringify(text.slice(0, 60));
    throw badAnswer(`the answer is no JSON: it begins with ${start}`, { cause });
  }
}

export function fieldsOf(document: unknown): Fields {
  if (isFields(document)) return document;
  throw badAnswer("the answer is no JSON object");
}

export function toWireAnswer(document: Fields, binary?: Binary): WireAnswer {
  const { id, model_name, model_version, parameters, outputs = [] } = document;
  if (!Array.isArray(outputs)) throw badAnswer("the answer's 'outputs' are no list");
  return {
    id: textOf(id),
    modelName: textOf(model_name),
    modelVersion: textOf(model_version),
    parameters: isFields(parameters) ? (parameters as Parameters) : {},
    outputs: outputs.map((output) => readOutput(fieldsOf(output), binary)),
    timing: undefined,
  };
}

function readOutput(output: Fields, binary: Binary | undefined): NamedTensor {
  const { name, datatype, shape, data, parameters } = output;
  const head = headOf(name, datatype, shape);
  const size = isFields(parameters) ? parameters["binary_data_size"] : undefined;
  if (typeof size === "number")
    return checked({ ...head, bytes: takeBytes(head.name, size, binary) });
  if (Array.isArray(data)) return checked({ ...head, bytes: bytesOfValues(head, data) });
  const isShared = binary?.wanted.some((each) => each.name === name && each.shared);
  if (isShared) return { ...head, bytes: nothing };
  throw wrong(name, "it has no data");
}

type Head = Pick<NamedTensor, "name" | "datatype" | "shape">;

/** What every output says of itself. */
export function headOf(name: unknown, datatype: unknown, shape: unknown): Head {
  if (typeof name !== "string" || name === "") throw wrong(name, "it has no name");
  if (!isDatatype(datatype)) throw wrong(name, `unknown datatype ${textOf(datatype)}`);
  if (!isShape(shape)) throw wrong(name, "it has no valid shape");
  return { name, datatype, shape };
}

function takeBytes(name: string, size: number, binary: Binary | undefined): Uint8Array {
  const { bytes = nothing, offset = 0 } = binary ?? {};
  const left = bytes.byteLength - offset;
  if (binary === undefined || size > left || size < 0) {
    throw wrong(name, `the answer is cut off: ${left} bytes of ${size} came`);
  }
  binary.offset += size;
  return bytes.subarray(offset, binary.offset);
}

function bytesOfValues({ name, datatype, shape }: Head, data: readonly unknown[]): Uint8Array {
  try {
    const flat = data.flat(Infinity).map(elementOf(datatype));
    return PlainTensor.from(datatype, flat as never, shape).bytes;
  } catch (cause) {
    throw wrong(name, (cause as Error).message, cause);
  }
}

/** Floats that have no fraction are bigints beyond 2^53 (exact-json.ts). */
function elementOf(datatype: Datatype): (value: unknown) => unknown {
  if (datatype === "BYTES") return String;
  return (value) => {
    return typeof value === "bigint" && !datatype.includes("INT") ? Number(value) : value;
  };
}

/** Has it as many bytes as its shape says? */
export function checked(tensor: NamedTensor): NamedTensor {
  const { name, datatype, shape, bytes } = tensor;
  const count = elementCount(shape);
  const size = sizeOf(datatype);
  if (size > 0 ? count * size === bytes.byteLength : isPacked(bytes, count)) return tensor;
  throw wrong(name, `${bytes.byteLength} bytes are no ${datatype} of shape ${formatShape(shape)}`);
}

function isPacked(bytes: Uint8Array, count: number): boolean {
  const starts = startsOfPacked(bytes);
  return starts.length === count + 1 && starts[count] === bytes.byteLength;
}

function wrong(name: unknown, why: string, cause?: unknown): Error {
  return badAnswer(`output '${textOf(name)}': ${why}`, { cause });
}

/** Some servers write ids and versions as numbers. */
function textOf(value: unknown = ""): string {
  return typeof value === "object" ? "" : String(value);
}
