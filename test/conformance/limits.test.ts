/**
 * What is too large, too much, too deep or too late: each has its answer, no connection is left
 * hanging, and the server lives on.
 */
import { strict as check } from "node:assert";
import { after, before, test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import { createServer, fp32, model, type Server } from "shoal";
import { HeldCalls, heldModel } from "../held-model.ts";
import { until } from "../until.ts";
import { ask, type RawAnswer, RawClient, requestBytes } from "./raw-client.ts";
import { mount, quietLoopback, startServer } from "./server.ts";

const echo = model("echo", {
  batching: false,
  inputs: { X: fp32(-1) },
  outputs: { X: fp32(-1) },
  infer: ({ X }) => ({ X }),
});

const echoPath = "/v2/models/echo/infer";
const maxBodyBytes = 4000;
const maxInputBytes = 2000;

let server: Server;
let port: number;

before(async () => {
  ({ server, port } = await startServer(echo, { maxBodyBytes, maxInputBytes }));
});
after(() => server.close());

/** A request of `count` elements, padded with spaces to so many bytes. */
function echoBody(count: number, byteLength = 0): string {
  const data = Array.from({ length: count }, () => 1);
  const input = { name: "X", shape: [count], datatype: "FP32", data };
  return JSON.stringify({ inputs: [input] }).padEnd(byteLength);
}

async function infer(body: string | Uint8Array, headers = {}): Promise<RawAnswer> {
  return await ask(port, "POST", echoPath, { body, headers });
}

function isError(answer: RawAnswer, status: number, error: string): void {
  check.deepEqual(JSON.parse(answer.text), { error });
  check.equal(answer.status, status);
  check.equal(answer.headers.get("content-type"), "application/json");
}

async function serverLives(): Promise<void> {
  check.equal((await infer(echoBody(1))).status, 200);
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

const chunkedHead = requestBytes("POST", echoPath, {
  headers: { "Transfer-Encoding": "chunked" },
});

const bodyTooLarge =
  `request body exceeds the maximum allowed size of ${maxBodyBytes} bytes. ` +
  "Use --max-body-size to increase the limit.";

for (const path of [echoPath, "/v2/repository/index"]) {
  test(`a body above the limit is refused by its length: ${path}`, async () => {
    const client = await RawClient.connect(port);
    const body = "x".repeat(maxBodyBytes + 1);
    const [head, rest] = [body.slice(0, 10), body.slice(10)];
    const headers = { "Content-Length": String(body.length) };
    client.send(requestBytes("POST", path, { body: head, headers }));
    const answer = await client.answer();
    isError(answer, 413, bodyTooLarge);
    check.equal(answer.headers.get("connection"), "close");
    client.send(rest);
    check.equal(await client.rest(), "", "closed, and nothing more was said");
    await serverLives();
  });

  test(`a body above the limit is refused as it comes, in chunks: ${path}`, async () => {
    const client = await RawClient.connect(port);
    client.send(requestBytes("POST", path, { headers: { "Transfer-Encoding": "chunked" } }));
    for (let sent = 0; sent <= maxBodyBytes; sent += 1000) client.send(chunk("x".repeat(1000)));
    const answer = await client.answer();
    isError(answer, 413, bodyTooLarge);
    check.equal(answer.headers.get("connection"), "close");
    client.send(chunk("more"), "0\r\n\r\n");
    check.equal(await client.rest(), "");
    await serverLives();
  });
}

test("a caller who stops sending a refused body is let go", async () => {
  const client = await RawClient.connect(port);
  const headers = { "Content-Length": "9007199254740993" };
  client.send(requestBytes("POST", echoPath, { body: "{", headers }));
  isError(await client.answer(), 413, bodyTooLarge);
  client.halfClose();
  check.equal(await client.rest(), "");
});

test("a large upload sees its refusal", async () => {
  const answer = await infer("x".repeat(5_000_000));
  isError(answer, 413, bodyTooLarge);
});

test("what all callers together have sent of their bodies has a limit", async () => {
  const limits = { maxBodyBytes: 4000, maxWaitingBytes: 100 };
  await using started = await startServer(echo, limits);
  const send = async (): Promise<RawAnswer> => {
    return await ask(started.port, "POST", echoPath, { body: echoBody(1, 2000) });
  };
  for (let count = 0; count < 3; count += 1) check.equal((await send()).status, 200);
  const dawdler = await RawClient.connect(started.port);
  const headers = { "Content-Length": "4000" };
  dawdler.send(requestBytes("POST", echoPath, { headers, body: "x".repeat(3000) }));
  let refused = await send();
  while (refused.status === 200) refused = await send();
  const use = "3000 of 4000 bytes for request bodies are in use";
  isError(refused, 503, `the server receives too much at once: ${use}`);
  check.equal(refused.headers.get("retry-after"), "1");
  check.equal(refused.headers.get("connection"), "close");
  dawdler.leave();
  while (refused.status !== 200) refused = await send();
});

test("a body of exactly the limit is read", async () => {
  await using started = await startServer(echo, {
    maxBodyBytes: 3000,
    maxInputBytes: 3000,
  });
  const body = echoBody(3, 3000);
  check.equal((await ask(started.port, "POST", echoPath, { body })).status, 200);
  const above = await ask(started.port, "POST", echoPath, { body: `${body} ` });
  check.equal(above.status, 413);
});

test("JSON above the input limit", async () => {
  check.equal((await infer(echoBody(1, maxInputBytes))).status, 200);
  const why =
    `request JSON size of ${maxInputBytes + 1} bytes exceeds the maximum allowed input size of ` +
    `${maxInputBytes} bytes. Use --http-max-input-size to increase the limit.`;
  isError(await infer(echoBody(1, maxInputBytes + 1)), 400, why);
});

test("one JSON input above the input limit", async () => {
  check.equal((await infer(echoBody(500))).status, 200);
  const why =
    "JSON input 'X' has a byte_size (2004 bytes) that exceeds the maximum allowed value of 2000 " +
    "bytes. Use --http-max-input-size to increase the limit.";
  isError(await infer(echoBody(501)), 400, why);
});

test("a raw request above the input limit; binary tensors know none", async () => {
  const raw = { "Inference-Header-Content-Length": "0" };
  check.equal((await infer(Buffer.alloc(2000), raw)).status, 200);
  const why =
    "Raw input has a byte_size (2004 bytes) that exceeds the maximum allowed value of 2000 bytes. " +
    "Use --http-max-input-size to increase the limit.";
  isError(await infer(Buffer.alloc(2004), raw), 400, why);
  const json =
    '{"inputs":[{"name":"X","shape":[750],"datatype":"FP32","parameters":{"binary_data_size":3000}}]}';
  const binary = { "Inference-Header-Content-Length": String(json.length) };
  check.equal(
    (await infer(Buffer.concat([Buffer.from(json), Buffer.alloc(3000)]), binary)).status,
    200,
  );
});

for (const [encoding, pack] of [
  ["gzip", gzipSync],
  ["deflate", deflateSync],
] as const) {
  test(`a bomb in ${encoding} is not unpacked beyond the input limit`, async () => {
    const bomb = pack(Buffer.alloc(1_000_000, " "));
    check.ok(bomb.length < maxBodyBytes);
    const why =
      `Decompressed data size exceeds the maximum allowed value of ${maxInputBytes} bytes. ` +
      "Use --http-max-input-size to increase the limit.";
    isError(await infer(bomb, { "Content-Encoding": encoding }), 400, why);
    const largest = pack(echoBody(1, maxInputBytes));
    check.equal((await infer(largest, { "Content-Encoding": encoding })).status, 200);
  });
}

test("65,536 chunks are read, one more is refused and the connection closed", async () => {
  await using started = await startServer(echo);
  const body = echoBody(1, 65_536);
  const pieces = chunkedHead + [...body].map(chunk).join("");
  const patient = await RawClient.connect(started.port);
  patient.send(`${pieces}0\r\n\r\n`);
  check.equal((await patient.answer()).status, 200);
  patient.leave();
  const flooder = await RawClient.connect(started.port);
  flooder.send(`${pieces}${chunk(" ")}0\r\n\r\n`);
  const answer = await flooder.answer();
  const why =
    "Chunked request body exceeds maximum of 65536 non-empty chunks. " +
    "Send fewer or larger HTTP chunks.";
  isError(answer, 400, why);
  check.equal(answer.headers.get("connection"), "close");
  check.equal(await flooder.rest(), "");
});

const unreadable: readonly [what: string, bytes: string, status: number, error: string][] = [
  [
    "a header too long",
    `GET /v2 HTTP/1.1\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
    431,
    "Request Header Fields Too Large",
  ],
  [
    "an address too long",
    `GET /${"x".repeat(20_000)} HTTP/1.1\r\n\r\n`,
    431,
    "Request Header Fields Too Large",
  ],
  ["garbage", "\0\0garbage\r\n\r\n", 400, "Bad Request"],
  ["TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "Bad Request"],
  [
    "a length that is none",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1x\r\n\r\n",
    400,
    "Bad Request",
  ],
  [
    "two lengths",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    400,
    "Bad Request",
  ],
  ["a chunk of no size", `${chunkedHead}zz\r\n`, 400, "Bad Request"],
];

for (const [what, bytes, status, error] of unreadable) {
  test(`what is no HTTP is told as JSON, and the connection closed: ${what}`, async () => {
    const client = await RawClient.connect(port);
    client.send(Buffer.from(bytes, "latin1"));
    const answer = await client.answer();
    isError(answer, status, error);
    check.equal(answer.headers.get("connection"), "close");
    check.equal(await client.rest(), "");
    await serverLives();
  });
}

test("a body that breaks off is a bad request", async () => {
  const client = await RawClient.connect(port);
  client.send(requestBytes("POST", echoPath, { body: "{", headers: { "Content-Length": "9" } }));
  client.halfClose();
  isError(await client.answer(), 400, "Bad Request");
  check.equal(await client.rest(), "");
});

test("after an answer, garbage is told so", async () => {
  const client = await RawClient.connect(port);
  client.send(requestBytes("GET", "/v2/health/live"));
  check.equal((await client.answer()).status, 200);
  client.send("garbage\r\n\r\n");
  isError(await client.answer(), 400, "Bad Request");
  check.equal(await client.rest(), "");
});

test("requests in front of garbage are answered, and then the connection closed", async () => {
  const calls = new HeldCalls();
  await using started = await startServer(heldModel("held", calls, { maxBatchSize: 1 }));
  const client = await RawClient.connect(started.port);
  const request = requestBytes("POST", "/v2/models/held/infer", { body: heldBody });
  client.send(request, request);
  const first = await calls.next();
  client.send("garbage\r\n\r\n");
  first.release();
  check.equal((await client.answer()).status, 200);
  (await calls.next()).release();
  const last = await client.answer();
  check.equal(last.status, 200);
  check.equal(last.headers.get("connection"), "close");
  check.equal(await client.rest(), "");
});

test("who sends garbage and leaves is not waited for", async () => {
  const calls = new HeldCalls();
  await using started = await startServer(heldModel("held", calls));
  const client = await RawClient.connect(started.port);
  client.send(requestBytes("POST", "/v2/models/held/infer", { body: heldBody }), "garbage\r\n");
  const call = await calls.next();
  client.leave();
  await until(() => call.signal.aborted);
  call.release();
});

test("a body beyond its length is no part of the request, and no other request", async () => {
  const client = await RawClient.connect(port);
  const body = `${echoBody(1)}surplus`;
  const headers = { "Content-Length": String(echoBody(1).length) };
  client.send(requestBytes("POST", echoPath, { body, headers }));
  check.equal((await client.answer()).status, 200);
  check.equal(await client.rest(), "");
});

test("nesting has an end, wherever it is read", async () => {
  await using started = await startServer(echo);
  const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
  const deepObject = `${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`;
  const input = '"name":"X","shape":[1],"datatype":"FP32"';
  const refused = [
    `{"inputs":[{${input},"data":${deep}}]}`,
    `{"inputs":[{${input},"data":[1],"parameters":${deepObject}}]}`,
    `{"parameters":{"a":${deep}},"inputs":[{${input},"data":[1]}]}`,
    `{"inputs":[{${input},"data":[1]}],"outputs":${deep}}`,
  ];
  for (const body of refused) {
    const answer = await ask(started.port, "POST", echoPath, { body });
    check.match(answer.text, /JSON nesting depth exceeds maximum allowed limit \(100\)/);
    check.equal(answer.status, 400, body.slice(0, 60));
  }
  for (const unread of [deep, deepObject]) {
    const body = `{"unknown":${unread},"inputs":[{${input},"data":[1]}]}`;
    check.equal((await ask(started.port, "POST", echoPath, { body })).status, 200);
  }
  for (const body of [deep, `{"inputs":${deep}}`]) {
    check.notEqual((await ask(started.port, "POST", echoPath, { body })).status, 200);
  }
});

test("a request needs no Host, and cannot expect the unexpected", async () => {
  const client = await RawClient.connect(port);
  client.send("GET /v2/health/live HTTP/1.1\r\n\r\n");
  check.equal((await client.answer()).status, 200);
  const headers = { Expect: "a miracle" };
  client.send(requestBytes("GET", "/v2/health/live", { headers }));
  isError(await client.answer(), 417, "Expectation Failed");
  check.equal(await client.rest(), "");
});

for (const method of ["CONNECT", "GET"]) {
  test(`who asks with ${method} and resets the connection harms nobody`, async () => {
    for (let count = 0; count < 100; count += 1) {
      const client = await RawClient.connect(port);
      client.send(requestBytes(method, "example.com:443"), "x".repeat(500 * count));
      if (count % 2 === 0) await new Promise(setImmediate);
      client.socket.resetAndDestroy();
    }
    await serverLives();
  });
}

test("it is no proxy, but is asked through one", async () => {
  const client = await RawClient.connect(port);
  client.send(requestBytes("GET", `http://127.0.0.1:${port}/v2/health/live`));
  check.equal((await client.answer()).status, 200);
  client.send(requestBytes("CONNECT", "example.com:443"));
  isError(await client.answer(), 404, "Not Found");
  check.equal(await client.rest(), "");
});

const heldBody = '{"inputs":[{"name":"X","shape":[1,1],"datatype":"FP32","data":[1]}]}';

test("1,000 pipelined requests are answered in order", async () => {
  const client = await RawClient.connect(port);
  const count = 1000;
  for (let index = 0; index < count; index += 1) {
    const body = `{"id":"${index}",${echoBody(1).slice(1)}`;
    client.send(requestBytes("POST", echoPath, { body }));
  }
  for (let index = 0; index < count; index += 1) {
    const answer = await client.answer();
    check.equal(answer.status, 200);
    check.equal(JSON.parse(answer.text).id, String(index));
  }
  client.leave();
});

test("of more than 1,000 requests that wait on one connection the last is refused", async () => {
  const calls = new HeldCalls();
  await using holding = createServer(
    heldModel("held", calls, { maxBatchSize: 1024 }),
    quietLoopback,
  );
  await holding.ready;
  await using mounted = await mount(holding);
  let seenCount = 0;
  mounted.httpServer.on("request", () => {
    seenCount += 1;
  });
  const client = await RawClient.connect(mounted.port);
  const request = requestBytes("POST", "/v2/models/held/infer", { body: heldBody });
  client.send(...Array.from({ length: 1001 }, () => request));
  await until(() => seenCount === 1001);
  for (let answered = 0; answered < 1000; ) {
    const call = await calls.next();
    call.release();
    answered += call.rows;
  }
  for (let index = 0; index < 1000; index += 1) check.equal((await client.answer()).status, 200);
  const last = await client.answer();
  isError(last, 503, "more than 1000 requests on one connection wait for an answer");
  check.equal(last.headers.get("retry-after"), "1");
  client.leave();
});

test("a full queue says when to come back", async () => {
  const calls = new HeldCalls();
  const options = { maxBatchSize: 1, batching: { queue: { maxSize: 1 } } };
  const held = heldModel("held", calls, options);
  await using started = await startServer(held);
  const send = (id: string): Promise<RawAnswer> => {
    const body = `{"id":"${id}",${heldBody.slice(1)}`;
    return ask(started.port, "POST", "/v2/models/held/infer", { body });
  };
  const running = send("running");
  const call = await calls.next();
  const waiting = [send("a"), send("b")];
  const refused = await Promise.race(waiting);
  const { error } = JSON.parse(refused.text);
  check.match(error, /^\[request id: [ab]\] Exceeds maximum queue size$/);
  check.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "1"]);
  call.release();
  (await calls.next()).release();
  const statuses = await Promise.all([running, ...waiting]);
  check.deepEqual(statuses.map(({ status }) => status).sort(), [200, 200, 503]);
});

test("a caller's own deadline ends its request, waiting or running", async () => {
  const calls = new HeldCalls();
  const held = heldModel("held", calls, { maxBatchSize: 1 });
  await using started = await startServer(held);
  const send = (timeoutMs: string): Promise<RawAnswer> => {
    const headers = { "X-Request-Timeout-Ms": timeoutMs };
    return ask(started.port, "POST", "/v2/models/held/infer", { body: heldBody, headers });
  };
  // Long enough to get into the model, however busy the machine is.
  const running = send("300");
  const call = await calls.next();
  isError(await send("1"), 504, "Deadline Exceeded");
  isError(await running, 504, "Deadline Exceeded");
  check.equal(calls.seen.length, 1, "what waited never ran");
  check.equal(call.signal.aborted, true);
  call.release();
  for (const wrong of ["0", "-1", "soon", "", "NaN"]) {
    const why = `header x-request-timeout-ms must be a number of milliseconds above 0, got: ${wrong}`;
    isError(await send(wrong), 400, why);
  }
});

test("the deadline of a request in process is the same", async () => {
  const calls = new HeldCalls();
  const held = heldModel("held", calls);
  await using holding = createServer(held, quietLoopback);
  await holding.ready;
  const request = { model: held, inputs: { X: [[1]] } };
  const late = holding.infer(request, { deadlineMs: performance.now() + 10 });
  await check.rejects(late, { name: "InferenceError", code: "DEADLINE_EXCEEDED" });
  for (const call of calls.seen) call.release(); // On a busy machine it never got there.
});

test("a caller who asks first is told to go on, and then answered", async () => {
  const client = await RawClient.connect(port);
  const body = echoBody(1);
  const headers = { Expect: "100-continue", "Content-Length": String(body.length) };
  client.send(requestBytes("POST", echoPath, { headers }));
  await once100(client);
  client.send(body);
  const answer = await client.answer();
  check.equal(answer.status, 200);
  client.leave();
});

/** The interim answer alone; the final one cannot come before the body. */
async function once100({ socket }: RawClient): Promise<void> {
  await until(() => socket.readableLength > 0);
  check.equal(String(socket.read()), "HTTP/1.1 100 Continue\r\n\r\n");
}

for (const [id, header] of [
  ["two\r\nX-Lines: 1", "two%0D%0AX-Lines: 1"],
  ["é 魚\u0000", "%C3%A9 %E9%AD%9A%00"],
  ["x".repeat(1000), "x".repeat(256)],
] as const) {
  test(`an id that is no header is answered all the same: ${JSON.stringify(id)}`, async () => {
    const answer = await infer(JSON.stringify({ id, inputs: [] }));
    check.deepEqual([answer.status, answer.headers.get("x-request-id")], [400, header]);
    const { error } = JSON.parse(answer.text) as { readonly error: string };
    check.ok(error.startsWith(`[request id: ${id}] expected 1 inputs`), error);
  });
}

test("every error of an inference names its request", async () => {
  const named = await infer("{", { "X-Request-Id": "from-head" });
  check.equal(named.headers.get("x-request-id"), "from-head");
  const [first, second] = [await infer("{"), await infer("{")];
  check.match(first.headers.get("x-request-id") ?? "", /^[0-9a-f]{8}-\d+$/);
  check.notEqual(first.headers.get("x-request-id"), second.headers.get("x-request-id"));
  const inBody = await infer(`{"id":"from-body",${echoBody(1).slice(1).replace("X", "Y")}`);
  check.equal(inBody.status, 400);
  check.equal(inBody.headers.get("x-request-id"), "from-body");
  // An id that no header could hold.
  const id = JSON.stringify(`a\r\nb: 鲨 ${"x".repeat(300)}`);
  const odd = await infer(`{"id":${id},${echoBody(1).slice(1).replace("X", "Y")}`);
  check.equal(odd.status, 400, odd.text);
  check.equal(odd.headers.get("x-request-id"), `a%0D%0Ab: %E9%B2%A8 ${"x".repeat(248)}`);
  const refused = await infer("x".repeat(maxBodyBytes + 1), { "X-Request-Id": "large" });
  check.equal(refused.headers.get("x-request-id"), "large");
});
