/** The client's contract (client/contract.ts) as a page runs it, one case at a time. */
import { type ClientOptions, createClient } from "shoal/client";
import { contract } from "../client/contract.ts";
import type { Check } from "../client/contract-case.ts";

/** Rejects with what the case says. */
export async function runCase(name: string, url: string, options: ClientOptions): Promise<void> {
  const one = contract.find((each) => each.name === name);
  if (one === undefined) throw new Error(`there is no case '${name}'`);
  const client = createClient(url, options);
  try {
    await one.run(client, check);
  } finally {
    client.close();
  }
}

/** In place of node:assert. */
const check: Check = {
  equal: (actual, expected, message) => {
    insist(Object.is(actual, expected), message ?? `${shown(actual)} is not ${shown(expected)}`);
  },
  deepEqual: (actual, expected, message) => {
    const [left, right] = [shown(actual), shown(expected)];
    insist(left === right, message ?? `${left} is not ${right}`);
  },
  ok: (value, message) => insist(Boolean(value), message ?? "it is not so"),
};

function insist(isSo: boolean, message: string): void {
  if (!isSo) throw new Error(message);
}

/** Different for whatever differs; fields in the order of their names. */
function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value !== "object" || value === null) return Object.is(value, -0) ? "-0" : `${value}`;
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  const isList = Array.isArray(value) || ArrayBuffer.isView(value);
  const fields = Object.entries(value)
    .sort(([one], [other]) => (isList ? 0 : one < other ? -1 : 1))
    .map(([name, each]) => (isList ? shown(each) : `${name}: ${shown(each)}`));
  return `${kind}(${fields.join(", ")})`;
}
