/** The client's contract in a page, in binary and in JSON. */
import { after, before, suite, test } from "node:test";
import type { Browser } from "playwright-core";
import { contract } from "../client/contract.ts";
import { contractModels } from "../client/contract-models.ts";
import { type StartedServer, startServer } from "../conformance/server.ts";
import { type OpenedPage, openPage, startChromium } from "./chromium.ts";
import type * as contractInPage from "./contract-in-page.ts";

/** In the page. */
declare const shoal: typeof contractInPage;

let browser: Browser;
let server: StartedServer;
let opened: OpenedPage;

before(async () => {
  browser = await startChromium();
  server = await startServer(contractModels, { cors: "*" });
  opened = await openPage(browser, "dist-test/browser/contract-in-page.js");
});
after(async () => {
  await opened[Symbol.asyncDispose]();
  await browser.close();
  await server.server.close();
});

for (const format of ["binary", "json"] as const) {
  suite(`in a page, ${format}`, () => {
    for (const { name, needs } of contract) {
      // JSON has no form for them.
      if (needs === "halves" && format === "json") continue;
      test(name, { timeout: 30_000 }, async () => {
        const { url } = server;
        await opened.page.evaluate(
          async (one) => await shoal.runCase(one.name, one.url, { format: one.format }),
          { name, url, format },
        );
      });
    }
  });
}
