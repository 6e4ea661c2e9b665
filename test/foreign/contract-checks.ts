/**
 * The client's contract over HTTP against Triton, whose address and models are scripts/foreign.mjs's.
 *
 * No part of `npm test`: the server is installed for it.
 */
import { strict as check } from "node:assert";
import { after, suite, test } from "node:test";
import { createClient } from "shoal/client";
import { contract } from "../client/contract.ts";

const url = process.env["FOREIGN_HTTP"] ?? "";
const gzip = { request: "gzip", response: "gzip" } as const;

const ways = {
  binary: createClient(url),
  json: createClient(url, { format: "json" }),
  "binary with gzip": createClient(url, { compression: gzip }),
};

for (const [way, client] of Object.entries(ways)) {
  suite(`Triton over HTTP, ${way}`, () => {
    after(() => client.close());
    for (const { name, needs, run } of contract) {
      // Its Python backend has no BF16.
      if (needs === "shoal" || needs === "halves") continue;
      test(name, () => run(client, check));
    }
  });
}
