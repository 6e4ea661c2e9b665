/**
 * Inference as a stream, which Triton does not have: server-sent events or lines of JSON, for
 * whoever asks by `Accept`.
 */
import { strict as check } from "node:assert";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { fp32, InferenceError, model } from "shoal";
import { ScriptedServer } from "./scripted-service.ts";
import { post, startServer } from "./server.ts";
import { StreamClient } from "./stream-client.ts";

const echo = model("echo", {
  inputs: { X: fp32(2) },
  outputs: { Y: fp32(2) },
  infer: ({ X }) => ({ Y: X }),
});

const started = await startServer(echo);
after(() => started[Symbol.asyncDispose]());

const events = "text/event-stream";
const lines = "application/x-ndjson";

const input = '{"name":"X","shape":[1,2],"datatype":"FP32","data":[1,2.5]}';
const body = `{"id":"7","inputs":[${input}]}`;
const json =
  '{"id":"7","model_name":"echo","model_version":"1","outputs":' +
  '[{"name":"Y","datatype":"FP32","shape":[1,2],"data":[1,2.5]}]}';

function infer(sent: unknown, headers: Record<string, string>): ReturnType<typeof post> {
  return post(`${started.url}/v2/models/echo/infer`, sent, headers);
}

const forms: readonly [accept: string, contentType: string, text: string][] = [
  [events, "text/event-stream; charset=utf-8", `data: ${json}\n\n`],
  [lines, "application/x-ndjson", `${json}\n`],
  ["TEXT/Event-Stream; charset=utf-8", "text/event-stream; charset=utf-8", `data: ${json}\n\n`],
  [`${lines};q=0.5, ${events};q=0.9`, "text/event-stream; charset=utf-8", `data: ${json}\n\n`],
  [`${lines}, ${events}, */*`, "application/x-ndjson", `${json}\n`],
  [`text/html, ${lines}`, "application/x-ndjson", `${json}\n`],
  // A model that gives one response may be answered as ever.
  [`application/json, ${events}`, "application/json", json],
  [`${events};q=0.5, */*`, "application/json", json],
  [`${events};q=0`, "application/json", json],
  ["*/*", "application/json", json],
  ["text/html", "application/json", json],
];

for (const [accept, contentType, text] of forms) {
  test(`Accept: ${accept}`, async () => {
    const answer = await infer(body, { Accept: accept, "Accept-Encoding": "identity" });
    check.equal(answer.status, 200);
    check.equal(answer.headers.get("content-type"), contentType);
    check.equal(answer.text, text);
    const isStream = answer.headers.get("cache-control") === "no-cache";
    check.equal(isStream, contentType !== "application/json");
    const timing = answer.headers.get("server-timing") ?? "";
    check.match(timing, isStream ? /^queue;dur=[\d.]+, batch;dur=[\d.]+$/ : /encode/);
  });
}

test("a streaming model has a stream for whoever asks for one, and 501 for others", async () => {
  await using server = await ScriptedServer.start();
  const url = `${server.url}/v2/models/m/infer`;
  const text = '{"inputs":[{"name":"PROMPT","shape":[1,1],"datatype":"BYTES","data":["hi"]}]}';
  for (const accept of ["*/*", "application/json", `${events};q=0`]) {
    const refused = await post(url, "not even JSON", { Accept: accept });
    check.equal(refused.status, 501);
    check.match(refused.text, /HTTP end point doesn't support models with decoupled transaction/);
  }
  for (const accept of [lines, `application/json, ${lines}`, `*/*, ${lines};q=0.1`]) {
    const client = new StreamClient(url, { body: text, headers: { Accept: accept } });
    const call = await server.next();
    check.deepEqual(call.request.requestedOutputs, []);
    for (const token of ["a", "b\n"]) {
      call.say(token);
      check.equal(
        await client.next("\n"),
        '{"model_name":"m","model_version":"1","outputs":[{"name":"TOKEN","datatype":"BYTES",' +
          `"shape":[1,1],"data":[${JSON.stringify(token)}]}]}`,
      );
    }
    call.end();
    check.equal(await client.next("\n"), undefined);
  }
});

test("errors are events and lines, and name their request", async () => {
  await using server = await ScriptedServer.start();
  const url = `${server.url}/v2/models/m/infer`;
  const inputs = '[{"name":"PROMPT","shape":[1,1],"datatype":"BYTES","data":["hi"]}]';
  const cases: readonly [accept: string, id: string, event: string][] = [
    [events, "", 'data: {"error":"no luck"}\n\n'],
    [events, "7", 'data: {"id":"7","error":"no luck"}\n\n'],
    [lines, "7", '{"id":"7","error":"no luck"}\n'],
  ];
  for (const [accept, id, event] of cases) {
    for (const isFirst of [true, false]) {
      const asked = post(url, `{"id":"${id}","inputs":${inputs}}`, { Accept: accept });
      const call = await server.next();
      if (!isFirst) call.say("a");
      call.fail(new InferenceError("UNAVAILABLE", "no luck"));
      const answer = await asked;
      check.equal(answer.status, isFirst ? 503 : 200);
      check.ok(answer.text.endsWith(event), answer.text);
      check.equal(answer.text === event, isFirst);
    }
  }
});

test("what is refused before it runs is an ordinary error", async () => {
  const answer = await infer(`{"id":"7","inputs":[${input.replace("X", "Z")}]}`, {
    Accept: events,
  });
  check.equal(answer.status, 400);
  check.equal(answer.headers.get("content-type"), "application/json");
  check.match(answer.text, /unexpected inference input 'Z'/);
  check.equal(answer.headers.get("x-request-id"), "7");
});

test("binary outputs are refused where they are asked for", async () => {
  const why =
    "a stream of text cannot carry binary outputs: leave out 'binary_data' and " +
    "'binary_data_output', or ask for no stream";
  for (const more of [
    '"parameters":{"binary_data_output":true}',
    '"outputs":[{"name":"Y","parameters":{"binary_data":true}}]',
  ]) {
    const answer = await infer(`{${more},"inputs":[${input}]}`, { Accept: lines });
    check.deepEqual([answer.status, JSON.parse(answer.text)], [400, { error: why }]);
  }
  const asJson = '"outputs":[{"name":"Y","parameters":{"binary_data":false}}]';
  const answer = await infer(`{"id":"7",${asJson},"inputs":[${input}]}`, { Accept: lines });
  check.deepEqual([answer.status, answer.text], [200, `${json}\n`]);
});

test("inputs may be binary, raw or compressed; answers are neither", async () => {
  const tensor = Buffer.from(Float32Array.of(1, 2.5).buffer);
  const head = Buffer.from(
    '{"id":"7","inputs":[{"name":"X","shape":[1,2],"datatype":"FP32",' +
      '"parameters":{"binary_data_size":8}}]}',
  );
  const binary = await infer(Buffer.concat([head, tensor]), {
    Accept: events,
    "Inference-Header-Content-Length": String(head.byteLength),
  });
  check.equal(binary.text, `data: ${json}\n\n`);
  const raw = await infer(tensor, { Accept: lines, "Inference-Header-Content-Length": "0" });
  check.equal(raw.text, `${json.replace('"id":"7",', "")}\n`);
  const packed = await infer(gzipSync(body), {
    Accept: lines,
    "Content-Encoding": "gzip",
    "Accept-Encoding": "gzip",
  });
  check.equal(packed.text, `${json}\n`);
  check.equal(packed.headers.has("content-encoding"), false);
});

test("a large response is one event as well", async () => {
  await using server = await ScriptedServer.start();
  const inputs = '[{"name":"PROMPT","shape":[1,1],"datatype":"BYTES","data":["hi"]}]';
  const headers = { Accept: events };
  const url = `${server.url}/v2/models/m/infer`;
  const client = new StreamClient(url, { body: `{"inputs":${inputs}}`, headers });
  const call = await server.next();
  const large = "x".repeat(1_000_000);
  call.say(large);
  call.say("b", true);
  const [first = "", second = ""] = await client.rest();
  check.ok(first.includes(large));
  check.match(second, /"data":\["b"\]/);
});
