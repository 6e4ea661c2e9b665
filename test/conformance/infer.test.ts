/**
 * Inference over HTTP, as clients see it: one test per sentence of docs/protocol.md.
 */
import { strict as check } from "node:assert";
import { after, before, test } from "node:test";
import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import type { Server } from "shoal";
import { post, startServer, talk } from "./server.ts";

let server: Server;
let url: string;
let port: number;

before(async () => {
  ({ server, url, port } = await startServer());
});
after(() => server.close());

const ints = (start: number): number[] => Array.from({ length: 16 }, (_, index) => start + index);
const addSub = {
  id: "1",
  inputs: [
    { name: "INPUT0", shape: [1, 16], datatype: "INT32", data: ints(0) },
    { name: "INPUT1", shape: [1, 16], datatype: "INT32", data: ints(1) },
  ],
};

test("a JSON request gets a flat JSON answer, keys in the protocol's order", async () => {
  const answer = await post(`${url}/v2/models/add_sub/infer`, addSub);
  check.equal(answer.status, 200);
  check.equal(answer.headers.get("content-type"), "application/json");
  const sums = ints(0).map((value) => 2 * value + 1);
  check.equal(
    answer.text,
    `{"id":"1","model_name":"add_sub","model_version":"1","outputs":[` +
      `{"name":"OUTPUT0","datatype":"INT32","shape":[1,16],"data":[${sums.join(",")}]},` +
      `{"name":"OUTPUT1","datatype":"INT32","shape":[1,16],"data":[${ints(0).map(() => -1)}]}]}`,
  );
});

test("every answer carries its own timeline", async () => {
  const answer = await post(`${url}/v2/models/add_sub/infer`, addSub);
  const timing = answer.headers.get("server-timing") ?? "";
  check.match(
    timing,
    /^queue;dur=\d+\.\d{3}, ?batch;dur=\d+\.\d{3}, ?compute;dur=\d+\.\d{3}, ?encode;dur=\d+\.\d{3}$/,
  );
});

test("nested data is read by its element count, and only requested outputs come back", async () => {
  const nested = [[ints(5)]];
  const answer = await post(`${url}/v2/models/add_sub/versions/1/infer`, {
    inputs: [
      { ...addSub.inputs[0], data: nested },
      { ...addSub.inputs[1], data: nested },
    ],
    outputs: [{ name: "OUTPUT1" }],
  });
  check.equal(answer.status, 200);
  check.deepEqual(JSON.parse(answer.text), {
    model_name: "add_sub",
    model_version: "1",
    outputs: [{ name: "OUTPUT1", datatype: "INT32", shape: [1, 16], data: ints(0).map(() => 0) }],
  });
});

test("the worked example of binary tensors, byte for byte", async () => {
  const head =
    '{"id":"7","inputs":[{"name":"INPUT0","shape":[1,2],"datatype":"INT32","parameters":' +
    '{"binary_data_size":8}},{"name":"TEXT","shape":[1,2],"datatype":"BYTES","parameters":' +
    '{"binary_data_size":11}}],"outputs":[{"name":"OUTPUT0","parameters":{"binary_data":true}}]}';
  check.equal(head.length, 259);
  const tensors = [1, 0, 0, 0, 0xfe, 255, 255, 255, 3, 0, 0, 0, 0x61, 0x62, 0x63, 0, 0, 0, 0];
  const response = await fetch(`${url}/v2/models/mixed/infer`, {
    method: "POST",
    headers: { "Inference-Header-Content-Length": "259" },
    body: Buffer.concat([Buffer.from(head), Buffer.from(tensors)]),
  });
  check.equal(response.status, 200);
  check.equal(response.headers.get("content-type"), "application/octet-stream");
  const body = Buffer.from(await response.arrayBuffer());
  const answerHead =
    '{"id":"7","model_name":"mixed","model_version":"1","outputs":[{"name":"OUTPUT0",' +
    '"datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}]}';
  check.equal(response.headers.get("inference-header-content-length"), String(answerHead.length));
  check.equal(body.subarray(0, answerHead.length).toString(), answerHead);
  check.deepEqual([...body.subarray(answerHead.length)], [0, 0, 0xc0, 0x3f, 0, 0, 0x40, 0xc0]);
});

test("binary_data_output is for outputs that are not listed", async () => {
  const response = await fetch(`${url}/v2/models/add_sub/infer`, {
    method: "POST",
    body: JSON.stringify({ ...addSub, parameters: { binary_data_output: true } }),
  });
  const headLength = Number(response.headers.get("inference-header-content-length"));
  const body = Buffer.from(await response.arrayBuffer());
  check.equal(body.length - headLength, 128);
  check.equal(body.readInt32LE(headLength), 1);
});

test("64-bit integers keep all their digits", async () => {
  const data = "[9223372036854775807,-9223372036854775808,9007199254740993]";
  const body = `{"inputs":[{"name":"X","shape":[1,3],"datatype":"INT64","data":${data}}]}`;
  const answer = await post(`${url}/v2/models/exact/infer`, body);
  check.equal(answer.status, 200, answer.text);
  check.ok(answer.text.includes(data), answer.text);
});

test("NaN and Infinity pass in both directions", async () => {
  const body = `{"inputs":[{"name":"X","shape":[2,2],"datatype":"FP32","data":[NaN,Infinity,-Infinity,-0.0]}]}`;
  const answer = await post(`${url}/v2/models/whole/infer`, body);
  check.equal(answer.status, 200, answer.text);
  check.match(answer.text, /"data":\[NaN,Infinity,-Infinity,-0(\.0)?\]/);
});

test("a raw request is the model's only input", async () => {
  const response = await fetch(`${url}/v2/models/whole/infer`, {
    method: "POST",
    headers: { "Inference-Header-Content-Length": "0" },
    body: Buffer.from(new Float32Array([1, 2, 3, 4]).buffer),
  });
  const headLength = Number(response.headers.get("inference-header-content-length"));
  const body = Buffer.from(await response.arrayBuffer());
  check.equal(response.status, 200, body.toString());
  check.deepEqual(JSON.parse(body.subarray(0, headLength).toString()).outputs[0].shape, [2, 2]);
  check.equal(body.readFloatLE(headLength + 12), 4);
});

for (const [encoding, pack] of [
  ["gzip", gzipSync],
  ["deflate", deflateSync],
] as const) {
  test(`a ${encoding} body is read, and answered in kind when asked`, async () => {
    const answer = await post(`${url}/v2/models/add_sub/infer`, pack(JSON.stringify(addSub)), {
      "Content-Encoding": encoding,
      "Accept-Encoding": encoding,
    });
    check.equal(answer.status, 200, answer.text);
    check.equal(answer.headers.get("content-encoding"), encoding);
    check.equal(JSON.parse(answer.text).id, "1");
  });
}

test("the highest weight among known encodings wins", async () => {
  const body = JSON.stringify(addSub);
  const text = await talk(
    port,
    `POST /v2/models/add_sub/infer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
      `Accept-Encoding: br, gzip;q=0.2, deflate;q=0.7\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  check.match(text, /content-encoding: deflate/i);
  const packed = Buffer.from(text.slice(text.indexOf("\r\n\r\n") + 4), "latin1");
  check.equal(JSON.parse(inflateSync(packed).toString()).id, "1");
  check.throws(() => gunzipSync(packed));
});

test("optional inputs may be missing", async () => {
  const input = { name: "A", shape: [1, 1], datatype: "FP32", data: [2] };
  const alone = await post(`${url}/v2/models/maybe/infer`, { inputs: [input] });
  const both = await post(`${url}/v2/models/maybe/infer`, {
    inputs: [input, { ...input, name: "B" }],
  });
  check.deepEqual(JSON.parse(alone.text).outputs[0].data, [2]);
  check.deepEqual(JSON.parse(both.text).outputs[0].data, [4]);
});

test("a client that half-closes after its request gets its answer", async () => {
  const body = JSON.stringify(addSub);
  const text = await talk(
    port,
    `POST /v2/models/add_sub/infer HTTP/1.1\r\nHost: x\r\nConnection: close\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  check.match(text, /^HTTP\/1.1 200/);
});

test("chunked and pipelined requests are answered in order", async () => {
  const body = JSON.stringify(addSub);
  const chunked =
    `POST /v2/models/add_sub/infer HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n` +
    `20\r\n${body.slice(0, 32)}\r\n${(body.length - 32).toString(16)}\r\n${body.slice(32)}\r\n0\r\n\r\n`;
  const last = "GET /v2/health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const text = await talk(port, chunked, chunked.replace('"id":"1"', '"id":"2"'), last);
  check.deepEqual(
    [...text.matchAll(/HTTP\/1.1 (\d+)|"id":"(\d)"/g)].map((match) => match[1] ?? match[2]),
    ["200", "1", "200", "2", "200"],
  );
});

test("metadata, readiness, configuration and statistics agree with the model", async () => {
  const read = async (path: string): Promise<unknown> => (await fetch(url + path)).json();
  check.deepEqual(await read("/v2/models/add_sub"), {
    name: "add_sub",
    versions: ["1"],
    platform: "function",
    inputs: [
      { name: "INPUT0", datatype: "INT32", shape: [-1, 16] },
      { name: "INPUT1", datatype: "INT32", shape: [-1, 16] },
    ],
    outputs: [
      { name: "OUTPUT0", datatype: "INT32", shape: [-1, 16] },
      { name: "OUTPUT1", datatype: "INT32", shape: [-1, 16] },
    ],
  });
  for (const path of ["/v2/health/live", "/v2/health/ready", "/v2/models/whole/ready"]) {
    const response = await fetch(url + path);
    check.equal(response.status, 200, path);
    check.equal(await response.text(), "", path);
  }
  const config = (await read("/v2/models/whole/config")) as Record<string, unknown>;
  check.equal(config["max_batch_size"], 0);
  check.equal("dynamic_batching" in config, false);
  const { model_stats: stats } = (await read("/v2/models/exact/stats")) as {
    model_stats: { inference_stats: Record<string, { count: number }>; execution_count: number }[];
  };
  const counts = stats[0]?.inference_stats;
  check.equal(counts?.["queue"]?.count, counts?.["success"]?.count);
  check.equal(counts?.["compute_infer"]?.count, counts?.["success"]?.count);
});
