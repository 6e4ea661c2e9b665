/**
 * Flags as data: the options of the server, and what Triton has beside them, as flags of the
 * command line and as variables of the environment.
 *
 *   httpPort   --http-port 8000   --http-port=8000   SHOAL_HTTP_PORT=8000
 *
 * A flag of Triton that means nothing here is accepted, and said to be so in one line of the log:
 * scripts written for Triton start. A switch takes a value (true, false, 1, 0) or none.
 *
 * Not here: what an option means and what is valid (server/server-options.ts).
 */
import { InvalidArgumentError, Option } from "commander";
import { nearestName } from "../protocol/nearest-name.ts";
import {
  isValidOption,
  type OptionSpec,
  type OptionValue,
  optionExpectations,
  serverOptionSpecs,
} from "../server/server-options.ts";
import { securityFlags, tokenVariable } from "./security-flags.ts";

export interface Flag {
  /** Without the dashes. */
  readonly flag: string;
  /** Name of the server's option, or of a part of it; undefined: accepted without effect. */
  readonly option: string | undefined;
  readonly spec: OptionSpec;
}

/** How Triton says it since it has caches of several kinds. */
const cacheConfig: Flag = {
  flag: "cache-config",
  option: "cacheBytes",
  spec: { kind: "cache", default: "", means: "the same, as Triton writes it: local,size=BYTES" },
};

/** Flags of Triton that change nothing in this server. */
const acceptedFlags = [
  "http-thread-count",
  "allow-gpu-metrics",
  "pinned-memory-pool-byte-size",
  "cuda-memory-pool-byte-size",
  "min-supported-compute-capability",
  "buffer-manager-thread-count",
  "backend-directory",
  "repoagent-directory",
  "host-policy",
  "grpc-infer-thread-count",
  "grpc-infer-allocation-pool-size",
  "grpc-max-response-pool-size",
  "grpc-keepalive-permit-without-calls",
  "grpc-http2-max-pings-without-data",
  "grpc-http2-min-recv-ping-interval-without-data",
  "grpc-http2-max-ping-strikes",
];

export const serveFlags: readonly Flag[] = [
  cacheConfig,
  ...Object.entries(serverOptionSpecs)
    .filter(([, { kind }]) => kind !== "security")
    .map(([option, spec]) => ({ flag: spec.flag ?? kebab(option), option, spec })),
  ...securityFlags,
  ...acceptedFlags.map((flag) => ({
    flag,
    option: undefined,
    spec: { kind: "text" as const, default: "", means: "accepted, without effect" },
  })),
];

export function toCommanderOption({ flag, option, spec }: Flag): Option {
  const value = spec.kind === "flag" ? "true|false" : spec.kind;
  const made = new Option(`--${flag} <${value}>`, `${spec.means}${defaultText(spec)}`)
    .env(`${prefix}${variableOf(flag)}`)
    .argParser((text, before) => parseValue(spec, text, before));
  return option === undefined ? made.hideHelp() : made;
}

const prefix = "SHOAL_";

/** Without the prefix. */
function variableOf(flag: string): string {
  return flag.toUpperCase().replaceAll("-", "_");
}

/** Misspelt, most likely: `SHOAL_HTP_PORT (did you mean SHOAL_HTTP_PORT?)`. */
export function unknownVariables(names: readonly string[]): readonly string[] {
  const known = [...serveFlags.map(({ flag }) => variableOf(flag)), tokenVariable];
  const ours = names
    .filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
  const unknown = ours.filter((name) => !known.includes(name)).sort();
  return unknown.map((name) => {
    const nearest = nearestName(name, known);
    const remedy = nearest === undefined ? "" : ` (did you mean ${prefix}${nearest}?)`;
    return `${prefix}${name}${remedy}`;
  });
}

/** Commander's own key for a flag: its values come under it. */
export function keyOf(flag: string): string {
  return flag.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `--json-logs` becomes `--json-logs=true`, and `--json-logs false` one word. */
export function joinSwitches(args: readonly string[]): string[] {
  const switches = new Set(
    serveFlags.filter(({ spec }) => spec.kind === "flag").map(({ flag }) => `--${flag}`),
  );
  const joined: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg === "--") return [...joined, ...args.slice(index)];
    const next = args[index + 1] ?? "";
    if (!switches.has(arg)) joined.push(arg);
    else if (Object.hasOwn(booleans, next)) {
      joined.push(`${arg}=${next}`);
      index += 1;
    } else joined.push(`${arg}=true`);
  }
  return joined;
}

const booleans: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false };

function parseValue(spec: OptionSpec, text: string, before: unknown): OptionValue {
  if (spec.kind === "restriction") return withLines(before, text);
  const value = toValue(spec, text);
  if (!isValidOption(spec.kind, value)) {
    throw new InvalidArgumentError(`It must be ${optionExpectations[spec.kind]}.`);
  }
  return value;
}

/** Such flags add up; a variable has one a line. They are checked where no error shows them. */
function withLines(before: unknown, text: string): readonly string[] {
  const lines = text.replace(/\n$/, "").split("\n");
  return Array.isArray(before) ? [...before, ...lines] : lines;
}

const texts: readonly OptionSpec["kind"][] = ["text", "format", "level", "scope", "pattern"];

function toValue({ kind }: OptionSpec, text: string): unknown {
  if (kind === "flag") return booleans[text.toLowerCase()];
  if (texts.includes(kind)) return text;
  if (kind === "cache") return Number(/^local,size=(\d+)$/.exec(text)?.[1]);
  return text.trim() === "" ? Number.NaN : Number(text);
}

function defaultText({ default: value }: OptionSpec): string {
  return String(value) === "" ? "" : ` (default: ${String(value)})`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
