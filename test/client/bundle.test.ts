/**
 * What a page loads to be a client: all of it in one small file, with nothing of Node's and no
 * package. A failure shows the size of each module.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { bundled } from "./bundled.ts";

/** Minified, and gzip at level 9. */
const mostBytes = 12_000;

test("the client of browsers imports nothing", async () => {
  const { imports } = await bundled("dist/client.js");
  check.deepEqual(imports, []);
});

test("the client of browsers is small", async () => {
  const { code, modules } = await bundled("dist/client.js");
  const { byteLength } = gzipSync(code, { level: 9 });
  const bill = modules.map(([path, bytes]) => `${String(bytes).padStart(6)}  ${path}`).join("\n");
  const what = `${byteLength} bytes, at most ${mostBytes} (minified: ${code.byteLength}, of it:`;
  check.ok(byteLength <= mostBytes, `${what}\n${bill})`);
});

test("Node's client imports what Node has: so these tests would see it", async () => {
  const { imports } = await bundled("dist/client-node.js");
  check.ok(imports.includes("node:http"), String(imports));
});
