/**
 * Flag values: what may be written behind a flag of each kind, and what it means.
 *
 * What is wrong is said in Triton's words, for scripts that look for them, followed by what was
 * expected:
 *
 *   Bad option: "--http-port". Invalid option value. Got 80a; it must be a port, 0 to 65535
 *
 * Not here: which flags there are (flag-table.ts), what an option of the server takes beside that
 * (server/option-values.ts).
 */
import {
  isValidOption,
  type OptionSpec,
  type OptionValue,
  optionExpectations,
  optionWords,
} from "../server/option-values.ts";
import { escaped } from "./safe-text.ts";
import { UsageError } from "./usage-error.ts";

/** Those of the server's options, and what only flags have. */
export type FlagKind = OptionSpec["kind"] | "verbosity" | "integer" | "name" | "limiter" | "trace";

/** One of a few words, whatever the case of its letters. */
const words: Partial<Readonly<Record<FlagKind, readonly string[]>>> = {
  ...optionWords,
  limiter: ["off", "execution_count"],
  trace: ["OFF", "TIMESTAMPS", "TENSORS"],
};

const switches: Readonly<Record<string, boolean>> = {
  true: true,
  false: false,
  on: true,
  off: false,
  1: true,
  0: false,
};

export function isSwitchValue(text: string): boolean {
  return Object.hasOwn(switches, text.toLowerCase());
}

/** In help, behind the flag. */
export function placeholderOf(kind: FlagKind): string {
  return words[kind]?.join("|") ?? placeholders[kind] ?? "NUMBER";
}

const placeholders: Partial<Readonly<Record<FlagKind, string>>> = {
  flag: "BOOL",
  text: "TEXT",
  name: "TEXT",
  size: "BYTES",
  port: "PORT",
  pattern: "REGEXP",
  cache: "local,size=BYTES",
  names: "TEXT",
  restriction: "GROUP,...:HEADER=VALUE",
  backend: "[BACKEND,]KEY=VALUE",
};

/** Throws a UsageError that names `what`, the flag or the variable as its user wrote it. */
export function readValue(what: string, kind: FlagKind, text: string): OptionValue {
  const value = toValue(kind, text);
  if (value !== undefined) return value;
  const reason = reasonOf(what, kind, escaped(text));
  throw new UsageError(`Bad option: "${what}". ${reason}`);
}

/** Undefined: it is none. */
function toValue(kind: FlagKind, text: string): OptionValue | undefined {
  const choices = words[kind];
  if (choices !== undefined) return choices.find((word) => isSameWord(word, text));
  switch (kind) {
    case "flag":
      return isSwitchValue(text) ? switches[text.toLowerCase()] : undefined;
    case "name":
    case "names":
      return text === "" ? undefined : text;
    case "integer":
      return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
    case "verbosity":
      if (/^(true|false)$/i.test(text)) return isSameWord(text, "true") ? 1 : 0;
      return ofOption("count", toNumber(text));
    case "text":
    case "pattern":
    case "restriction":
    case "backend":
      return ofOption(kind, text);
    case "cache":
      return ofOption(kind, Number(/^local,size=(\d+)$/.exec(text)?.[1]));
    case "count":
    case "size":
    case "positive":
    case "port":
    case "number":
      return ofOption(kind, toNumber(text));
    default:
      return undefined;
  }
}

function ofOption(kind: OptionSpec["kind"], value: OptionValue): OptionValue | undefined {
  return isValidOption(kind, value) ? value : undefined;
}

function toNumber(text: string): number {
  return text.trim() === "" ? Number.NaN : Number(text);
}

function isSameWord(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function reasonOf(what: string, kind: FlagKind, text: string): string {
  const choices = words[kind];
  if (choices !== undefined) {
    return `invalid argument for ${what}. Got ${text}; it must be ${choices.join(", ")}`;
  }
  if (kind === "flag") return `invalid value for bool option: ${text}; it must be true or false`;
  if (kind === "name" || kind === "names") return `empty argument for ${what}`;
  const isAboveZero = kind === "size" || kind === "positive";
  if (isAboveZero && Number(text) <= 0 && text !== "") return `${what} must be greater than 0.`;
  return `Invalid option value. Got ${text}; it must be ${expectationOf(kind)}`;
}

function expectationOf(kind: FlagKind): string {
  if (kind === "integer") return "a whole number";
  if (kind === "verbosity") return optionExpectations.count;
  return kind in optionExpectations ? optionExpectations[kind as OptionSpec["kind"]] : "a text";
}
