/**
 * The example in React, in a real browser: it shows what comes while it comes, and who changes or
 * leaves it ends what it has asked for.
 */
import { EventEmitter, once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { build } from "esbuild";
import { bytes, model } from "shoal";
import { startServer } from "../conformance/server.ts";
import { root } from "../repository.ts";
import { startChromium } from "./chromium.ts";

/** In development, React mounts each component twice: so does this. */
const page = `
import { createElement, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Story } from "./story.tsx";
const root = createRoot(document.body);
globalThis.show = (prompt) =>
  root.render(createElement(StrictMode, null, createElement(Story, { prompt })));
globalThis.leave = () => root.unmount();
`;

/** In the page. */
declare const show: (prompt: string) => void;
declare const leave: () => void;

/** Which asks `url` in place of the server that the example names. */
async function bundledPage(url: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: page, resolveDir: join(root, "examples", "client", "react") },
    write: false,
    bundle: true,
    format: "esm",
    jsx: "automatic",
    define: { "process.env.NODE_ENV": '"development"' },
    alias: { "shoal/client": join(root, "dist/client.js") },
    logLevel: "silent",
  });
  return (outputFiles[0]?.text ?? "").replace("http://localhost:8000", url);
}

/** Stories that do not end by themselves, and whose readers have left. */
class Tellers {
  readonly #leaving = new EventEmitter();
  readonly #left = new Set<string>();

  async *tell(prompt: string, signal: AbortSignal) {
    for (const word of ["there", "was"]) yield { text: [`${word} ${prompt} `] };
    if (!signal.aborted) await once(signal, "abort");
    this.#left.add(prompt);
    this.#leaving.emit(prompt);
  }

  async hasBeenLeft(prompt: string): Promise<void> {
    if (!this.#left.has(prompt)) await once(this.#leaving, prompt);
  }
}

test("a component shows a stream, and ends it when it changes or goes", async (t) => {
  const tellers = new Tellers();
  const story = model("story", {
    inputs: { prompt: bytes(1) },
    outputs: { text: bytes(1) },
    batching: false,
    async *infer({ prompt }, { signal }) {
      yield* tellers.tell(String(prompt.data[0]), signal);
    },
  });
  await using server = await startServer([story], { cors: "*" });
  const code = await bundledPage(server.url);
  const site = createServer(({ url }, response) => {
    const isCode = url === "/page.js";
    response.setHeader("content-type", isCode ? "text/javascript" : "text/html");
    response.end(isCode ? code : "<!doctype html><body></body>");
  });
  await once(site.listen(0, "127.0.0.1"), "listening");
  const browser = await startChromium();
  t.after(async () => {
    await browser.close();
    site.closeAllConnections();
    site.close();
  });
  const opened = await browser.newPage();
  await opened.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}`);
  await opened.evaluate('import("/page.js")');
  await opened.evaluate(() => show("a fish"));
  await opened.getByText("there a fish was a fish", { exact: true }).waitFor();
  await opened.evaluate(() => show("an eel"));
  await tellers.hasBeenLeft("a fish");
  await opened.getByText("there an eel was an eel", { exact: true }).waitFor();
  await opened.evaluate(() => leave());
  await tellers.hasBeenLeft("an eel");
});
