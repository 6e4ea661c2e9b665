/** What requests over HTTP are made of. */
import type { ModelTarget } from "./connection.ts";
import { writeExactJson } from "./exact-json.ts";

const encoder = new TextEncoder();

/** A route's path: `*` is the name, with the version. */
export function pathTo(route: string, { name = "", version }: Partial<ModelTarget>): string {
  const model = encodeURIComponent(name) + (version === undefined ? "" : `/versions/${version}`);
  return `/v2${route.replace("*", () => model)}`;
}

export function encoded(document: object): readonly Uint8Array[] {
  return [encoder.encode(writeExactJson(document))];
}
