/**
 * Inputs as they are typed: `--input x=[1,2]`, `x=-`, `x=@file`.
 *
 *   @x.npy      NumPy's, of the datatype of the input
 *   @x.json     nested arrays; so are texts without @, and `-`, which is stdin
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
import { UsageError } from "./usage-error.ts";

/** By name; `known` as they are given. Rejects with a UsageError that names the input. */
export async function readInputs(
  texts: readonly string[],
  known: readonly KnownTensor[],
): Promise<Readonly<Record<string, unknown>>> {
  const values = new Map<string, unknown>();
  let hasReadStdin = false;
  for (const text of texts) {
    const [, name = "", given = ""] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    const wrong = (why: string): UsageError => new UsageError(`input '${name}': ${why}`);
    if (name === "") throw new UsageError(`--input must be a name, = and a value; got '${text}'`);
    const input = known.find((each) => each.name === name);
    if (input === undefined) throw wrong(`there is none (there are ${namesOf(known)})`);
    if (values.has(name)) throw wrong("it is given twice");
    if (given === "-" && hasReadStdin) throw wrong("stdin is another input already");
    hasReadStdin ||= given === "-";
    values.set(name, await readInput(input, given, wrong));
  }
  return Object.fromEntries(values);
}

function namesOf(known: readonly KnownTensor[]): string {
  return known.map(({ name }) => name).join(", ");
}

type Wrong = (why: string) => UsageError;

async function readInput(input: KnownTensor, given: string, wrong: Wrong): Promise<unknown> {
  if (given === "-") return fromJson(input, await wholeText(process.stdin), wrong);
  if (!given.startsWith("@")) return fromJson(input, given, wrong);
  const path = given.slice(1);
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw wrong(error.code === "ENOENT" ? `there is no file '${path}'` : error.message);
  });
  const extension = extname(path).toLowerCase();
  if (extension === ".npy") return fromNpy(input, bytes, { path, wrong });
  if (extension === ".json") return fromJson(input, bytes.toString("utf8"), wrong);
  return fromBytes(input, bytes, { path, wrong });
}

function fromJson({ datatype, dims }: KnownTensor, text: string, wrong: Wrong): unknown {
  try {
    const value = parseExactJson(text);
    const isText = datatype === "BYTES" && !Array.isArray(value) && typeof value !== "string";
    return nested(isText ? text : value, dims.length);
  } catch (error) {
    if (datatype === "BYTES") return nested(text, dims.length);
    throw wrong(`it must be JSON, or @ and a file: ${(error as Error).message}`);
  }
}

/** One element of so many dimensions. */
function nested(value: unknown, rank: number): unknown {
  if (Array.isArray(value)) return value;
  let whole = [value];
  for (let left = rank; left > 1; left -= 1) whole = [whole];
  return whole;
}

interface File {
  readonly path: string;
  readonly wrong: Wrong;
}

function fromNpy({ datatype }: KnownTensor, bytes: Uint8Array, { path, wrong }: File): unknown {
  try {
    const tensor = readNpy(bytes);
    if (tensor.datatype === datatype) return tensor;
    throw new UsageError(`it holds ${tensor.datatype}, and the model takes ${datatype}`);
  } catch (error) {
    throw error instanceof UsageError ? wrong(`'${path}': ${error.message}`) : error;
  }
}

function fromBytes(
  { datatype, dims }: KnownTensor,
  file: Uint8Array,
  { path, wrong }: File,
): unknown {
  const bytes = new Uint8Array(file);
  if (datatype === "BYTES") return nested(bytes, dims.length);
  const Typed = typedArrays[datatype];
  const size = Typed.BYTES_PER_ELEMENT;
  if (bytes.byteLength % size === 0) return new Typed(bytes.buffer, 0, bytes.byteLength / size);
  throw wrong(`'${path}' has ${bytes.byteLength} bytes, which are no whole ${datatype} elements`);
}
