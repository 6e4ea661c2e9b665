/**
 * The client's contract against Triton.
 *
 * No part of `npm test`: the server is installed for it.
 */
import { strict as check } from "node:assert";
import { after, suite, test } from "node:test";
import { contract } from "../client/contract.ts";
import { ways } from "./foreign-clients.ts";

for (const [way, connect] of Object.entries(ways)) {
  const client = connect();
  suite(`Triton over ${way}`, () => {
    after(() => client.close());
    for (const { name, needs, run } of contract) {
      // Its Python backend has no BF16.
      if (needs === "shoal" || needs === "halves") continue;
      test(name, () => run(client, check));
    }
  });
}
