/**
 * The examples with real models, as a user meets them: a server with the models of
 * examples/start, and each example as a process of its own that prints what it found.
 */
import { strict as check } from "node:assert";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { createServer } from "shoal";
import type { OnnxModel } from "shoal/onnx";
import { root } from "./repository.ts";

const run = promisify(execFile);

test("text in a picture, word by word", async () => {
  const { stdout } = await runExample("ocr.mjs", "ocr/read-invoice.mjs");
  const lines = stdout.trim().split("\n");
  check.deepEqual(
    lines.slice(0, 10).map((line) => line.slice(6)),
    [
      "INVOICE   No. 2026-1123",
      "Harbour Fish Supplies",
      "Date: 14 March 2026",
      "Bill to: Shoal Bay Restaurant",
      "Item   Quantity   Price",
      "Atlantic mackerel   12   84.00",
      "Smoked salmon   5   112.50",
      "Crushed ice   40   36.80",
      "Total EUR   233.30",
      "Payable within 30 days. Thank you!",
    ],
  );
  for (const line of lines.slice(0, 10)) check.ok(Number(line.slice(0, 4)) > 0.9, line);
});

test("speech in a sound: two sentences, and the pause between them", async () => {
  const { stdout } = await runExample("vad.mjs", "vad/speech.mjs");
  const speech = /^speech {3}\|(.*)\|$/m.exec(stdout)?.[1] ?? "";
  check.match(speech, /^ +[^ ]{20,} {4,}[^ ]{20,} +$/);
  check.match(stdout, /^somebody speaks from 0\.\d\d s to 1\.\d\d s$/m);
});

test("an example without a server says what to start", async () => {
  const failed = run(process.execPath, [join(root, "examples/vad/speech.mjs")], {
    env: { ...process.env, SHOAL_URL: `http://127.0.0.1:${await silentPort()}` },
  });
  await check.rejects(failed, { code: 1, stderr: /^no server answers: .*`npm start`/ });
});

/** One that was free a moment ago. */
async function silentPort(): Promise<number> {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function runExample(served: string, example: string): Promise<{ readonly stdout: string }> {
  const url = new URL(`../examples/start/${served}`, import.meta.url);
  const models = Object.values((await import(url.href)) as Record<string, OnnxModel>);
  const options = { httpAddress: "127.0.0.1", httpPort: 0, allowMetrics: false, logInfo: false };
  const server = createServer(models, options);
  try {
    await server.listen();
    await server.ready;
    return await run(process.execPath, [join(root, "examples", example)], {
      env: { ...process.env, SHOAL_URL: server.urls.http },
    });
  } finally {
    await server.close();
  }
}
