/**
 * Readers of a stream: who reads slowly holds the model back, who takes nothing is cut off, who
 * leaves ends the request, in each phase; and nothing is left behind.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { until } from "../until.ts";
import { RawClient, requestBytes } from "./raw-client.ts";
import { type Call, ScriptedServer } from "./scripted-service.ts";
import { StreamClient } from "./stream-client.ts";

const path = "/v2/models/m/generate_stream";
const inferBody = '{"inputs":[{"name":"PROMPT","shape":[1,1],"datatype":"BYTES","data":["hi"]}]}';
const piece = "x".repeat(60_000);

/** Says pieces, as a model with a window of `window` would, until the reader takes no more. */
async function fill(call: Call, window = 4): Promise<void> {
  for (let idleTurns = 0; idleTurns < 50; idleTurns += 1) {
    while (call.saidCount - call.creditCount < window) {
      call.say(piece);
      idleTurns = 0;
    }
    // Sockets of one process move bytes in a few turns, if they move at all.
    await new Promise(setImmediate);
  }
}

test("every response is credited once it has left, not before", async () => {
  await using server = await ScriptedServer.start();
  const client = new StreamClient(server.url + path);
  const call = await server.next();
  call.say("a");
  call.say("b");
  check.equal(call.creditCount, 0, "nothing leaves inside of respond");
  await client.next();
  check.equal(call.creditCount, 2);
  call.end();
  check.equal(await client.next(), 'data: {"TOKEN":"b","model_name":"m","model_version":"1"}');
  check.equal(await client.next(), undefined);
});

test("responses that come before the core has returned are credited afterwards", async () => {
  await using server = await ScriptedServer.start({ within: (call) => call.say("a") });
  const client = new StreamClient(server.url + path);
  const call = await server.next();
  await client.next();
  check.equal(call.creditCount, 1);
  call.end();
  check.equal(await client.next(), undefined);
});

test("a reader that stops holds the model back, and gets all in order when it goes on", async () => {
  await using server = await ScriptedServer.start();
  const client = new StreamClient(server.url + path);
  const call = await server.next();
  call.say("first");
  await client.response;
  await fill(call);
  const said = call.saidCount;
  check.ok(said < 1000, `${said} pieces were taken from a reader that takes none`);
  const read = client.rest();
  await until(() => call.creditCount === said);
  call.say("last", true);
  const events = await read;
  check.equal(events.length, said + 1);
  check.match(events.at(-1) ?? "", /"last"/);
  check.equal(server.clock.nextWakeMs(), Number.POSITIVE_INFINITY, "no timer is left");
});

test("a reader that takes nothing for a minute is cut off, the model told, the log too", async () => {
  await using server = await ScriptedServer.start();
  const client = new StreamClient(server.url + path);
  const call = await server.next();
  await fill(call);
  server.clock.advance(59_999);
  check.equal(call.cancelCount, 0);
  server.clock.advance(1);
  check.equal(call.cancelCount, 1);
  check.deepEqual(server.lines, ["the reader of a stream took nothing for 60 s: it is cut off"]);
  await check.rejects(client.rest(), { code: "ECONNRESET" });
  check.equal(server.clock.nextWakeMs(), Number.POSITIVE_INFINITY);
  call.say("nobody hears this", true);
});

test("one that takes something now and then is not", async () => {
  await using server = await ScriptedServer.start({ stallTimeoutSecs: 1 });
  const client = new StreamClient(server.url + path);
  const call = await server.next();
  for (let round = 0; round < 5; round += 1) {
    await fill(call);
    server.clock.advance(900);
    const { creditCount } = call;
    while (call.creditCount === creditCount) await client.next();
  }
  check.equal(call.cancelCount, 0);
  call.end();
  await client.rest();
});

test("also when all has been said: what is left must be taken", async () => {
  await using server = await ScriptedServer.start();
  const client = new StreamClient(server.url + path);
  const call = await server.next();
  await fill(call);
  call.end();
  server.clock.advance(60_000);
  await check.rejects(client.rest(), { code: "ECONNRESET" });
});

test("0: it is waited for without end", async () => {
  await using server = await ScriptedServer.start({ stallTimeoutSecs: 0 });
  const client = new StreamClient(server.url + path);
  const call = await server.next();
  await fill(call);
  server.clock.advance(1e9);
  check.equal(call.cancelCount, 0);
  call.end();
  check.ok((await client.rest()).length > 0);
});

test("a stream behind another on its connection is held back, but nobody's fault", async () => {
  await using server = await ScriptedServer.start();
  const client = await RawClient.connect(server.port);
  const body = '{"PROMPT":"hi"}';
  client.send(requestBytes("POST", path, { body }));
  client.send(requestBytes("POST", path, { body, headers: { Connection: "close" } }));
  const [first, second] = [await server.next(), await server.next()];
  await fill(second);
  const said = second.saidCount;
  check.ok(said <= 8, `${said} pieces are kept for a stream whose turn it is not`);
  server.clock.advance(200_000);
  check.equal(second.cancelCount, 0);
  const read = client.rest();
  first.say("a", true);
  await until(() => second.creditCount === said);
  second.say("b", true);
  check.match(await read, /"TOKEN":"a"[\s\S]*"TOKEN":"b"/);
});

/** Who has only half closed is looked for from time to time. */
async function untilNoticed({ clock }: ScriptedServer, ...calls: readonly Call[]): Promise<void> {
  await until(() => {
    clock.advance(10);
    return calls.every(({ cancelCount }) => cancelCount > 0);
  });
}

const phases: readonly [
  phase: string,
  reach: (call: Call, client: StreamClient) => Promise<void>,
][] = [
  ["before the first response", async () => {}],
  [
    "between two responses",
    async (call, client) => {
      call.say("a");
      await client.next();
    },
  ],
  [
    "in the turn of a response",
    async (call, client) => {
      call.say("a");
      await client.response;
      call.say("b");
    },
  ],
  ["while it is stopped", (call) => fill(call)],
  [
    "stopped, when all has been said",
    async (call) => {
      await fill(call);
      call.end();
    },
  ],
  [
    "while a response is written in slices",
    async (call) => {
      call.say("x".repeat(3_000_000));
      await Promise.resolve();
    },
  ],
];

for (const route of ["generate_stream", "infer"]) {
  for (const [phase, reach] of phases) {
    test(`a reader who leaves ${phase} cancels his request, once: ${route}`, async () => {
      await using server = await ScriptedServer.start();
      const url = `${server.url}/v2/models/m/${route}`;
      const body = route === "infer" ? inferBody : '{"PROMPT":"hi"}';
      const headers = { Accept: "text/event-stream" };
      const client = new StreamClient(url, { body, headers });
      const call = await server.next();
      await reach(call, client);
      client.leave();
      await untilNoticed(server, call);
      call.say("nobody hears this");
      call.end();
      await new Promise(setImmediate);
      check.equal(call.cancelCount, 1);
      check.equal(server.receivedBytes.usedBytes, 0);
      check.equal(server.clock.nextWakeMs(), Number.POSITIVE_INFINITY);
      check.deepEqual(server.lines, []);
    });
  }
}

test("a reader who leaves in the middle of the body has asked nothing", async () => {
  await using server = await ScriptedServer.start();
  const client = await RawClient.connect(server.port);
  client.send(requestBytes("POST", path, { body: '{"PROMPT":"hi"}' }).subarray(0, -3));
  await until(() => server.receivedBytes.usedBytes > 0);
  client.leave();
  await until(() => server.receivedBytes.usedBytes === 0);
  check.equal(server.calls.length, 0);
});

for (const [accept, tokens] of [
  ["text/event-stream", /^(:\n\n)+data: \{[^\n]*"b"[^\n]*\n\n$/],
  ["application/x-ndjson", /^ +\{[^\n]*"b"[^\n]*\n$/],
] as const) {
  test(`a caller who half-closes is looked for with what he skips: ${accept}`, async () => {
    await using server = await ScriptedServer.start();
    const client = await RawClient.connect(server.port);
    const headers = { Accept: accept };
    client.send(requestBytes("POST", "/v2/models/m/infer", { body: inferBody, headers }));
    const call = await server.next();
    client.halfClose();
    await until(() => server.clock.nextWakeMs() < Number.POSITIVE_INFINITY);
    server.clock.advance(100);
    call.say("a");
    await new Promise(setImmediate);
    server.clock.advance(10_000);
    call.say("b", true);
    const [interim = "", stream = ""] = (await client.rest()).split("HTTP/1.1 200 OK");
    check.match(interim, /^(HTTP\/1\.1 100 Continue\r\n\r\n)+$/);
    const chunks = stream.slice(stream.indexOf("\r\n\r\n") + 4).split("\r\n");
    const [first = "", ...rest] = chunks.filter((_, index) => index % 2 === 1);
    check.match(first, /"data":\["a"\]/);
    check.match(rest.join(""), tokens);
    check.equal(call.cancelCount, 0);
  });
}

test("1,000 streams that are opened and dropped leave nothing behind", async () => {
  await using server = await ScriptedServer.start();
  for (let round = 0; round < 20; round += 1) {
    const clients = Array.from({ length: 50 }, () => new StreamClient(server.url + path));
    const calls = await Promise.all(clients.map(() => server.next()));
    for (const [index, call] of calls.entries()) if (index % 2 === 0) call.say("a");
    for (const client of clients) client.leave();
    await untilNoticed(server, ...calls);
  }
  check.equal(server.receivedBytes.usedBytes, 0);
  check.equal(server.clock.nextWakeMs(), Number.POSITIVE_INFINITY);
});
