/**
 * Resolved server options: those that were given, and what holds for the others.
 *
 * A wrong or unknown option is a TypeError that names it, what was expected and what came; so are
 * options that are of no use together, or on this machine. Nothing is ignored.
 */
import { nearestName } from "../protocol/nearest-name.ts";
import { sharesPorts } from "./listener.ts";
import {
  isValidOption,
  type OptionValue,
  optionExpectations,
  shownOption,
} from "./option-values.ts";
import { planRestrictions } from "./security-options.ts";
import {
  type ResolvedServerOptions,
  type ServerOptions,
  serverOptionSpecs,
} from "./server-options.ts";

/** Throws a TypeError for the first option that is wrong. `what` is who asks, for its message. */
export function resolveServerOptions(
  given: ServerOptions,
  what = "createServer()",
): ResolvedServerOptions {
  const options = withDefaults({ ...given }, what);
  if (options.watch) refuseVainWatch(options, what);
  refuseVainSharing(options, what);
  planRestrictions(options, what);
  return options;
}

function refuseVainSharing(options: ResolvedServerOptions, what: string): void {
  const { node } = process.versions;
  const name = (["reuseHttpPort", "reuseGrpcPort"] as const).find((each) => options[each]);
  if (name === undefined || sharesPorts(node)) return;
  throw new TypeError(`${what}: '${name}' takes Node.js 22.12 or later; this is ${node}`);
}

function refuseVainWatch(options: ResolvedServerOptions, what: string): void {
  if (options.modelControlMode === "explicit") {
    const why = `'watch' is not for modelControlMode "explicit", where clients say what is loaded`;
    throw new TypeError(`${what}: ${why}`);
  }
  if ([options.modelRepository].flat().length > 0) return;
  throw new TypeError(`${what}: 'watch' looks at the folders of 'modelRepository': name one`);
}

function withDefaults(
  given: Readonly<Record<string, unknown>>,
  what: string,
): ResolvedServerOptions {
  const resolved: Record<string, OptionValue> = {};
  refuseUnknownOptions(Object.keys(given), what);
  for (const [name, spec] of Object.entries(serverOptionSpecs)) {
    const value = given[name] ?? spec.default;
    if (!isValidOption(spec.kind, value)) {
      const expected = optionExpectations[spec.kind];
      const got = spec.kind === "security" ? `a ${typeof value}` : shownOption(value);
      throw new TypeError(`${what}: '${name}' must be ${expected}; got ${got}`);
    }
    resolved[name] = value;
  }
  for (const address of ["grpcAddress", "metricsAddress"]) {
    if (resolved[address] === "") resolved[address] = resolved["httpAddress"] ?? "";
  }
  if (given["maxBodyBytes"] === undefined) {
    const { maxBodyBytes, maxInputBytes } = resolved;
    resolved["maxBodyBytes"] = Math.max(Number(maxBodyBytes), Number(maxInputBytes));
  }
  return resolved as unknown as ResolvedServerOptions;
}

/** Throws a TypeError. */
export function refuseUnknownOptions(given: readonly string[], what: string): void {
  const names = Object.keys(serverOptionSpecs);
  const unknown = given.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, names);
  const hint = nearest === undefined ? "" : `; did you mean '${nearest}'?`;
  throw new TypeError(`${what}: there is no option '${unknown}'${hint}`);
}
