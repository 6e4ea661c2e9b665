/**
 * Security options: which groups of endpoints are closed behind which header, in Triton's words
 * (`group[,group]:header=value`) for one frontend, or as `security` for both.
 *
 *   httpRestrictedApi        header over HTTP
 *   grpcRestrictedProtocol   metadata over gRPC: `triton-grpc-protocol-` and the header
 *   security                 both, and `Authorization: Bearer` will do, too
 *
 * They add up; a group that two of them close for one frontend is a mistake. No error has a token
 * in it, nor what might be one.
 *
 * Not here: tokens that stand elsewhere (read-restrictions.ts), what belongs to a group and how a
 * token is compared (frontends/).
 */
import { type EndpointGroup, groupNames, isGroup } from "../frontends/endpoint-groups.ts";
import { nearestName } from "../protocol/nearest-name.ts";

/** Itself, or where it is: a variable of the environment, or a file. */
export type TokenSource = string | { readonly env: string } | { readonly file: string };

export interface SecurityOptions {
  /** Closed to whoever does not send the token; all others are open. */
  readonly groups: readonly EndpointGroup[];
  /** Default "triton-access-token"; over gRPC behind "triton-grpc-protocol-". */
  readonly header?: string;
  /** Of printable ASCII. */
  readonly token: TokenSource;
}

export const closesNothing: SecurityOptions = { groups: [], token: "" };

export interface RestrictionOptions {
  readonly httpRestrictedApi: string | readonly string[];
  readonly grpcRestrictedProtocol: string | readonly string[];
  readonly security: SecurityOptions;
}

/** A restriction whose token has not been read yet. */
export interface PlannedRestriction {
  readonly groups: readonly EndpointGroup[];
  readonly header: string;
  readonly source: TokenSource;
  readonly takesBearer: boolean;
}

export interface RestrictionPlan {
  readonly http: readonly PlannedRestriction[];
  readonly grpc: readonly PlannedRestriction[];
}

/** How one frontend has it. */
interface Frontend {
  readonly option: "httpRestrictedApi" | "grpcRestrictedProtocol";
  /** Triton's word for what is restricted. */
  readonly noun: "api" | "protocol";
  readonly prefix: string;
  readonly header: RegExp;
}

/** Metadata that end in `-bin` are not texts. */
const frontends: Readonly<Record<keyof RestrictionPlan, Frontend>> = {
  http: {
    option: "httpRestrictedApi",
    noun: "api",
    prefix: "",
    header: /^[\w!#$%&'*+.^`|~-]+$/,
  },
  grpc: {
    option: "grpcRestrictedProtocol",
    noun: "protocol",
    prefix: "triton-grpc-protocol-",
    header: /^(?!.*-bin$)[\w.-]+$/i,
  },
};

const defaultHeader = "triton-access-token";
const securityFields = ["groups", "header", "token"];

/** Throws a TypeError for the first mistake; `what` is who made it. */
export function planRestrictions(options: RestrictionOptions, what: string): RestrictionPlan {
  try {
    return { http: plan(options, frontends.http), grpc: plan(options, frontends.grpc) };
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    throw new TypeError(`${what}: ${error.message}`);
  }
}

class Mistake extends Error {}

function plan(options: RestrictionOptions, frontend: Frontend): readonly PlannedRestriction[] {
  const texts = [options[frontend.option]].flat();
  const planned = [
    ...texts.map((text) => fromText(text, frontend)),
    ...fromSecurity(options.security, frontend),
  ];
  const groups = planned.flatMap((each) => each.groups);
  const twice = groups.find((group, index) => groups.indexOf(group) < index);
  if (twice === undefined) return planned;
  const why = "can not be specified in multiple config groups";
  throw new Mistake(`restricted ${frontend.noun} '${twice}' ${why}`);
}

/** `group[,group]:header=value`; the value may hold any of these signs. */
function fromText(text: string, frontend: Frontend): PlannedRestriction {
  const [, names = "", header = "", source = ""] = /^([^:=]+):([^=]+)=(.+)$/s.exec(text) ?? [];
  if (source === "") {
    throw new Mistake(`'${frontend.option}' must be group[,group]:header=value`);
  }
  refuseFaulty(source, frontend.option);
  return {
    groups: toGroups(names.split(","), frontend),
    header: toHeader(header, frontend, frontend.option),
    source,
    takesBearer: false,
  };
}

function fromSecurity(
  security: SecurityOptions,
  frontend: Frontend,
): readonly PlannedRestriction[] {
  const given: Readonly<Record<keyof SecurityOptions, unknown>> = {
    header: defaultHeader,
    ...security,
  };
  for (const name of Object.keys(given)) {
    if (!securityFields.includes(name)) throw new Mistake(noField(name));
  }
  if (!isListOfTexts(given.groups)) {
    throw new Mistake(`'security.groups' must be a list of ${groupNames.join(", ")}`);
  }
  const groups = toGroups(given.groups, frontend);
  if (groups.length === 0) return [];
  if (typeof given.header !== "string") throw new Mistake("'security.header' must be a text");
  const header = toHeader(given.header, frontend, "security.header");
  return [{ groups, header, source: toSource(given.token), takesBearer: true }];
}

function noField(name: string): string {
  const nearest = nearestName(name, securityFields);
  const hint = nearest === undefined ? "" : `; did you mean 'security.${nearest}'?`;
  return `there is no option 'security.${name}'${hint}`;
}

function isListOfTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === "string");
}

/** Triton's text, with what else there is. */
function toGroups(names: readonly string[], { noun }: Frontend): readonly EndpointGroup[] {
  return names.map((name) => {
    if (isGroup(name)) return name;
    const nearest = nearestName(name, groupNames);
    const all = `there are ${groupNames.join(", ")}`;
    const remedy = nearest === undefined ? all : `did you mean '${nearest}'?`;
    throw new Mistake(`unknown restricted ${noun} '${name}' (${remedy})`);
  });
}

function toHeader(header: string, { header: valid, prefix }: Frontend, option: string): string {
  if (valid.test(header)) return prefix + header;
  throw new Mistake(`'${option}': '${header}' is no name of a header`);
}

function toSource(token: unknown): TokenSource {
  if (typeof token === "string") {
    refuseFaulty(token, "security.token");
    return token;
  }
  const [[name, place] = ["", ""], ...rest] = Object.entries(token ?? {});
  const isPlace = typeof place === "string" && place !== "" && rest.length === 0;
  if (isPlace && name === "env") return { env: place };
  if (isPlace && name === "file") return { file: place };
  const why = "must be a text, { env: NAME } or { file: PATH }";
  throw new Mistake(`'security.token' ${why}`);
}

function refuseFaulty(token: string, option: string): void {
  const fault = faultOf(token);
  if (fault !== undefined) throw new Mistake(`'${option}': ${fault}`);
}

/** What a header cannot carry, nobody could send. Undefined: it can. */
export function faultOf(token: string): string | undefined {
  if (token === "") return "the token is empty";
  if (/^[!-~]([ -~]*[!-~])?$/.test(token)) return undefined;
  return "a token must be printable ASCII, without spaces at its ends";
}
