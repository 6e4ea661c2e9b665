/**
 * Strings in JSON text, from bytes: checked, and then read as text or as UTF-8.
 *
 * What is no UTF-8 becomes U+FFFD where text is asked for, and stays as it is where bytes are.
 */
import { JsonSyntaxError } from "./json-syntax-error.ts";
import { knownText, longestKnownText } from "./known-texts.ts";

const quote = 34;
const backslash = 92;
const letterU = 117;

const incorrectHex = "Incorrect hex digit after \\u escape in string.";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What stands for itself, or for a control character, behind a backslash. */
const escapes: readonly (number | undefined)[] = Array.from({ length: 256 }, (_, letter) => {
  const index = '"\\/bfnrt'.indexOf(String.fromCharCode(letter));
  return [34, 92, 47, 8, 12, 10, 13, 9][index];
});

export class StringScanner {
  readonly bytes: Uint8Array;
  /** Of the opening quote; after `scan`, behind the closing one. */
  offset = 0;
  #start = 0;
  #hasEscapes = false;
  #isAscii = true;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** Throws a JsonSyntaxError. */
  scan(): void {
    const { bytes } = this;
    let offset = this.offset + 1;
    let seen = 0;
    this.#start = offset;
    this.#hasEscapes = false;
    for (;;) {
      const byte = bytes[offset] ?? 0;
      if (byte === quote) break;
      if (byte < 32) {
        const what = byte === 0 ? "Missing a closing quotation mark" : "Invalid encoding";
        throw new JsonSyntaxError(`${what} in string.`, offset);
      }
      seen |= byte;
      offset += 1;
      if (byte !== backslash) continue;
      this.#hasEscapes = true;
      offset = this.#checkEscape(offset);
    }
    this.#isAscii = seen < 128;
    this.offset = offset + 1;
  }

  /** Of the string that was scanned. */
  text(): string {
    const { bytes } = this;
    const from = this.#start;
    const to = this.offset - 1;
    const isKnown = this.#isAscii && !this.#hasEscapes && to - from <= longestKnownText;
    return isKnown ? knownText(bytes, from, to) : decoder.decode(this.utf8());
  }

  /** Of the string that was scanned: a view, unless there are escapes in it. */
  utf8(): Uint8Array {
    const from = this.#start;
    const to = this.offset - 1;
    return this.#hasEscapes ? this.#unescape(from, to) : this.bytes.subarray(from, to);
  }

  /** Behind the backslash; returns where the escape ends. */
  #checkEscape(offset: number): number {
    const letter = this.bytes[offset] ?? 0;
    if (escapes[letter] !== undefined) return offset + 1;
    if (letter !== letterU) {
      throw new JsonSyntaxError("Invalid escape character in string.", offset - 1);
    }
    const unit = this.#hexAt(offset + 1);
    if (unit < 0) throw new JsonSyntaxError(incorrectHex, offset - 1);
    if (unit < 0xd800 || unit > 0xdfff) return offset + 5;
    const isFirst = unit < 0xdc00;
    const isPair = this.bytes[offset + 5] === backslash && this.bytes[offset + 6] === letterU;
    const second = isFirst && isPair ? this.#hexAt(offset + 7) : 0;
    if (second < 0) throw new JsonSyntaxError(incorrectHex, offset - 1);
    if (second < 0xdc00 || second > 0xdfff) {
      throw new JsonSyntaxError("The surrogate pair in string is invalid.", offset - 1);
    }
    return offset + 11;
  }

  /** Four hexadecimal digits; negative if they are not. */
  #hexAt(offset: number): number {
    let value = 0;
    for (let index = offset; index < offset + 4; index += 1) {
      const digit = Number.parseInt(String.fromCharCode(this.bytes[index] ?? 0), 16);
      if (Number.isNaN(digit)) return -1;
      value = value * 16 + digit;
    }
    return value;
  }

  /** Of a string that has been scanned. Never longer than what is written. */
  #unescape(from: number, to: number): Uint8Array {
    const { bytes } = this;
    const plain = new Uint8Array(to - from);
    let length = 0;
    for (let offset = from; offset < to; ) {
      const byte = bytes[offset] ?? 0;
      const letter = bytes[offset + 1] ?? 0;
      if (byte === backslash && letter === letterU) {
        const text = this.#unitsAt(offset + 2);
        length += encoder.encodeInto(text, plain.subarray(length)).written;
        offset += 6 * text.length;
      } else {
        plain[length] = byte === backslash ? (escapes[letter] ?? 0) : byte;
        length += 1;
        offset += byte === backslash ? 2 : 1;
      }
    }
    return plain.subarray(0, length);
  }

  /** One code unit, or the two of a pair. */
  #unitsAt(offset: number): string {
    const unit = this.#hexAt(offset);
    const isPair = unit >= 0xd800 && unit <= 0xdbff;
    return isPair ? String.fromCharCode(unit, this.#hexAt(offset + 6)) : String.fromCharCode(unit);
  }
}
