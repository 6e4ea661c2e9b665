/**
 * Bad input over HTTP: each mistake gets its status and its text, and the server lives on.
 */
import { strict as check } from "node:assert";
import { after, before, test } from "node:test";
import type { Server } from "shoal";
import { post, startServer, talk } from "./server.ts";

let server: Server;
let url: string;
let port: number;

before(async () => {
  ({ server, url, port } = await startServer());
});
after(() => server.close());

const input = (name: string, changes: object = {}): object => ({
  name,
  shape: [1, 16],
  datatype: "INT32",
  data: Array.from({ length: 16 }, () => 0),
  ...changes,
});
const both = (changes: object): object => ({ inputs: [input("INPUT0", changes), input("INPUT1")] });
const unknownId = "[request id: <id_unknown>] ";

interface Case {
  readonly name: string;
  readonly path?: string;
  readonly body: unknown;
  readonly headers?: Record<string, string>;
  readonly status: number;
  readonly error: string | RegExp;
}

const cases: readonly Case[] = [
  { name: "not JSON", body: "{", status: 500, error: /^failed to parse the request JSON buffer: / },
  {
    name: "an object and more",
    body: '{"inputs":[]} x',
    status: 500,
    error:
      "failed to parse the request JSON buffer: The document root must not be followed by other values. at 14",
  },
  {
    name: "no inputs",
    body: {},
    status: 500,
    error: "Unable to parse 'inputs': attempt to access non-existing object member 'inputs'",
  },
  {
    name: "inputs of the wrong type",
    body: { inputs: "INPUT0" },
    status: 500,
    error: "Unable to parse 'inputs': attempt to access JSON non-array as array",
  },
  {
    name: "id null",
    body: { id: null, inputs: [] },
    status: 500,
    error: "Unable to parse 'id': attempt to access JSON non-string as string",
  },
  {
    name: "negative dimension",
    body: both({ shape: [1, -16] }),
    status: 500,
    error:
      "Unable to parse 'shape': attempt to access JSON non-unsigned-integer as unsigned-integer",
  },
  {
    name: "unknown datatype",
    body: both({ datatype: "INT33" }),
    status: 400,
    error: /invalid datatype for input INPUT0/,
  },
  {
    name: "an element of the wrong type",
    body: both({ data: Array.from({ length: 16 }, () => "1") }),
    status: 500,
    error: /^Unable to parse 'data': attempt to access JSON non-/,
  },
  {
    name: "too few elements",
    body: both({ data: [1, 2] }),
    status: 500,
    error: "Failed to parse 'data' field: shape does not match true shape",
  },
  {
    name: "too many elements",
    body: both({ data: Array.from({ length: 17 }, () => 1) }),
    status: 500,
    error: "Unable to parse 'data': Shape does not match true shape of 'data' field",
  },
  {
    name: "deep nesting",
    body: `{"inputs":[{"name":"X","shape":[1,1],"datatype":"INT32","data":${"[".repeat(101)}1${"]".repeat(101)}}]}`,
    status: 400,
    error: "Unable to parse 'data': JSON nesting depth exceeds maximum allowed limit (100)",
  },
  {
    name: "absurd size",
    body: both({ shape: [2 ** 53, 2 ** 53] }),
    status: 400,
    error: /total element count to exceed maximum size of 9223372036854775807/,
  },
  {
    name: "a size beyond all numbers",
    body: `{"inputs":[{"name":"INPUT0","shape":[99999999999999999999999],"datatype":"INT32","data":[1]}]}`,
    status: 500,
    error:
      "Unable to parse 'shape': attempt to access JSON non-unsigned-integer as unsigned-integer",
  },
  {
    name: "a large shape without data",
    body: both({ shape: [1, 2 ** 20], data: [1] }),
    status: 500,
    error: "Failed to parse 'data' field: shape does not match true shape",
  },
  {
    name: "a JSON input above the limit",
    body: both({ shape: [1, 2 ** 40], data: [1] }),
    status: 400,
    error:
      "JSON input 'INPUT0' has a byte_size (4398046511104 bytes) that exceeds the maximum allowed value of 67108864 bytes. Use --http-max-input-size to increase the limit.",
  },
  {
    name: "no source of data",
    body: { inputs: [{ name: "INPUT0", shape: [1, 16], datatype: "INT32" }] },
    status: 400,
    error: /Input must set only one of the following fields: .* But no field is set$/,
  },
  {
    name: "the same input twice",
    body: { inputs: [input("INPUT0"), input("INPUT0")] },
    status: 400,
    error: `${unknownId}input 'INPUT0' already exists in request`,
  },
  {
    name: "truncated binary",
    body: both({ data: undefined, parameters: { binary_data_size: 64 } }),
    headers: { "Inference-Header-Content-Length": "0" },
    status: 400,
    error: /Raw request must only have 1 input/,
  },
  {
    name: "a header length that is no number",
    body: both({}),
    headers: { "Inference-Header-Content-Length": "abc" },
    status: 400,
    error: "Unable to parse Inference-Header-Content-Length, got: abc",
  },
  {
    name: "a header length beyond the body",
    body: "{}",
    headers: { "Inference-Header-Content-Length": "3" },
    status: 400,
    error: "inference header size should be in range (0, 2), got: 3",
  },
  {
    name: "surplus binary data",
    body: `${JSON.stringify(both({}))}1234`,
    headers: { "Inference-Header-Content-Length": String(JSON.stringify(both({})).length) },
    status: 400,
    error: "unexpected additional input data for model 'add_sub'",
  },
  {
    name: "a missing input",
    body: { id: "a", inputs: [input("INPUT0")] },
    status: 400,
    error:
      "[request id: a] expected 2 inputs but got 1 inputs for model 'add_sub'. Got input(s) ['INPUT0'], but missing required input(s) ['INPUT1']. Please provide all required input(s).",
  },
  {
    name: "an unknown input",
    body: { inputs: [input("INPUT0"), input("INPUT9")] },
    status: 400,
    error: "unexpected inference input 'INPUT9' for model 'add_sub'",
  },
  {
    name: "an unknown output",
    body: { ...both({}), outputs: [{ name: "OUTPUT9" }] },
    status: 400,
    error: "unexpected inference output 'OUTPUT9' for model 'add_sub'",
  },
  {
    name: "the wrong datatype",
    body: both({ datatype: "INT64" }),
    status: 400,
    error: `${unknownId}inference input 'INPUT0' data-type is 'INT64', but model 'add_sub' expects 'INT32'`,
  },
  {
    name: "the wrong shape",
    body: both({ shape: [1, 8, 2] }),
    status: 400,
    error:
      /unexpected shape for input 'INPUT0' for model 'add_sub'\. Expected \[-1,16\], got \[1,8,2\]\. NOTE: /,
  },
  {
    name: "too many rows",
    body: {
      inputs: ["INPUT0", "INPUT1"].map((name) =>
        input(name, { shape: [9, 16], data: Array.from({ length: 144 }, () => 0) }),
      ),
    },
    status: 400,
    error: `${unknownId}inference request batch-size must be <= 8 for 'add_sub'`,
  },
  {
    name: "batch sizes that differ",
    body: both({ shape: [2, 16], data: Array.from({ length: 32 }, () => 0) }),
    status: 400,
    error: /batch size does not match other inputs for 'add_sub'$/,
  },
  {
    name: "a reserved parameter",
    body: { ...both({}), parameters: { triton_x: 1 } },
    status: 400,
    error:
      "parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.",
  },
  {
    name: "a value out of range",
    path: "small",
    body: { inputs: [{ name: "X", shape: [1, 1], datatype: "UINT8", data: [256] }] },
    status: 400,
    error: "value 256 of input 'X' is out of range for UINT8",
  },
  {
    name: "an unknown model",
    path: "nobody",
    body: both({}),
    status: 404,
    error: "Request for unknown model: 'nobody' is not found",
  },
  {
    name: "an unknown version",
    path: "add_sub/versions/9",
    body: both({}),
    status: 404,
    error: "Request for unknown model: 'add_sub' version 9 is not found",
  },
  {
    name: "an unknown compression",
    body: both({}),
    headers: { "Content-Encoding": "br" },
    status: 501,
    error: "Unsupported compression type",
  },
  {
    name: "a body that does not decompress",
    body: both({}),
    headers: { "Content-Encoding": "gzip" },
    status: 400,
    error: /./,
  },
  {
    name: "an error that the model means for its caller",
    path: "throws",
    body: { inputs: [{ name: "X", shape: [1, 1], datatype: "FP32", data: [-1] }] },
    status: 400,
    error: "X must not be negative",
  },
  {
    name: "an error that the model does not mean for its caller",
    path: "throws",
    body: { inputs: [{ name: "X", shape: [1, 1], datatype: "FP32", data: [1] }] },
    status: 500,
    error: /^(?!.*secret)/,
  },
];

for (const { name, path = "add_sub", body, headers = {}, status, error } of cases) {
  test(name, async () => {
    const answer = await post(`${url}/v2/models/${path}/infer`, body, headers);
    const told = (JSON.parse(answer.text) as { error: string }).error;
    if (typeof error === "string") check.equal(told, error);
    else check.match(told, error);
    check.equal(answer.status, status, answer.text);
    check.equal(answer.headers.get("content-type"), "application/json");
    const next = await post(`${url}/v2/models/add_sub/infer`, both({}));
    check.equal(next.status, 200, "the server lives on");
  });
}

test("a body over the limit is refused before it is read", async () => {
  const text = await talk(
    port,
    "POST /v2/models/add_sub/infer HTTP/1.1\r\nHost: x\r\nContent-Length: 9007199254740993\r\n\r\n{",
  );
  check.match(text, /^HTTP\/1.1 413 /);
});

test("garbage instead of HTTP closes one connection, and no other", async () => {
  check.match(await talk(port, "\0\0\0\0garbage\r\n\r\n"), /^HTTP\/1.1 400 /);
  check.equal((await fetch(`${url}/v2/health/live`)).status, 200);
});

test("a known path and a wrong verb is 405, an unknown path 404", async () => {
  const wrongVerb = await fetch(`${url}/v2/models/add_sub/infer`);
  check.deepEqual(
    [wrongVerb.status, await wrongVerb.text()],
    [405, '{"error":"Method Not Allowed"}'],
  );
  const unknown = await fetch(`${url}/v2/nothing`);
  check.deepEqual([unknown.status, await unknown.text()], [404, '{"error":"Not Found"}']);
});
