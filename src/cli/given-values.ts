/**
 * Inputs as they are typed: `--input x=[1,2]`, `x=-`, `x=@file`.
 *
 *   @x.npy      NumPy's, of the datatype of the input
 *   @x.json     nested arrays; so are texts without @, and `-`, which is stdin
 *   @x.png      a picture (picture-inputs.ts); several of one input are a batch
 *   @x.anything bytes as they go over the wire; of BYTES: the file is one element
 *
 * JSON of one element needs no brackets, and of a BYTES input what is neither a list of JSON nor a
 * string is its text.
 * Whether a value fits in shape and datatype is the client's to check.
 */
import { readFile } from "node:fs/promises";
import { extname } from "node:path";
import { text as wholeText } from "node:stream/consumers";
import { parseExactJson } from "../client/exact-json.ts";
import type { KnownTensor } from "../client/model-shape.ts";
import { typedArrays } from "../protocol/typed-arrays.ts";
import { readNpy } from "./npy-file.ts";
import { type GivenFile, isPicture, type PictureOptions, readPictures } from "./picture-inputs.ts";
import { UsageError } from "./usage-error.ts";

interface Known extends PictureOptions {
  /** As they are given: without the batch dimension, if that is left out. */
  readonly inputs: readonly KnownTensor[];
}

/** By name. Rejects with a UsageError that names the input. */
export async function readInputs(
  texts: readonly string[],
  known: Known,
): Promise<Readonly<Record<string, unknown>>> {
  const given = byInput(texts, known.inputs);
  const hasPictures = [...given].some(([input, values]) => values.some(isPictureOf(input)));
  if (!hasPictures && (known.scale ?? known.fit) !== undefined) {
    throw new UsageError("--scale and --fit are for pictures, and no input is one");
  }
  const read = new Map<string, unknown>();
  for (const [input, values] of given) read.set(input.name, await readInput(input, values, known));
  return Object.fromEntries(read);
}

/** What is given of each; more than one are pictures. */
function byInput(
  texts: readonly string[],
  known: readonly KnownTensor[],
): ReadonlyMap<KnownTensor, readonly string[]> {
  const given = new Map<KnownTensor, readonly string[]>();
  for (const text of texts) {
    const [, name = "", value = ""] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    if (name === "") throw new UsageError(`--input must be a name, = and a value; got '${text}'`);
    const input = known.find((each) => each.name === name);
    if (input === undefined) throw wrong(name, `there is none (there are ${namesOf(known)})`);
    const values = [...(given.get(input) ?? []), value];
    if (values.length > 1 && !values.every(isPictureOf(input))) {
      throw wrong(name, "it is given twice");
    }
    if (value === "-" && [...given.values()].flat().includes("-")) {
      throw wrong(name, "stdin is another input already");
    }
    given.set(input, values);
  }
  return given;
}

function namesOf(known: readonly KnownTensor[]): string {
  return known.map(({ name }) => name).join(", ");
}

function isPictureOf(input: KnownTensor): (given: string) => boolean {
  return (given) => given.startsWith("@") && isPicture(input, given.slice(1));
}

function wrong(name: string, why: string): UsageError {
  return new UsageError(`input '${name}': ${why}`);
}

async function readInput(
  input: KnownTensor,
  given: readonly string[],
  options: PictureOptions,
): Promise<unknown> {
  try {
    if (!given.every(isPictureOf(input))) return await readValue(input, given[0] ?? "");
    const files = given.map(async (value) => await readGivenFile(value.slice(1)));
    return await readPictures(input, await Promise.all(files), options);
  } catch (error) {
    throw error instanceof UsageError ? wrong(input.name, error.message) : error;
  }
}

async function readValue(input: KnownTensor, given: string): Promise<unknown> {
  if (given === "-") return fromJson(input, await wholeText(process.stdin));
  if (!given.startsWith("@")) return fromJson(input, given);
  const file = await readGivenFile(given.slice(1));
  const extension = extname(file.path).toLowerCase();
  if (extension === ".npy") return fromNpy(input, file);
  if (extension === ".json") return fromJson(input, new TextDecoder().decode(file.bytes));
  return fromBytes(input, file);
}

async function readGivenFile(path: string): Promise<GivenFile> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    const isMissing = error.code === "ENOENT";
    throw new UsageError(isMissing ? `there is no file '${path}'` : error.message);
  });
  return { path, bytes: new Uint8Array(bytes) };
}

function fromJson({ datatype, dims }: KnownTensor, text: string): unknown {
  try {
    const value = parseExactJson(text);
    const isText = datatype === "BYTES" && !Array.isArray(value) && typeof value !== "string";
    return nested(isText ? text : value, dims.length);
  } catch (error) {
    if (datatype === "BYTES") return nested(text, dims.length);
    throw new UsageError(`it must be JSON, or @ and a file: ${(error as Error).message}`);
  }
}

/** One element of so many dimensions. */
function nested(value: unknown, rank: number): unknown {
  if (Array.isArray(value)) return value;
  let whole = [value];
  for (let left = rank; left > 1; left -= 1) whole = [whole];
  return whole;
}

function fromNpy({ datatype }: KnownTensor, { path, bytes }: GivenFile): unknown {
  try {
    const tensor = readNpy(bytes);
    if (tensor.datatype === datatype) return tensor;
    throw new UsageError(`it holds ${tensor.datatype}, and the model takes ${datatype}`);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`'${path}': ${error.message}`) : error;
  }
}

function fromBytes({ datatype, dims }: KnownTensor, { path, bytes }: GivenFile): unknown {
  if (datatype === "BYTES") return nested(bytes, dims.length);
  const Typed = typedArrays[datatype];
  const { byteLength } = bytes;
  const size = Typed.BYTES_PER_ELEMENT;
  if (byteLength % size === 0) return new Typed(bytes.buffer, 0, byteLength / size);
  const odd = `'${path}' has ${byteLength} bytes, which are no whole ${datatype} elements`;
  throw new UsageError(odd);
}
