/** What requests over HTTP are made of. */
import { invalid } from "./client-error.ts";
import type { ModelTarget } from "./connection.ts";
import { writeExactJson } from "./exact-json.ts";

const encoder = new TextEncoder();

/** A route's path: `*` is the name, with the version. */
export function pathTo(route: string, { name = "", version }: Partial<ModelTarget>): string {
  const part = version === undefined ? "" : `/versions/${version}`;
  return `/v2${route.replace("*", () => segmentOf(name) + part)}`;
}

/** Throws a ClientError for what no path can hold: halves of characters, and what leads elsewhere. */
export function segmentOf(name: string): string {
  try {
    if (!/^\.{0,2}$/.test(name)) return encodeURIComponent(name);
  } catch {}
  throw invalid(`invalid name '${name}'`);
}

export function encoded(document: object): readonly Uint8Array[] {
  return [encoder.encode(writeExactJson(document))];
}
