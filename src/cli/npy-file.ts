/**
 * NumPy's files of one array, to tensors and back.
 *
 *   \x93NUMPY  major minor  length of the header (2 bytes; 4 from version 2 on)
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }  spaces  \n
 *   the elements
 *
 * Texts (`S`, `U`) are BYTES, without the zeros that fill them up. Fortran's order becomes C's.
 * Big-endian elements, structures and Python objects, which may run code, are refused.
 *
 * BF16, which NumPy does not have, is written as FP32.
 */
import { PlainTensor } from "../definition/plain-tensor.ts";
import type { Datatype } from "../protocol/datatype.ts";
import { packBytes, unpackBytes } from "../protocol/packed-bytes.ts";
import { elementCount } from "../protocol/shape.ts";
import { UsageError } from "./usage-error.ts";

const magic = "\u0093NUMPY";

const types: Readonly<Partial<Record<Datatype, string>>> = {
  BOOL: "|b1",
  UINT8: "|u1",
  INT8: "|i1",
  UINT16: "<u2",
  UINT32: "<u4",
  UINT64: "<u8",
  INT16: "<i2",
  INT32: "<i4",
  INT64: "<i8",
  FP16: "<f2",
  FP32: "<f4",
  FP64: "<f8",
};

const datatypeOf = new Map(
  Object.entries(types).map(([datatype, type]) => [type, datatype as Datatype]),
);

interface Header {
  /** Such as `<f4`. */
  readonly type: string;
  readonly shape: readonly number[];
  readonly isFortran: boolean;
  /** Where the elements begin. */
  readonly end: number;
}

/** Throws a UsageError that says what is wrong with it. */
export function readNpy(bytes: Uint8Array): PlainTensor {
  const { type, shape, isFortran, end } = readHeader(bytes);
  const [, kind = "", digits = ""] = /^[<|]([a-zA-Z])([1-9]\d*)$/.exec(type) ?? [];
  const isText = (kind === "S" && type.startsWith("|")) || (kind === "U" && type.startsWith("<"));
  const datatype = isText ? "BYTES" : datatypeOf.get(type);
  if (datatype === undefined) {
    const known = `${[...datatypeOf.keys()].join(", ")}, |S and <U`;
    throw new UsageError(`its elements are of type ${JSON.stringify(type)} (known are ${known})`);
  }
  const size = Number(digits) * (kind === "U" ? 4 : 1);
  const expectedBytes = elementCount(shape) * size;
  const found = bytes.byteLength - end;
  if (found !== expectedBytes) {
    throw new UsageError(
      `it has ${found} bytes of elements, and its shape asks for ${expectedBytes}`,
    );
  }
  // Of its own, whatever kind of view was given: a Buffer's slice would share.
  const stored = new Uint8Array(bytes.subarray(end));
  const elements = isFortran ? inOrderOfC(stored, { shape, size }) : stored;
  const own = isText ? packTexts(elements, { kind, size, count: elementCount(shape) }) : elements;
  return new PlainTensor({ datatype, shape, bytes: own });
}

function readHeader(bytes: Uint8Array): Header {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isOurs = bytes.byteLength >= 12 && textOf(bytes.subarray(0, 6)) === magic;
  if (!isOurs) throw new UsageError("it is no .npy file");
  const isLong = view.getUint8(6) > 1;
  const start = isLong ? 12 : 10;
  const end = start + (isLong ? view.getUint32(8, true) : view.getUint16(8, true));
  const text = textOf(bytes.subarray(start, end));
  const [, descr = ""] = /'descr':\s*(\[.*\]|'[^']*')/.exec(text) ?? [];
  const [, order] = /'fortran_order':\s*(True|False)/.exec(text) ?? [];
  const [, dimensions] = /'shape':\s*\(([\d\s,]*)\)/.exec(text) ?? [];
  if (end > bytes.byteLength || order === undefined || dimensions === undefined) {
    throw new UsageError("its header is damaged");
  }
  const shape = (dimensions.match(/\d+/g) ?? []).map(Number);
  return { type: descr.replace(/^'|'$/g, ""), shape, isFortran: order === "True", end };
}

interface Elements {
  readonly shape: readonly number[];
  /** Of one element, in bytes. */
  readonly size: number;
}

/** From the first index running fastest to the last one. */
function inOrderOfC(stored: Uint8Array, { shape, size }: Elements): Uint8Array {
  const ordered = new Uint8Array(stored.byteLength);
  const steps = shape.map((_, axis) => elementCount(shape.slice(0, axis)) * size);
  for (let at = 0; at < stored.byteLength; at += size) {
    let left = at / size;
    let from = 0;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const length = shape[axis] ?? 1;
      from += (left % length) * (steps[axis] ?? 0);
      left = Math.floor(left / length);
    }
    ordered.set(stored.subarray(from, from + size), at);
  }
  return ordered;
}

interface Texts {
  /** `S`: bytes. `U`: numbers of characters, four bytes each. */
  readonly kind: string;
  readonly size: number;
  readonly count: number;
}

function packTexts(stored: Uint8Array, { kind, size, count }: Texts): Uint8Array {
  const texts = Array.from({ length: count }, (_, index) => {
    const text = stored.subarray(index * size, (index + 1) * size);
    return kind === "S" ? text.subarray(0, filledLength(text)) : utf8Of(text);
  });
  return packBytes(texts);
}

function filledLength(text: Uint8Array): number {
  let length = text.byteLength;
  while (length > 0 && text[length - 1] === 0) length -= 1;
  return length;
}

function utf8Of(text: Uint8Array): Uint8Array {
  const characters = new Uint32Array(text.slice().buffer);
  const last = characters.findLastIndex((character) => character !== 0);
  try {
    const codes = Array.from(characters.subarray(0, last + 1));
    return new TextEncoder().encode(codes.map((code) => String.fromCodePoint(code)).join(""));
  } catch {
    throw new UsageError("a text of it has a character that Unicode does not have");
  }
}

/** Throws a UsageError for texts that NumPy cannot hold. */
export function writeNpy(tensor: PlainTensor): Uint8Array {
  const { type, bytes } = toElements(tensor);
  const { shape } = tensor;
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${type}', 'fortran_order': False, 'shape': ${tuple}, }`;
  const start = 10;
  const end = Math.ceil((start + text.length + 1) / 64) * 64;
  const file = new Uint8Array(end + bytes.byteLength).fill(0x20, 0, end);
  const prefix = `${magic}\u0001\u0000`;
  file.set(bytesOf(prefix));
  new DataView(file.buffer).setUint16(8, end - start, true);
  file.set(bytesOf(text), start);
  file[end - 1] = 0x0a;
  file.set(bytes, end);
  return file;
}

function toElements(tensor: PlainTensor): { readonly type: string; readonly bytes: Uint8Array } {
  const { datatype, bytes } = tensor;
  const type = types[datatype];
  if (type !== undefined) return { type, bytes };
  if (datatype === "BYTES") return toTexts(unpackBytes(bytes));
  const wide = Uint32Array.from(tensor.data as Uint16Array, (bits) => bits << 16);
  return { type: "<f4", bytes: new Uint8Array(wide.buffer) };
}

/** Unicode, or bytes where they are none. */
function toTexts(texts: readonly Uint8Array[]) {
  if (texts.some((text) => text.at(-1) === 0)) {
    throw new UsageError("NumPy would lose the zeros at the end of its texts: use --format json");
  }
  const decoded = texts.map(asUnicode);
  const isUnicode = decoded.every((text) => text !== undefined);
  const elements = isUnicode ? decoded.map(charactersOf) : texts;
  const unit = isUnicode ? 4 : 1;
  const most = elements.reduce((length, each) => Math.max(length, each.byteLength), unit);
  const bytes = new Uint8Array(most * texts.length);
  for (const [index, element] of elements.entries()) bytes.set(element, index * most);
  return { type: `${isUnicode ? "<U" : "|S"}${most / unit}`, bytes };
}

function asUnicode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function charactersOf(text: string): Uint8Array {
  const codes = Uint32Array.from(Array.from(text, (character) => character.codePointAt(0) ?? 0));
  return new Uint8Array(codes.buffer);
}

/** A byte a character. */
function textOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
