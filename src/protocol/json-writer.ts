/**
 * JSON writer: compact JSON text, piece by piece, as UTF-8 bytes.
 *
 * Strings escape only what must be: `"`, `\` and what is below 0x20, as RapidJSON does. What stands
 * between values (brackets, commas, keys) is for the caller to write, as text.
 *
 * Not here: elements of tensors (element-text.ts).
 */
import { allocateBytes } from "./byte-slab.ts";
import { maxNumberLength, putInteger, putText } from "./json-number-text.ts";

const quote = 34;
const comma = 44;

const encoder = new TextEncoder();

export class JsonWriter {
  #bytes: Uint8Array;
  /** Bytes written so far. Whoever has reserved memory writes behind them, and says so here. */
  length = 0;

  constructor(expectedBytes = 1024) {
    this.#bytes = allocateBytes(expectedBytes);
  }

  /** What has been written so far: a view. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  /** ASCII, as it is. */
  text(ascii: string): void {
    const target = this.reserve(ascii.length);
    this.length = putText(target, this.length, ascii);
  }

  /** UTF-8, as it is. */
  utf8(bytes: Uint8Array): void {
    this.reserve(bytes.byteLength).set(bytes, this.length);
    this.length += bytes.byteLength;
  }

  /** A string with its quotes. */
  string(value: string): void {
    if (isPlain(value)) {
      const target = this.reserve(value.length + 2);
      target[this.length] = quote;
      const end = putText(target, this.length + 1, value);
      target[end] = quote;
      this.length = end + 1;
      return;
    }
    const quoted = toJson(value);
    const target = this.reserve(3 * quoted.length);
    this.length += encoder.encodeInto(quoted, target.subarray(this.length)).written;
  }

  /** A string of ASCII that needs no escapes; false: it is not, and nothing was written. */
  plainString(ascii: Uint8Array): boolean {
    for (const byte of ascii) if (byte > 0x7f || isToEscape(byte)) return false;
    const target = this.reserve(ascii.byteLength + 2);
    target[this.length] = quote;
    target.set(ascii, this.length + 1);
    target[this.length + 1 + ascii.byteLength] = quote;
    this.length += ascii.byteLength + 2;
    return true;
  }

  integers(values: readonly number[]): void {
    const target = this.reserve(values.length * (maxNumberLength + 1));
    let offset = this.length;
    for (const value of values) {
      if (offset > this.length) {
        target[offset] = comma;
        offset += 1;
      }
      offset = putInteger(target, offset, value);
    }
    this.length = offset;
  }

  /** Memory in which so many bytes may be written from `length` on. */
  reserve(byteCount: number): Uint8Array {
    const needed = this.length + byteCount;
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      larger.set(this.written);
      this.#bytes = larger;
    }
    return this.#bytes;
  }
}

/** ASCII, and nothing to escape. */
function isPlain(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code > 0x7f || isToEscape(code)) return false;
  }
  return true;
}

function isToEscape(code: number): boolean {
  return code < 0x20 || code === 0x22 || code === 0x5c;
}

/** As `JSON.stringify`, but for its escapes: `\u001F` in capitals, and no halves of pairs. */
export function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  return json.includes("\\u") ? json.replace(/\\(?:u(.{4})|.)/g, rewriteEscape) : json;
}

function rewriteEscape(written: string, hex?: string): string {
  if (hex === undefined) return written;
  return hex.startsWith("d") ? "\ufffd" : `\\u${hex.toUpperCase()}`;
}
