/**
 * Compression of inference, both ways: which encodings are read, and in which one the answer comes.
 */
import { strict as check } from "node:assert";
import { after, before, test } from "node:test";
import { deflateRawSync, deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { fp32, model, type Server } from "shoal";
import { ask, type RawAnswer } from "./raw-client.ts";
import { startServer } from "./server.ts";

const echo = model("echo", {
  batching: false,
  inputs: { X: fp32(-1) },
  outputs: { X: fp32(-1) },
  infer: ({ X }) => ({ X }),
});

let server: Server;
let port: number;

before(async () => {
  ({ server, port } = await startServer(echo));
});
after(() => server.close());

const json = '{"inputs":[{"name":"X","shape":[2],"datatype":"FP32","data":[1,2]}]}';
const answerJson =
  '{"model_name":"echo","model_version":"1","outputs":[{"name":"X","datatype":"FP32","shape":[2],' +
  '"data":[1,2]}]}';

async function infer(
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
): Promise<RawAnswer> {
  return await ask(port, "POST", "/v2/models/echo/infer", { body, headers });
}

const unpack = { identity: (body: Buffer) => body, gzip: gunzipSync, deflate: inflateSync };

const answerEncodings: readonly [asked: string, got: keyof typeof unpack][] = [
  ["gzip", "gzip"],
  ["deflate", "deflate"],
  ["identity", "identity"],
  ["", "identity"],
  ["br", "identity"],
  ["*", "identity"],
  ["GZIP", "gzip"],
  ["gzip, deflate", "gzip"],
  ["deflate, gzip", "deflate"],
  ["br, gzip;q=0.2, deflate;q=0.7", "deflate"],
  ["gzip;q=0.5, identity", "identity"],
  ["gzip;q=0.5, identity;q=0.5", "gzip"],
  ["gzip;q=0", "identity"],
  ["gzip;q=0, deflate", "deflate"],
  ["gzip;q=0, deflate;q=0", "identity"],
  ["gzip;q=much", "identity"],
  [" gzip ; q=0.3 , deflate ; q=0.2", "gzip"],
];

for (const [asked, got] of answerEncodings) {
  test(`Accept-Encoding: ${asked} is answered in ${got}`, async () => {
    const answer = await infer(json, { "Accept-Encoding": asked });
    check.equal(answer.status, 200);
    check.equal(answer.headers.get("content-encoding"), got === "identity" ? undefined : got);
    check.equal(answer.headers.get("content-type"), "application/json");
    check.equal(unpack[got](answer.body).toString(), answerJson);
  });
}

const bodies: readonly [encoding: string, body: string | Uint8Array][] = [
  ["gzip", gzipSync(json)],
  ["deflate", deflateSync(json)],
  ["identity", json],
  ["", json],
  ["GZip", gzipSync(json)],
  [" deflate ", deflateSync(json)],
];

for (const [encoding, body] of bodies) {
  test(`Content-Encoding: ${encoding} is read, and the answer is not compressed`, async () => {
    const answer = await infer(body, { "Content-Encoding": encoding });
    check.deepEqual([answer.status, answer.text], [200, answerJson]);
    check.equal(answer.headers.has("content-encoding"), false);
  });
}

for (const encoding of ["br", "gzip, deflate", "zstd", "*"]) {
  test(`Content-Encoding: ${encoding} is refused, and told what would do`, async () => {
    const answer = await infer(json, { "Content-Encoding": encoding });
    check.deepEqual(
      [answer.status, answer.text],
      [501, '{"error":"Unsupported compression type"}'],
    );
    check.equal(answer.headers.get("accept-encoding"), "gzip, deflate");
  });
}

const broken: readonly [what: string, encoding: string, body: Uint8Array, error: string][] = [
  ["nothing", "gzip", Buffer.alloc(0), "nothing to be decompressed"],
  ["nothing", "deflate", Buffer.alloc(0), "nothing to be decompressed"],
  ["plain JSON", "gzip", Buffer.from(json), "the request body is not valid gzip"],
  ["plain JSON", "deflate", Buffer.from(json), "the request body is not valid deflate"],
  ["what is cut off", "gzip", gzipSync(json).subarray(0, 40), "the request body is not valid gzip"],
  [
    "what is cut off",
    "deflate",
    deflateSync(json).subarray(0, 40),
    "the request body is not valid deflate",
  ],
  [
    "deflate without its frame",
    "deflate",
    deflateRawSync(json),
    "the request body is not valid deflate",
  ],
];

for (const [what, encoding, body, error] of broken) {
  test(`${what} as ${encoding} is a bad request`, async () => {
    const answer = await infer(body, { "Content-Encoding": encoding });
    check.deepEqual([answer.status, JSON.parse(answer.text)], [400, { error }]);
  });
}

test("an error is never compressed", async () => {
  const answer = await infer("{", { "Accept-Encoding": "gzip" });
  check.equal(answer.status, 500);
  check.equal(answer.headers.has("content-encoding"), false);
  check.match(JSON.parse(answer.text).error, /^failed to parse the request JSON buffer/);
});

test("lengths are those of the body before compression, both ways", async () => {
  const head =
    '{"inputs":[{"name":"X","shape":[2],"datatype":"FP32","parameters":{"binary_data_size":8}}],' +
    '"parameters":{"binary_data_output":true}}';
  const tensor = Buffer.from(new Float32Array([1.5, -2]).buffer);
  const answer = await infer(gzipSync(Buffer.concat([Buffer.from(head), tensor])), {
    "Content-Encoding": "gzip",
    "Accept-Encoding": "deflate",
    "Inference-Header-Content-Length": String(head.length),
  });
  check.equal(answer.status, 200);
  const body = inflateSync(answer.body);
  const headLength = Number(answer.headers.get("inference-header-content-length"));
  check.equal(JSON.parse(body.subarray(0, headLength).toString()).outputs[0].name, "X");
  check.deepEqual(body.subarray(headLength), tensor);
  check.equal(answer.headers.get("content-length"), String(answer.body.length));
});

test("only inference compresses", async () => {
  const headers = { "Accept-Encoding": "gzip" };
  const answer = await ask(port, "GET", "/v2/models/echo", { headers });
  check.equal(answer.headers.has("content-encoding"), false);
  check.equal(JSON.parse(answer.text).name, "echo");
});
