/**
 * Flags: what was typed and what stands in the environment, read by the flag table.
 *
 *   --http-port 8000   --http-port=8000   SHOAL_HTTP_PORT=8000
 *
 * What is typed goes before the environment. A switch takes a value (true, false, on, off, 1, 0) or
 * none. A flag that is given twice has the last of its values; one that may be repeated is so in the
 * environment line by line. What is wrong is a UsageError: one value at a time, but everything that
 * is refused at once.
 *
 * Not here: the flags (flag-table.ts), their values (flag-values.ts), their help (serve-help.ts).
 */
import { existsSync } from "node:fs";
import { nearestName } from "../protocol/nearest-name.ts";
import type { OptionValue } from "../server/option-values.ts";
import { type Flag, serveFlags } from "./flag-table.ts";
import { type FlagKind, isSwitchValue, readValue } from "./flag-values.ts";
import { securityOf, tokenVariable } from "./security-flags.ts";
import { UsageError } from "./usage-error.ts";

export interface GivenFlags {
  /** Options of the server, by name. */
  readonly options: Readonly<Record<string, OptionValue>>;
  /** As they were written: accepted, without effect. */
  readonly withoutEffect: readonly string[];
}

/** A flag that somebody has given. */
interface Given {
  readonly flag: Flag;
  /** As it was written: `--http-port`, or `SHOAL_HTTP_PORT`. */
  readonly what: string;
  readonly isTyped: boolean;
  /** At least one. */
  readonly values: readonly OptionValue[];
}

/** Texts by flag, in the order in which they were typed. */
export type TypedFlags = Readonly<Record<string, readonly string[] | undefined>>;
export type Environment = Readonly<Record<string, string | undefined>>;

const prefix = "SHOAL_";

/** Throws a UsageError. */
export function readFlags(typed: TypedFlags, environment: Environment): GivenFlags {
  const given = serveFlags.flatMap((flag) => givenOf(flag, typed, environment) ?? []);
  checkTogether(given);
  refuse(given);
  const ofOptions = given.filter(({ flag }) => flag.status === "option");
  // The later ones win.
  const ordered = [
    ...ofOptions.filter(({ isTyped }) => !isTyped),
    ...ofOptions.filter(({ isTyped }) => isTyped),
  ];
  const wholes = ordered.filter(({ flag }) => flag.part === undefined);
  const options = wholes.map(({ flag, values }) => {
    return [flag.option, repeatedKinds.has(flag.kind) ? values : values.at(-1)];
  });
  const parts = ordered.filter(({ flag }) => flag.part !== undefined);
  const security = securityOf(
    Object.fromEntries(parts.map(({ flag, values }) => [flag.part, values.at(-1)])),
    environment,
  );
  const accepted = given.filter(({ flag }) => flag.status === "accepted");
  return {
    options: { ...Object.fromEntries(options), ...(security !== undefined && { security }) },
    withoutEffect: accepted.map(({ what }) => what),
  };
}

function givenOf(flag: Flag, typed: TypedFlags, environment: Environment): Given | undefined {
  const texts = typed[flag.flag];
  const isTyped = texts !== undefined;
  const what = isTyped ? `--${flag.flag}` : variableOf(flag);
  const found = texts ?? environment[what]?.split("\n").filter(isWritten);
  if (found === undefined) return undefined;
  const [next] = isTyped ? found.flatMap(flagIn) : [];
  if (next !== undefined) {
    throw new UsageError(`Bad option: "${what}". it needs a value, and ${next} is the next flag`);
  }
  return { flag, what, isTyped, values: found.map((text) => readValue(what, flag.kind, text)) };
}

/** No value begins like one. */
function flagIn(text: string): readonly string[] {
  const name = /^--[^=]+/.exec(text)?.[0] ?? "";
  return names.has(name) ? [name] : [];
}

/** Lines that only end others. */
function isWritten(line: string, index: number): boolean {
  return line !== "" || index === 0;
}

export function variableOf({ flag }: Flag): string {
  return `${prefix}${flag.toUpperCase().replaceAll("-", "_")}`;
}

/** The option is the list of all that was given. */
const repeatedKinds: ReadonlySet<FlagKind> = new Set(["names", "restriction", "backend"]);

/** What Triton asks of several flags. */
function checkTogether(given: readonly Given[]): void {
  const valuesOf = (name: string): readonly OptionValue[] =>
    given.find(({ flag }) => flag.flag === name)?.values ?? [];
  const models = valuesOf("load-model");
  if (models.length > 1 && models.includes("*")) {
    throw new UsageError(
      "Wildcard model name '*' must be the ONLY startup model if specified at all.",
    );
  }
  if (models.length > 0 && valuesOf("model-control-mode").at(-1) !== "explicit") {
    throw new UsageError(
      "Use of '--load-model' requires setting '--model-control-mode=explicit' as well.",
    );
  }
  const caches = given.filter(({ flag }) => flag.option === "cacheBytes").reverse();
  if (caches.length > 1 && caches[0]?.isTyped === caches[1]?.isTyped) {
    const names = caches.map(({ what }) => what).join(" and ");
    const remedy = "Please provide one or the other.";
    throw new UsageError(`Incompatible flags ${names} both provided. ${remedy}`);
  }
}

/** `not there yet: --trace-file, --trace-rate (traces); refused: ...`. */
function refuse(given: readonly Given[]): void {
  const wanted = given.filter(({ flag, values }) => values.some((each) => each !== flag.default));
  const parts = (["not yet", "refused"] as const).flatMap((status) => {
    const those = wanted.filter(({ flag }) => flag.status === status);
    if (those.length === 0) return [];
    const reasons = [...new Set(those.map(({ flag }) => flag.means))].map((reason) => {
      const names = those.filter(({ flag }) => flag.means === reason).map(({ what }) => what);
      return `${names.join(", ")} (${reason})`;
    });
    return [`${status === "refused" ? status : "not there yet"}: ${reasons.join("; ")}`];
  });
  if (parts.length > 0) throw new UsageError(parts.join("; "));
}

/** Misspelt, most likely: `SHOAL_HTP_PORT (did you mean SHOAL_HTTP_PORT?)`. */
export function unknownVariables(environment: Environment): readonly string[] {
  const known = [...serveFlags.map(variableOf), tokenVariable];
  const unknown = Object.keys(environment)
    .filter((name) => name.startsWith(prefix) && !known.includes(name))
    .sort();
  const names = known.map((name) => name.slice(prefix.length));
  return unknown.map((name) => {
    const nearest = nearestName(name.slice(prefix.length), names);
    return nearest === undefined ? name : `${name} (did you mean ${prefix}${nearest}?)`;
  });
}

const switchNames: ReadonlySet<string> = new Set(
  serveFlags.filter(({ kind }) => kind === "flag").map(({ flag }) => `--${flag}`),
);
const names: ReadonlySet<string> = new Set(serveFlags.map(({ flag }) => `--${flag}`));

/**
 * What stands behind `serve`, as commander is to read it: `--json-logs` becomes `--json-logs=true`,
 * and `--json-logs false` one word. Of a flag that there is not the name alone is left: so that it
 * is compared with the names of others.
 */
export function joinSwitches(args: readonly string[]): string[] {
  const joined: string[] = [];
  for (let index = 0; index < args.length; index += 1) {
    const arg = args[index] ?? "";
    if (arg === "--") return [...joined, ...args.slice(index)];
    if (!switchNames.has(arg)) joined.push(withKnownName(arg));
    else if (isMeantForSwitch(args[index + 1] ?? "")) {
      index += 1;
      joined.push(`${arg}=${args[index]}`);
    } else joined.push(`${arg}=true`);
  }
  return joined;
}

function withKnownName(arg: string): string {
  const name = /^(--[^=]+)=/s.exec(arg)?.[1];
  return name === undefined || names.has(name) ? arg : name;
}

/** Behind a switch: its value, or a word that can be nothing else, and so a wrong one. */
function isMeantForSwitch(word: string): boolean {
  return isSwitchValue(word) || (/^[a-z0-9]+$/i.test(word) && !existsSync(word));
}
