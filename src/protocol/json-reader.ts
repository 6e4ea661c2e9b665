/**
 * JSON reader: JSON text as bytes, from which values are read one after another.
 *
 * Only what is asked for becomes a value; the rest is skipped (json-skip.ts). So a request with
 * megabytes of numbers makes no tree of them. Faults of the syntax are told in RapidJSON's words,
 * with the offset, because clients of Triton know these.
 *
 * What bounds it: nesting, and the number of values that are made.
 *
 * Not here: arrays of tensor elements (json-elements.ts), what a request must hold
 * (infer-request-json.ts).
 */
import { InferenceError } from "./errors.ts";
import { NumberScanner, numberFaults } from "./json-number.ts";
import { StringScanner } from "./json-string.ts";
import { JsonSyntaxError } from "./json-syntax-error.ts";
import { JsonFloat, JsonObject, type JsonScalar, type JsonValue } from "./json-value.ts";

export const nestingTooDeep = "JSON nesting depth exceeds maximum allowed limit (100)";

export const maxDepth = 100;
const maxValueCount = 100_000;

const quote = 34;
const openBracket = 91;
const closeBracket = 93;
const openBrace = 123;
const closeBrace = 125;
const comma = 44;
const colon = 58;

export class JsonReader {
  readonly bytes: Uint8Array;
  readonly numbers: NumberScanner;
  offset = 0;
  readonly #strings: StringScanner;
  #valueCount = 0;
  /** The one that was taken last. */
  #word: boolean | null = null;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.numbers = new NumberScanner(bytes);
    this.#strings = new StringScanner(bytes);
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.offset = 3;
  }

  /** The next byte that is no white space; 0 at the end. */
  peek(): number {
    const { bytes } = this;
    let byte = bytes[this.offset] ?? 0;
    while (byte === 32 || byte === 10 || byte === 13 || byte === 9) {
      this.offset += 1;
      byte = bytes[this.offset] ?? 0;
    }
    return byte;
  }

  isAtString(): boolean {
    return this.peek() === quote;
  }

  isAtArray(): boolean {
    return this.peek() === openBracket;
  }

  isAtObject(): boolean {
    return this.peek() === openBrace;
  }

  fail(reason: string, offset: number = this.offset): never {
    throw new JsonSyntaxError(reason, offset);
  }

  /** Is the next value an object? Then reading goes on at its first key. */
  enterObject(): boolean {
    if (this.peek() !== openBrace) return false;
    this.offset += 1;
    return true;
  }

  /** With its colon. */
  readKey(): string {
    if (this.peek() !== quote) this.fail("Missing a name for object member.");
    const key = this.readString();
    this.#takeColon();
    return key;
  }

  /** After a member: true if another follows. */
  hasNextMember(): boolean {
    return this.#hasNext(closeBrace, "Missing a comma or '}' after an object member.");
  }

  /** Is the next value an array? Then reading goes on at its first element. */
  enterArray(): boolean {
    if (this.peek() !== openBracket) return false;
    this.offset += 1;
    return true;
  }

  /** Before the first key: true if the object is empty, and so at its end. */
  isEmptyObject(): boolean {
    if (this.peek() !== closeBrace) return false;
    this.offset += 1;
    return true;
  }

  /** Before the first element: true if the array is empty, and so at its end. */
  isEmptyArray(): boolean {
    if (this.peek() !== closeBracket) return false;
    this.offset += 1;
    return true;
  }

  hasNextElement(): boolean {
    return this.#hasNext(closeBracket, "Missing a comma or ']' after an array element.");
  }

  /** Nothing but white space may follow. */
  end(): void {
    if (this.peek() !== 0 || this.offset < this.bytes.length) {
      this.fail("The document root must not be followed by other values.");
    }
  }

  /** One more value is made of the text. */
  countValue(): void {
    this.#valueCount += 1;
    if (this.#valueCount <= maxValueCount) return;
    const why = `JSON of a request has more than ${maxValueCount} values beside its data`;
    throw new InferenceError("INVALID_ARGUMENT", why);
  }

  readValue(depth = 0): JsonValue {
    this.countValue();
    const first = this.peek();
    if (first !== openBrace && first !== openBracket) return this.readScalar();
    if (depth >= maxDepth) throw new InferenceError("INVALID_ARGUMENT", nestingTooDeep);
    return first === openBrace ? this.#readObject(depth) : this.#readArray(depth);
  }

  /** A value that has no others in it. */
  readScalar(): JsonScalar {
    const first = this.peek();
    if (first === quote) return this.readString();
    return this.#takeWord(first) ? this.#word : this.#readNumber();
  }

  readString(): string {
    this.#scanString();
    return this.#strings.text();
  }

  /** Its UTF-8: a view, unless there are escapes in it. */
  readStringBytes(): Uint8Array {
    this.#scanString();
    return this.#strings.utf8();
  }

  #hasNext(closer: number, reason: string): boolean {
    const byte = this.peek();
    if (byte !== comma && byte !== closer) this.fail(reason);
    this.offset += 1;
    return byte === comma;
  }

  skipKey(): void {
    if (this.peek() !== quote) this.fail("Missing a name for object member.");
    this.#scanString();
    this.#takeColon();
  }

  skipScalar(): void {
    const first = this.peek();
    if (first === quote) this.#scanString();
    else if (!this.#takeWord(first)) {
      // Nobody asks for its value.
      this.numbers.isSingle = true;
      this.#scanNumber();
    }
  }

  #scanString(): void {
    this.#strings.offset = this.offset;
    this.#strings.scan();
    this.offset = this.#strings.offset;
  }

  #takeColon(): void {
    if (this.peek() !== colon) this.fail("Missing a colon after a name of object member.");
    this.offset += 1;
  }

  #readObject(depth: number): JsonObject {
    const members = new Map<string, JsonValue>();
    this.enterObject();
    if (this.isEmptyObject()) return new JsonObject(members);
    do {
      const key = this.readKey();
      const value = this.readValue(depth + 1);
      if (!members.has(key)) members.set(key, value);
    } while (this.hasNextMember());
    return new JsonObject(members);
  }

  #readArray(depth: number): readonly JsonValue[] {
    const elements: JsonValue[] = [];
    this.enterArray();
    if (this.isEmptyArray()) return elements;
    do elements.push(this.readValue(depth + 1));
    while (this.hasNextElement());
    return elements;
  }

  /** true, false or null. */
  #takeWord(first: number): boolean {
    for (const { byte, letters, value } of words) {
      if (byte !== first) continue;
      for (const letter of letters) {
        if (this.bytes[this.offset] !== letter) this.fail("Invalid value.");
        this.offset += 1;
      }
      this.#word = value;
      return true;
    }
    return false;
  }

  #scanNumber(): void {
    const { numbers } = this;
    numbers.offset = this.offset;
    if (!numbers.scan()) this.fail(numberFaults[numbers.fault], numbers.offset);
    this.offset = numbers.offset;
  }

  #readNumber(): number | bigint | JsonFloat {
    const { numbers } = this;
    const start = this.offset;
    // Elements of FP32, read before, need less.
    numbers.isSingle = false;
    this.#scanNumber();
    const { value, isInteger } = numbers;
    if (isInteger && Number.isSafeInteger(value)) return value;
    if (!isInteger || numbers.digitCount > 20) return new JsonFloat(value);
    const exact = BigInt(numbers.textFrom(start));
    return exact >= leastInteger && exact <= mostInteger ? exact : new JsonFloat(value);
  }
}

const leastInteger = -(2n ** 63n);
const mostInteger = 2n ** 64n - 1n;

const words: readonly {
  readonly byte: number;
  readonly letters: Uint8Array;
  readonly value: boolean | null;
}[] = (
  [
    ["true", true],
    ["false", false],
    ["null", null],
  ] as const
).map(([word, value]) => ({
  byte: word.charCodeAt(0),
  letters: new TextEncoder().encode(word),
  value,
}));

/** A whole text as a value. Throws a JsonSyntaxError, or what JsonReader throws beside. */
export function readJson(bytes: Uint8Array): JsonValue {
  const reader = new JsonReader(bytes);
  if (reader.peek() === 0) reader.fail("The document is empty.");
  const value = reader.readValue();
  reader.end();
  return value;
}

/** The same. INTERNAL, in the protocol's words, if it is no JSON. */
export function parseJson(bytes: Uint8Array): JsonValue {
  try {
    return readJson(bytes);
  } catch (error) {
    throw toRequestError(error);
  }
}

/** A text that is not JSON, as a request is told so; every other error as it is. */
export function toRequestError(error: unknown): unknown {
  if (!(error instanceof JsonSyntaxError)) return error;
  const why = `failed to parse the request JSON buffer: ${error.message}`;
  return new InferenceError("INTERNAL", why);
}
