/**
 * The start page: what a person with a browser sees of a server, and the commands to try.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import {
  bool,
  bytes,
  createServer,
  fp16,
  fp32,
  int32,
  int64,
  model,
  optional,
  type Server,
} from "shoal";
import { ask, type RawAnswer } from "./raw-client.ts";
import { quietLoopback, startServer } from "./server.ts";

const many = model("many", {
  inputs: { "a<b": fp32(-1, 2), TEXT: bytes(2), FLAG: bool(3), NOTE: optional(int64(1)) },
  outputs: { 'it\'s & "so"': fp32(-1, 2) },
  infer: (inputs) => ({ 'it\'s & "so"': inputs["a<b"] }),
});

const whole = model("whole", {
  batching: false,
  inputs: { X: int64(-1) },
  outputs: { X: int64(-1) },
  infer: ({ X }) => ({ X }),
});

const half = model("half", {
  inputs: { X: fp16(2) },
  outputs: { X: fp16(2) },
  infer: ({ X }) => ({ X }),
});

async function pageOf(port: number): Promise<RawAnswer> {
  return await ask(port, "GET", "/", { headers: { Host: `127.0.0.1:${port}` } });
}

function plainText(html: string): string {
  return html
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}

interface Command {
  readonly url: string;
  readonly body: string | undefined;
}

/** The commands of a page, as a shell would read them. */
function commandsOf(html: string): readonly Command[] {
  return [...html.matchAll(/<pre>(.*)<\/pre>/g)].map(([, line = ""]) => {
    const read = /^curl -sN? '([^']*)'(?: -d '(.*)')?$/.exec(plainText(line));
    check.ok(read, line);
    return { url: read[1] ?? "", body: read[2]?.replaceAll("'\\''", "'") };
  });
}

/** `curl -s URL` and `curl -s URL -d BODY`. */
async function run({ url, body }: Command): Promise<Response> {
  if (body === undefined) return await fetch(url);
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  return await fetch(url, { method: "POST", headers, body });
}

test("it is a page of HTML, without scripts", async () => {
  await using started = await startServer([many, whole, half]);
  const page = await pageOf(started.port);
  check.equal(page.status, 200);
  check.equal(page.headers.get("content-type"), "text/html; charset=utf-8");
  check.match(page.text, /^<!doctype html>\n<html lang="en">/);
  check.match(page.text, /3 models,\s+ready/);
  check.doesNotMatch(page.text, /<script|\bon[a-z]+=/);
});

test("each model shows what it takes and gives, escaped", async () => {
  await using started = await startServer(many);
  const { text } = await pageOf(started.port);
  check.match(text, /1 model,\s+ready/);
  check.match(text, /<h2>many <small>version 1, READY<\/small><\/h2>/);
  const rows = [...text.matchAll(/<tr><td>(.*)<\/td><\/tr>/g)].map(([, row = ""]) => {
    return row.replace(/<\/?code>/g, "").split("</td><td>");
  });
  check.deepEqual(rows, [
    ["in", "a&lt;b", "FP32", "[-1,-1,2]"],
    ["in", "TEXT", "BYTES", "[-1,2]"],
    ["in", "FLAG", "BOOL", "[-1,3]"],
    ["in", "NOTE", "INT64 optional", "[-1,1]"],
    ["out", "it's &amp; &quot;so&quot;", "FP32", "[-1,-1,2]"],
  ]);
});

test("its commands work as they stand", async () => {
  await using started = await startServer([many, whole]);
  const commands = commandsOf((await pageOf(started.port)).text);
  check.equal(commands.length, 2);
  for (const command of commands) {
    check.ok(command.body, command.url);
    const answer = await run(command);
    check.equal(answer.status, 200, await answer.clone().text());
    const { outputs } = (await answer.json()) as { outputs: object[] };
    check.equal(outputs.length, 1);
  }
});

test("a model that streams shows how to read it", async () => {
  const counts = model("counts", {
    inputs: { N: int32(1), "it's": bytes(2) },
    outputs: { K: int32(1) },
    *infer({ N }) {
      for (let k = 0; k < 3; k += 1) yield { K: N.map(() => k) };
    },
  });
  await using started = await startServer(counts);
  const { text } = await pageOf(started.port);
  check.match(text, /It streams: a request has any number of responses\./);
  const [command] = commandsOf(text);
  check.match(command?.url ?? "", /\/generate_stream$/);
  const answer = await run(command ?? check.fail());
  check.equal(answer.status, 200);
  check.equal((await answer.text()).match(/^data: \{"K":\d,/gm)?.length, 3);
});

test("a model that no line can call is asked for its metadata", async () => {
  await using started = await startServer(half);
  const [command] = commandsOf((await pageOf(started.port)).text);
  check.ok(command && command.body === undefined);
  const metadata = (await (await run(command)).json()) as { name: string };
  check.equal(metadata.name, "half");
});

test("a model that failed shows why, escaped", async () => {
  const broken = model("broken", {
    inputs: { X: fp32(-1) },
    outputs: { X: fp32(-1) },
    setup: () => {
      throw new Error('<b>"no" & no</b>');
    },
    infer: ({ X }) => ({ X }),
  });
  await using started = await startServer(broken);
  const { text } = await pageOf(started.port);
  check.match(text, /1 model,\s+not ready/);
  check.match(text, /version 1, UNAVAILABLE/);
  check.match(text, /failed: &lt;b&gt;&quot;no&quot; &amp; no&lt;\/b&gt;/);
  check.doesNotMatch(text, /<b>/);
});

test("its links lead somewhere", async () => {
  await using started = await startServer([many, whole]);
  const { text } = await pageOf(started.port);
  const links = [...text.matchAll(/href="([^"]*)"/g)].map(([, link = ""]) => link);
  check.ok(links.length >= 9);
  for (const link of links) {
    check.equal((await ask(started.port, "GET", plainText(link))).status, 200, link);
  }
});

test("a hostile Host header is text like any other", async () => {
  await using started = await startServer(whole);
  const headers = { Host: '"><script>alert(1)</script>' };
  const { text } = await ask(started.port, "GET", "/", { headers });
  check.doesNotMatch(text, /<script/);
});

test("without models it says so", async () => {
  await using server: Server = createServer([], quietLoopback);
  await server.listen();
  await server.ready;
  const { text } = await pageOf(Number(new URL(server.urls.http ?? "").port));
  check.match(text, /0 models,\s+ready/);
});
