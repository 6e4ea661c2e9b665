/**
 * JSON writer: compact JSON text, piece by piece, as UTF-8 bytes.
 *
 * Strings escape only what must be: `"`, `\` and what is below 0x20, as RapidJSON does. What stands
 * between values (brackets, commas, keys) is for the caller to write, as text.
 *
 * Not here: elements of tensors (element-text.ts).
 */
import { allocateBytes } from "./byte-slab.ts";
import { putText } from "./json-number-text.ts";

const encoder = new TextEncoder();

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

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

  /** A string with its quotes. */
  string(value: string): void {
    const quoted = `"${escapeString(value)}"`;
    const target = this.reserve(3 * quoted.length);
    if (isAscii(quoted)) this.length = putText(target, this.length, quoted);
    else this.length += encoder.encodeInto(quoted, target.subarray(this.length)).written;
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

function isAscii(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    if (text.charCodeAt(index) > 0x7f) return false;
  }
  return true;
}

function escapeString(value: string): string {
  for (let index = 0; index < value.length; index += 1) {
    if (isToEscape(value.charCodeAt(index))) return Array.from(value, escapeCharacter).join("");
  }
  return value;
}

function escapeCharacter(character: string): string {
  const code = character.charCodeAt(0);
  if (!isToEscape(code)) return character;
  return shortEscapes[character] ?? `\\u${code.toString(16).toUpperCase().padStart(4, "0")}`;
}

function isToEscape(code: number): boolean {
  return code < 0x20 || code === 0x22 || code === 0x5c;
}
