/**
 * Failures: what a call of the client must reject with, over `node:http` and over `fetch`.
 */
import { strict as check } from "node:assert";
import { type Client, ClientError, type ClientOptions, createClient } from "shoal/client";

/** The client as browsers get it: Node has `fetch` too. */
const browsers = (await import(
  new URL("../../dist/client.js", import.meta.url).href
)) as typeof import("shoal/client");

export type Connect = (url: string, options?: ClientOptions) => Client;
export const ways: Readonly<Record<string, Connect>> = {
  "node:http": createClient,
  fetch: browsers.createClient,
};

export interface Expected {
  readonly kind: ClientError["kind"];
  readonly code?: ClientError["code"];
  readonly status?: number;
  readonly says?: RegExp;
  readonly isRetrySafe?: boolean;
  /** Where fetch cannot tell. */
  readonly kindByFetch?: RegExp;
}

async function failureOf(promise: Promise<unknown>): Promise<ClientError> {
  const reason = await promise.then(
    () => "it went well",
    (error: unknown) => error,
  );
  check.ok(reason instanceof ClientError, String(reason));
  return reason;
}

export async function fails(
  promise: Promise<unknown>,
  expected: Expected,
  way = "",
): Promise<void> {
  const error = await failureOf(promise);
  const { kindByFetch, kind } = expected;
  if (way === "fetch" && kindByFetch !== undefined) {
    check.match(error.kind, kindByFetch, error.message);
    return;
  }
  check.equal(error.kind, kind, `${error.kind}: ${error.message}`);
  if (expected.code !== undefined) check.equal(error.code, expected.code, error.message);
  if (expected.status !== undefined) check.equal(error.status, expected.status);
  if (expected.says !== undefined) check.match(error.message, expected.says);
  check.equal(error.isRetrySafe, expected.isRetrySafe ?? false);
}
