/**
 * generate_stream: events, statuses and errors, sentence by sentence.
 *
 * Not here: what a body may hold (generate.test.ts), readers who are slow or leave
 * (stream-readers.test.ts).
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { fp32, InferenceError, model } from "shoal";
import { HeldCalls, heldModel } from "../held-model.ts";
import { ask, RawClient, requestBytes } from "./raw-client.ts";
import { ScriptedServer, textTensor } from "./scripted-service.ts";
import { post, startServer } from "./server.ts";
import { StreamClient } from "./stream-client.ts";

const path = "/v2/models/m/generate_stream";
const tail = '"model_name":"m","model_version":"1"';

function token(text: string): string {
  return `data: {"TOKEN":"${text}",${tail}}`;
}

test("each response is one event, sent before the next one is made", async () => {
  await using server = await ScriptedServer.start();
  const client = new StreamClient(server.url + path);
  const call = await server.next();
  for (const text of ["Hello", " world", "!"]) {
    call.say(text);
    check.equal(await client.next(), token(text));
  }
  call.end();
  check.equal(await client.next(), undefined);
});

test("fetch reads it", async () => {
  await using server = await ScriptedServer.start();
  const asked = fetch(server.url + path, { method: "POST", body: '{"PROMPT":"hi"}' });
  const call = await server.next();
  call.say("a");
  const response = await asked;
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  check.deepEqual(await reader.read(), { done: false, value: `${token("a")}\n\n` });
  call.say("é");
  check.deepEqual(await reader.read(), { done: false, value: `${token("é")}\n\n` });
  call.end();
  check.equal((await reader.read()).done, true);
});

test("the head, and the body to the byte: nothing but events", async () => {
  await using server = await ScriptedServer.start();
  const asked = post(server.url + path, '{"PROMPT":"hi","id":"7"}');
  const call = await server.next();
  call.respond([textTensor("a")], false, { logprob: -0.5, last: false });
  call.say("", true);
  const { status, headers, text } = await asked;
  check.equal(status, 200);
  check.equal(headers.get("content-type"), "text/event-stream; charset=utf-8");
  check.equal(headers.get("cache-control"), "no-cache");
  check.equal(headers.get("transfer-encoding"), "chunked");
  check.equal(headers.get("server-timing"), "queue;dur=1.000, batch;dur=2.000");
  const first = `{"TOKEN":"a","id":"7","last":false,"logprob":-0.5,${tail}}`;
  const second = `{"TOKEN":"","id":"7",${tail}}`;
  check.equal(text, `data: ${first}\n\ndata: ${second}\n\n`);
});

test("a final response with outputs is an event too, one without is none", async () => {
  await using server = await ScriptedServer.start();
  for (const ends of ["with", "without"]) {
    const client = new StreamClient(server.url + path);
    const call = await server.next();
    call.say("a", ends === "with");
    if (ends === "without") call.end();
    check.deepEqual(await client.rest(), [token("a")]);
  }
});

test("line ends in a text are escaped, so an event is one line", async () => {
  await using server = await ScriptedServer.start();
  const client = new StreamClient(server.url + path);
  (await server.next()).say("a\n\nb\r\n", true);
  check.deepEqual(await client.rest(), [token("a\\n\\nb\\r\\n")]);
});

test("no response at all: 200 and an empty body", async () => {
  await using server = await ScriptedServer.start();
  const asked = post(server.url + path, '{"PROMPT":"hi"}');
  (await server.next()).end();
  const { status, headers, text } = await asked;
  check.deepEqual([status, text], [200, ""]);
  check.equal(headers.get("content-type"), "text/event-stream; charset=utf-8");
});

for (const [code, status] of [
  ["INVALID_ARGUMENT", 400],
  ["INTERNAL", 500],
  ["UNAVAILABLE", 503],
  ["DEADLINE_EXCEEDED", 504],
] as const) {
  test(`an error as first response fixes the status, and is an event: ${code}`, async () => {
    await using server = await ScriptedServer.start();
    const asked = post(server.url + path, '{"PROMPT":"hi","id":"7"}');
    (await server.next()).fail(new InferenceError(code, 'no "luck"', { retryAfterS: 2 }));
    const answer = await asked;
    check.equal(answer.status, status);
    check.equal(answer.text, 'data: {"error":"no \\"luck\\""}\n\n');
    check.equal(answer.headers.get("content-type"), "text/event-stream; charset=utf-8");
    check.equal(answer.headers.get("retry-after"), "2");
    check.equal(answer.headers.get("x-request-id"), "7");
  });
}

test("a later error is an event under status 200", async () => {
  await using server = await ScriptedServer.start();
  const asked = post(server.url + path, '{"PROMPT":"hi"}');
  const call = await server.next();
  call.say("a");
  call.fail(new InferenceError("INTERNAL", "An Error Occurred"));
  const { status, text } = await asked;
  check.equal(status, 200);
  check.equal(text, `${token("a")}\n\ndata: {"error":"An Error Occurred"}\n\n`);
});

test("a response that JSON cannot carry is an error in its place, and others follow", async () => {
  await using server = await ScriptedServer.start();
  const damaged = Uint8Array.of(0xff);
  for (const isFirst of [true, false]) {
    const asked = post(server.url + path, '{"PROMPT":"hi"}');
    const call = await server.next();
    if (!isFirst) call.say("a");
    call.say(damaged);
    call.say("b", true);
    const { status, text } = await asked;
    check.equal(status, isFirst ? 500 : 200);
    const events = text.split("\n\n");
    const error = JSON.parse(events.at(-3)!.slice("data: ".length)) as { readonly error: string };
    check.match(error.error, /^output 'TOKEN' holds BYTES that are not UTF-8/);
    check.equal(events.at(-2), token("b"));
    check.equal(events.length, isFirst ? 3 : 4);
  }
  check.deepEqual(server.lines, [], "it is no fault of the server");
});

test("large responses are written in slices, and those behind them wait their turn", async () => {
  await using server = await ScriptedServer.start();
  const client = new StreamClient(server.url + path);
  const call = await server.next();
  const large = "x".repeat(1_000_000);
  const texts = ["a", large, "b", large, "c", large];
  for (const text of texts) call.say(text);
  call.fail(new InferenceError("INTERNAL", "over"));
  check.deepEqual(await client.rest(), [...texts.map(token), 'data: {"error":"over"}']);
});

test("an error of a large response stands in its place as well", async () => {
  await using server = await ScriptedServer.start();
  const client = new StreamClient(server.url + path);
  const call = await server.next();
  const damaged = Buffer.alloc(1_000_000, "x");
  damaged[999_999] = 0xff;
  call.say("a");
  call.say(damaged);
  call.say("b", true);
  const [first, second, third] = await client.rest();
  check.deepEqual([first, third], [token("a"), token("b")]);
  check.match(second!, /^data: \{"error":"output 'TOKEN' holds BYTES/);
});

test("what comes in one turn of the event loop is one piece of the body", async () => {
  await using server = await ScriptedServer.start();
  const client = await RawClient.connect(server.port);
  const headers = { Connection: "close" };
  client.send(requestBytes("POST", path, { body: '{"PROMPT":"hi"}', headers }));
  const call = await server.next();
  for (let index = 0; index < 100; index += 1) call.say("a");
  await new Promise(setImmediate);
  for (let index = 0; index < 50; index += 1) call.say("b");
  call.end();
  const body = (await client.rest()).split("\r\n\r\n").slice(1).join("\r\n\r\n");
  const sizes = body.split("\r\n").filter((_, index) => index % 2 === 0);
  const bytes = (text: string): number => token(text).length + 2;
  check.deepEqual(sizes.slice(0, 3), [
    (100 * bytes("a")).toString(16),
    (50 * bytes("b")).toString(16),
    "0",
  ]);
});

test("what is refused before it runs is an ordinary error", async () => {
  await using started = await startServer();
  const url = `${started.url}/v2/models/add_sub/generate_stream`;
  const refused: readonly [body: string, status: number, error: RegExp][] = [
    ["", 500, /The document is empty/],
    ["{}", 400, /expected 2 inputs but got 0/],
    ['{"INPUT0":[1],"INPUT1":[1]}', 400, /The schema can not convert input 'INPUT0'/],
    ['{"INPUT0":"a"}', 400, /The schema can not convert input 'INPUT0'/],
  ];
  for (const [body, status, error] of refused) {
    const answer = await post(url, body);
    check.equal(answer.status, status);
    check.equal(answer.headers.get("content-type"), "application/json");
    check.match((JSON.parse(answer.text) as { readonly error: string }).error, error);
    check.ok(answer.headers.has("x-request-id"));
  }
  const unknown = await post(`${started.url}/v2/models/nobody/generate_stream`, "{}");
  check.equal(unknown.status, 404);
});

test("so is what the core refuses at once, and only that", async () => {
  const error = new InferenceError("UNAVAILABLE", "full", { retryAfterS: 1 });
  let isFirst = true;
  await using server = await ScriptedServer.start({
    within: (call) => {
      if (!isFirst) call.say("a");
      isFirst = false;
      call.fail(error);
    },
  });
  const refused = await post(server.url + path, '{"PROMPT":"hi"}');
  check.deepEqual([refused.status, refused.text], [503, '{"error":"full"}']);
  check.equal(refused.headers.get("content-type"), "application/json");
  const begun = await post(server.url + path, '{"PROMPT":"hi"}');
  check.deepEqual([begun.status, begun.text], [200, `${token("a")}\n\ndata: {"error":"full"}\n\n`]);
});

test("a model that is not streaming gives one event", async () => {
  await using started = await startServer();
  const url = `${started.url}/v2/models/maybe/generate_stream`;
  const { status, text } = await post(url, '{"A":1.5,"B":2}');
  check.deepEqual(
    [status, text],
    [200, 'data: {"SUM":3.5,"model_name":"maybe","model_version":"1"}\n\n'],
  );
});

test("the caller's deadline holds, and is told as an event", async () => {
  const calls = new HeldCalls();
  await using started = await startServer(heldModel("held", calls));
  const asked = ask(started.port, "POST", "/v2/models/held/generate", {
    body: '{"X":1}',
    headers: { "X-Request-Timeout-Ms": "1" },
  });
  check.deepEqual((await asked).status, 504);
  const client = new StreamClient(`${started.url}/v2/models/held/generate_stream`, {
    body: '{"X":1}',
    headers: { "X-Request-Timeout-Ms": "1" },
  });
  check.equal(await client.next(), 'data: {"error":"Deadline Exceeded"}');
  check.equal((await client.response).statusCode, 504);
  for (const call of calls.seen) call.release();
});

test("a server that is stopped ends its streams", async () => {
  const calls = new HeldCalls();
  await using started = await startServer(heldModel("held", calls));
  const url = `${started.url}/v2/models/held/generate_stream`;
  const finishing = new StreamClient(url, { body: '{"X":1}' });
  const call = await calls.next();
  const closing = started.server.close({ timeoutMs: 10_000 });
  call.release();
  check.match((await finishing.next()) ?? "", /^data: \{"X":1,/);
  check.equal(await finishing.next(), undefined);
  await closing;
});

test("a stream that does not end in time is told so", async () => {
  const calls = new HeldCalls();
  await using started = await startServer(heldModel("held", calls));
  const url = `${started.url}/v2/models/held/generate_stream`;
  const cut = new StreamClient(url, { body: '{"X":1}' });
  const call = await calls.next();
  await started.server.close({ timeoutMs: 1 });
  check.match((await cut.next()) ?? "", /^data: \{"error":"Server is stopping, and did not finish/);
  check.equal((await cut.response).statusCode, 503);
  call.release();
});

const echo = model("m", {
  inputs: { X: fp32(-1) },
  outputs: { X: fp32(-1) },
  infer: ({ X }) => ({ X }),
});

test("methods, CORS and compression are as for generate", async () => {
  await using started = await startServer(echo, { cors: "*" });
  for (const method of ["GET", "HEAD", "PUT"]) {
    const answer = await ask(started.port, method, path);
    check.deepEqual([answer.status, answer.headers.get("allow")], [405, "POST"]);
  }
  const preflight = await ask(started.port, "OPTIONS", path, { headers: { Origin: "http://a" } });
  check.equal(preflight.status, 204);
  const answer = await post(started.url + path, '{"X":[1,2]}', {
    Origin: "http://a",
    "Accept-Encoding": "gzip",
  });
  check.equal(answer.text, 'data: {"X":[1,2],"model_name":"m","model_version":"1"}\n\n');
  check.equal(answer.headers.get("access-control-allow-origin"), "*");
  check.equal(answer.headers.has("content-encoding"), false);
  const packed = await post(started.url + path, '{"X":1}', { "Content-Encoding": "gzip" });
  check.deepEqual(
    [packed.status, packed.text],
    [400, `{"error":"Unsupported content-encoding, only 'identity' is supported."}`],
  );
});

test("an old client without chunks gets events until the connection closes", async () => {
  await using server = await ScriptedServer.start();
  const client = await RawClient.connect(server.port);
  const body = '{"PROMPT":"hi"}';
  client.send(`POST ${path} HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  const call = await server.next();
  call.say("a");
  await new Promise(setImmediate);
  call.say("b", true);
  const answer = await client.rest();
  check.equal(answer.split("\r\n\r\n")[1], `${token("a")}\n\n${token("b")}\n\n`);
});
