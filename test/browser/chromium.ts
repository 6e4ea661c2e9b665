/**
 * Debian's Chromium, and a page in it: of an origin of its own, with the client in it as its users'
 * build tools put it there.
 */
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, chromium, type Page } from "playwright-core";
import { bundled } from "../client/bundled.ts";

const executable = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Nothing of it goes out into the world. */
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export async function startChromium(): Promise<Browser> {
  if (!existsSync(executable)) throw new Error(`no Chromium: ${executable} (or set CHROMIUM)`);
  return await chromium.launch({ executablePath: executable, args });
}

export interface OpenedPage extends AsyncDisposable {
  readonly page: Page;
  readonly origin: string;
}

/** Each in a session of its own. `entry`, built JavaScript, is `shoal` to the page. */
export async function openPage(browser: Browser, entry = "dist/client.js"): Promise<OpenedPage> {
  const { code } = await bundled(entry);
  const site = createServer(({ url }, response) => {
    const isCode = url === "/client.js";
    response.setHeader("content-type", isCode ? "text/javascript" : "text/html");
    response.end(isCode ? code : "<!doctype html><title>A page</title><h1>A page</h1>");
  });
  await new Promise<void>((resolve) => {
    site.listen(0, "127.0.0.1", resolve);
  });
  const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
  const page = await browser.newPage();
  await page.goto(origin);
  await page.evaluate('import("/client.js").then((client) => { globalThis.shoal = client; })');
  return {
    page,
    origin,
    [Symbol.asyncDispose]: async () => {
      await page.close();
      site.close();
      site.closeAllConnections();
    },
  };
}
