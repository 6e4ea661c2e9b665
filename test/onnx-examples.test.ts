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
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { createServer, type Model } from "shoal";
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

test("texts that share words are close", async () => {
  const search = join(root, "examples/text/search.mjs");
  for (const [question, best] of [
    ["how long does a delivery take?", /^0\.\d{3} A delivery to the mainland/],
    ["is the shop open on Saturdays", /^0\.\d{3} Our shop in the old harbour/],
  ] as const) {
    const { stdout } = await run(process.execPath, [search, question]);
    const [asked, first, ...others] = stdout.trimEnd().split("\n");
    check.equal(asked, question);
    check.match(first ?? "", best);
    check.equal(others.length, 4);
  }
});

test("a text has one vector, alone or padded to the length of others", async () => {
  const { textEncoder } = (await import(
    pathToFileURL(join(root, "examples/text/encoder.mjs")).href
  )) as { textEncoder: (name: "encoder") => Model };
  const encoder = textEncoder("encoder");
  await using server = createServer(encoder, { logInfo: false });
  await server.ready;
  const encode = async (text: string): Promise<readonly number[]> => {
    const { outputs } = await server.infer({ model: "encoder", inputs: { text: [[text]] } });
    return [...(outputs["embedding"]?.data ?? [])] as number[];
  };
  const alone = await encode("a mackerel");
  const [together] = await Promise.all([encode("a mackerel"), encode("smoked salmon ".repeat(60))]);
  check.equal(alone.length, 64);
  for (const [index, value] of alone.entries()) {
    check.ok(Math.abs(value - (together?.[index] ?? Number.NaN)) < 1e-5);
  }
  await check.rejects(encode(""), /a text must have from 1 to 512 tokens; got 0/);
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
  const options = { httpAddress: "127.0.0.1", httpPort: 0, allowGrpc: false, allowMetrics: false };
  const server = createServer(models, { ...options, logInfo: false });
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
