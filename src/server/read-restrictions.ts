/**
 * Reads restrictions: tokens from where the options say they are, when a server starts. After that
 * only their digests are kept.
 */
import { readFileSync } from "node:fs";
import { Restrictions } from "../frontends/restrictions.ts";
import {
  faultOf,
  type PlannedRestriction,
  planRestrictions,
  type RestrictionOptions,
  type TokenSource,
} from "./security-options.ts";

export interface FrontendRestrictions {
  readonly http: Restrictions;
  readonly grpc: Restrictions;
}

/** Throws if a token is not there, or is none. */
export function readRestrictions(options: RestrictionOptions): FrontendRestrictions {
  const plan = planRestrictions(options, "the server");
  return { http: withTokens(plan.http), grpc: withTokens(plan.grpc) };
}

function withTokens(planned: readonly PlannedRestriction[]): Restrictions {
  return new Restrictions(
    planned.map(({ source, ...restriction }) => ({ ...restriction, token: tokenOf(source) })),
  );
}

function tokenOf(source: TokenSource): string {
  if (typeof source === "string") return source;
  const isVariable = "env" in source;
  const token = isVariable ? process.env[source.env] : textOf(source.file);
  const fault = token === undefined ? "it is not set" : faultOf(token);
  if (token !== undefined && fault === undefined) return token;
  const where = isVariable ? `the variable ${source.env}` : `the file ${source.file}`;
  throw new TypeError(`'security.token' is taken from ${where}: ${fault}`);
}

/** Editors end a file with a line end. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new TypeError(`the file of 'security.token' cannot be read: ${why}`, { cause: error });
  }
}
