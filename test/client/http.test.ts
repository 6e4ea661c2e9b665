/**
 * The client's contract over HTTP, against our server: in every format and compression, over
 * `node:http` and over `fetch`.
 */
import { strict as check } from "node:assert";
import { after, before, test } from "node:test";
import type { Server } from "shoal";
import { type Client, createClient } from "shoal/client";
import { startServer } from "../conformance/server.ts";
import { contract } from "./contract.ts";
import { contractModels } from "./contract-models.ts";

/** The client as browsers get it: Node has `fetch` too. */
const browsers = (await import(
  new URL("../../dist/client.js", import.meta.url).href
)) as typeof import("shoal/client");

const gzip = { request: "gzip", response: "gzip" } as const;
const deflate = { request: "deflate", response: "deflate" } as const;

const ways: Readonly<Record<string, (url: string) => Client>> = {
  binary: (url) => createClient(url),
  json: (url) => createClient(url, { format: "json" }),
  "binary with gzip": (url) => createClient(url, { compression: gzip }),
  "json with deflate": (url) => createClient(url, { format: "json", compression: deflate }),
  "fetch in binary": (url) => browsers.createClient(url),
  "fetch in json with gzip": (url) => {
    return browsers.createClient(url, { format: "json", compression: gzip });
  },
};

/** Node warns of listeners that gather. */
const warnings: string[] = [];
process.on("warning", ({ message }) => warnings.push(message));

let server: Server;
const clients = new Map<string, Client>();

before(async () => {
  const started = await startServer(contractModels);
  server = started.server;
  for (const [way, connect] of Object.entries(ways)) clients.set(way, connect(started.url));
});
after(async () => {
  for (const client of clients.values()) client.close();
  await server.close();
  check.deepEqual(warnings, []);
});

for (const way of Object.keys(ways)) {
  for (const { name, needs, run } of contract) {
    // JSON has no form for them.
    if (needs === "halves" && way.includes("json")) continue;
    test(`over HTTP, ${way}: ${name}`, () => run(clients.get(way) as Client, check));
  }
}
