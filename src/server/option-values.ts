/**
 * Values of the server's options: what each kind of option takes, and how what is wrong is told.
 *
 * Not here: the options (server-options.ts), how flags are read (cli/flag-values.ts).
 */
import { isBackendConfig } from "./backend-config.ts";
import { isPattern } from "./forward-pattern.ts";
import type { SecurityOptions } from "./security-options.ts";

export type OptionValue = string | number | boolean | readonly string[] | SecurityOptions;

/** One of a few words. */
export const optionWords = {
  format: ["default", "ISO8601"],
  level: ["none", "low", "medium", "high"],
  scope: ["model", "server"],
  control: ["none", "explicit", "poll"],
} as const;

export interface OptionSpec {
  readonly kind:
    | "flag"
    | "text"
    | "count"
    | "size"
    | "positive"
    | "port"
    | "number"
    | keyof typeof optionWords
    | "pattern"
    | "cache"
    | "names"
    | "restriction"
    | "backend"
    | "security";
  readonly default: OptionValue;
  /** Its line of help. */
  readonly means: string;
  /** On the command line, where it is not the name itself: Triton's word. */
  readonly flag?: string;
}

export const optionExpectations: Readonly<Record<OptionSpec["kind"], string>> = {
  flag: "true or false",
  text: "a text",
  count: "a whole number, 0 or more",
  size: "a whole number of bytes above 0",
  positive: "a whole number above 0",
  port: "a port, 0 to 65535",
  number: "a number, 0 or more",
  format: '"default" or "ISO8601"',
  level: '"none", "low", "medium" or "high"',
  scope: '"model" or "server"',
  control: '"none", "explicit" or "poll"',
  names: "a text, or a list of texts",
  pattern: "a regular expression",
  cache: "local,size=BYTES",
  restriction: "group[,group]:header=value, or a list of such texts",
  backend: "[BACKEND,]SETTING=VALUE, or a list of such texts",
  security: "an object with groups, header and token",
};

export function isValidOption(kind: OptionSpec["kind"], value: unknown): value is OptionValue {
  switch (kind) {
    case "flag":
      return typeof value === "boolean";
    case "text":
      return typeof value === "string";
    case "count":
    case "cache":
      return Number.isSafeInteger(value) && Number(value) >= 0;
    case "size":
    case "positive":
      return Number.isSafeInteger(value) && Number(value) > 0;
    case "port":
      return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535;
    case "number":
      return typeof value === "number" && Number.isFinite(value) && value >= 0;
    case "format":
    case "level":
    case "scope":
    case "control":
      return optionWords[kind].some((word) => word === value);
    case "pattern":
      return typeof value === "string" && isPattern(value);
    case "names":
    case "restriction":
      return [value].flat().every((each) => typeof each === "string");
    case "backend":
      return [value].flat().every((each) => typeof each === "string" && isBackendConfig(each));
    case "security":
      return typeof value === "object" && value !== null;
  }
}

/** As errors tell it. */
export function shownOption(value: unknown): string {
  if (typeof value === "string") return `'${value}'`;
  if (typeof value === "object" && value !== null)
    return Array.isArray(value) ? "a list" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}
