/**
 * generate: plain JSON in and out over HTTP, exactly one response, and which error wins.
 *
 * Not here: every text of a fault (src/protocol/generate-request.test.ts), the stream of it
 * (generate-stream.test.ts).
 */
import { strict as check } from "node:assert";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { bf16, bool, bytes, fp16, fp32, InferenceError, int64, model, Tensor } from "shoal";
import { ask } from "./raw-client.ts";
import { ScriptedServer } from "./scripted-service.ts";
import { post, startServer } from "./server.ts";

const models = [
  model("chat", {
    inputs: { PROMPT: bytes(1), STREAM: bool(1) },
    outputs: { TEXT: bytes(1) },
    infer: ({ PROMPT }) => ({ TEXT: PROMPT }),
  }),
  model("told", {
    inputs: { X: fp32(-1) },
    outputs: { TOLD: bytes(1) },
    infer: ({ X }, { requests }) => {
      const told = requests.map(({ id, parameters }) => JSON.stringify({ id, ...parameters }));
      return { TOLD: Tensor.from("BYTES", told, [X.rows, 1]) };
    },
  }),
  model("matrix", {
    inputs: { X: fp32(-1, 2) },
    outputs: { X: fp32(-1, 2), COUNT: int64(1) },
    infer: ({ X }) => ({ X, COUNT: [[BigInt(X.data.length)]] }),
  }),
  model("small", {
    inputs: { H: fp16(1) },
    outputs: { B: bf16(1) },
    infer: () => ({ B: Uint16Array.of(0) }),
  }),
  model("half", {
    inputs: { X: fp32(1) },
    outputs: { H: fp16(1) },
    infer: () => ({ H: Uint16Array.of(0) }),
  }),
  model("throws", {
    inputs: { X: fp32(1) },
    outputs: { X: fp32(1) },
    infer: ({ X }) => {
      const negative = new InferenceError("INVALID_ARGUMENT", "X must not be negative");
      throw (X.data[0] ?? 0) < 0 ? negative : new Error("secret path /etc/model");
    },
  }),
];

const started = await startServer(models);
after(() => started[Symbol.asyncDispose]());

function generate(name: string, body: unknown, headers = {}): ReturnType<typeof post> {
  return post(`${started.url}/v2/models/${name}/generate`, body, headers);
}

test("a text for a text", async () => {
  const { status, headers, text } = await generate("chat", { PROMPT: "hello", STREAM: false });
  check.equal(status, 200);
  check.equal(headers.get("content-type"), "application/json");
  check.match(headers.get("server-timing") ?? "", /^queue;dur=[\d.]+, batch;.* compute;.* encode;/);
  check.equal(text, '{"TEXT":"hello","model_name":"chat","model_version":"1"}');
});

const answered: readonly [name: string, body: string, text: string][] = [
  [
    "matrix",
    '{"X":[1,2,3,4,5.5,6],"id":"7"}',
    '{"COUNT":6,"X":[1,2,3,4,5.5,6],"id":"7","model_name":"matrix","model_version":"1"}',
  ],
  [
    "matrix/versions/1",
    '{"X":[1,2]}',
    '{"COUNT":2,"X":[1,2],"model_name":"matrix","model_version":"1"}',
  ],
  [
    "chat",
    '{"parameters":{"PROMPT":["é"],"STREAM":1}}',
    '{"TEXT":"é","model_name":"chat","model_version":"1"}',
  ],
  [
    "told",
    '{"X":1,"id":"7","temperature":0.5,"parameters":{"top_k":4,"priority":0},"timeout":9}',
    '{"TOLD":"{\\"id\\":\\"7\\",\\"temperature\\":0.5,\\"top_k\\":4,\\"timeout\\":9}","id":"7",' +
      '"model_name":"told","model_version":"1"}',
  ],
];

for (const [name, body, expected] of answered) {
  test(`${name}: ${body}`, async () => {
    const { status, text } = await generate(name, body);
    check.deepEqual([status, text], [200, expected]);
  });
}

test("several rows of a model that batches", async () => {
  const { text } = await generate("chat", { PROMPT: ["a", "b"], STREAM: [true, false] });
  check.equal(text, '{"TEXT":["a","b"],"model_name":"chat","model_version":"1"}');
});

test("what the answer cannot carry is refused, by name", async () => {
  const { status, text } = await generate("half", { X: 1 });
  check.equal(status, 400);
  check.match(text, /sending FP16 data via JSON is not supported.*for output H/);
});

test("a failing model has the status of its error, and the log its secrets", async () => {
  const refused = await generate("throws", { X: -1, id: "7" });
  check.deepEqual([refused.status, refused.text], [400, '{"error":"X must not be negative"}']);
  check.equal(refused.headers.get("x-request-id"), "7");
  const failed = await generate("throws", { X: 1 });
  check.equal(failed.status, 500);
  check.doesNotMatch(failed.text, /secret/);
});

test("compressed bodies are refused, compressed answers not made", async () => {
  const body = '{"PROMPT":"hi","STREAM":true}';
  for (const encoding of ["gzip", "deflate", "br"]) {
    const { status, text } = await generate("chat", gzipSync(body), {
      "Content-Encoding": encoding,
    });
    check.equal(status, 400);
    check.equal(text, `{"error":"Unsupported content-encoding, only 'identity' is supported."}`);
  }
  for (const encoding of ["identity", "Identity"]) {
    const answer = await generate("chat", body, {
      "Content-Encoding": encoding,
      "Accept-Encoding": "gzip",
    });
    check.equal(answer.status, 200);
    check.equal(answer.headers.has("content-encoding"), false);
  }
});

test("Accept, and the length of a JSON header, mean nothing here", async () => {
  const answer = await generate("chat", '{"PROMPT":"hi","STREAM":true}', {
    Accept: "text/event-stream",
    "Inference-Header-Content-Length": "5",
  });
  check.equal(answer.headers.get("content-type"), "application/json");
  check.equal(answer.status, 200);
});

/** Each mends the fault of the one before it, and keeps all that come after. */
const order: readonly [what: string, request: readonly string[], status: number, error: RegExp][] =
  [
    ["the method", ["GET", "nobody/versions/9223372036854775808", "gzip", "0", "{"], 405, /Method/],
    [
      "the version's text",
      ["POST", "nobody/versions/9223372036854775808", "gzip", "0", "{"],
      400,
      /stol/,
    ],
    ["the model", ["POST", "nobody/versions/2", "gzip", "0", "{"], 404, /'nobody' is not found/],
    ["its version", ["POST", "small/versions/2", "gzip", "0", "{"], 404, /version 2 is not found/],
    ["the encoding", ["POST", "small", "gzip", "0", "{"], 400, /only 'identity'/],
    ["the deadline", ["POST", "small", "", "0", "{"], 400, /x-request-timeout-ms/],
    ["the syntax", ["POST", "small", "", "1000", '{"id":7,"a":{},"H":1'], 500, /failed to parse/],
    ["the id", ["POST", "small", "", "1000", '{"a":{},"id":7,"H":1}'], 500, /'id'/],
    ["the first key", ["POST", "small", "", "1000", '{"a":{},"H":1}'], 400, /parameter 'a'/],
    ["the second key", ["POST", "small", "", "1000", '{"a":1,"H":1}'], 400, /receiving FP16/],
    ["the model's inputs", ["POST", "small", "", "1000", '{"a":1}'], 400, /expected 1 inputs/],
  ];

for (const [
  what,
  [method = "", name, encoding = "", timeoutMs = "", body = ""],
  status,
  error,
] of order) {
  test(`the first error wins: ${what}`, async () => {
    const headers = {
      ...(encoding !== "" && { "Content-Encoding": encoding }),
      "X-Request-Timeout-Ms": timeoutMs,
    };
    const path = `/v2/models/${name}/generate`;
    const answer = await ask(started.port, method, path, { headers, body });
    check.equal(answer.status, status);
    check.match((JSON.parse(answer.text) as { readonly error: string }).error, error);
    check.equal(answer.headers.get("content-type"), "application/json");
  });
}

test("limits: the body, the JSON, all inputs together", async () => {
  await using limited = await startServer(models, { maxBodyBytes: 300, maxInputBytes: 100 });
  const path = "/v2/models/told/generate";
  const refused: readonly [body: string, status: number, error: RegExp][] = [
    [" ".repeat(301), 413, /exceeds the maximum allowed size of 300 bytes/],
    [" ".repeat(101), 400, /^request JSON size of 101 bytes/],
    [`{"X":[${"1,".repeat(25)}1]}`, 400, /^request size of 104 bytes with input 'X' of size 104/],
  ];
  for (const [body, status, error] of refused) {
    const answer = await ask(limited.port, "POST", path, { body });
    check.equal(answer.status, status);
    check.match((JSON.parse(answer.text) as { readonly error: string }).error, error);
  }
});

const path = "/v2/models/m/generate";
const notOne =
  '{"error":"generate expects model to produce exactly 1 response, use generate stream for model ' +
  'that generates various number of responses"}';

test("a streaming model may answer once, and say afterwards that this was all", async () => {
  await using server = await ScriptedServer.start();
  for (const ends of ["with it", "after it"]) {
    const asked = post(server.url + path, '{"PROMPT":"hi"}');
    const call = await server.next();
    call.say("a", ends === "with it");
    if (ends === "after it") {
      check.equal(call.creditCount, 1, "its end is waited for, so the model may go on");
      call.end();
    }
    const { status, text } = await asked;
    check.deepEqual([status, text], [200, '{"TOKEN":"a","model_name":"m","model_version":"1"}']);
    check.equal(call.cancelCount, 0);
  }
});

test("no response is an error, and so is a second one, after which the model is stopped", async () => {
  await using server = await ScriptedServer.start();
  const none = post(server.url + path, '{"PROMPT":"hi"}');
  (await server.next()).end();
  check.deepEqual([(await none).status, (await none).text], [500, notOne]);
  for (const isFinal of [true, false]) {
    const two = post(server.url + path, '{"PROMPT":"hi"}');
    const call = await server.next();
    call.say("a");
    call.say("b", isFinal);
    check.deepEqual([(await two).status, (await two).text], [500, notOne]);
    check.equal(call.cancelCount, 1);
    call.say("nobody hears this", true);
  }
});

test("two before the core has returned: the request is taken back all the same", async () => {
  await using server = await ScriptedServer.start({
    within: (call) => {
      call.say("a");
      call.say("b");
    },
  });
  const { status } = await post(server.url + path, '{"PROMPT":"hi"}');
  check.equal(status, 500);
  check.equal((await server.next()).cancelCount, 1);
});

test("an error after the first response is told by itself", async () => {
  await using server = await ScriptedServer.start();
  const asked = post(server.url + path, '{"PROMPT":"hi"}');
  const call = await server.next();
  call.say("a");
  call.fail(new InferenceError("UNAVAILABLE", "An Error Occurred"));
  const { status, text } = await asked;
  check.deepEqual([status, text], [503, '{"error":"An Error Occurred"}']);
});

test("a large answer is written in slices", async () => {
  await using server = await ScriptedServer.start();
  const asked = post(server.url + path, '{"PROMPT":"hi"}');
  const large = "x".repeat(1_000_000);
  (await server.next()).say(large, true);
  check.equal((JSON.parse((await asked).text) as { readonly TOKEN: string }).TOKEN, large);
});
