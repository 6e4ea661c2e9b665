/**
 * Classification of outputs over HTTP and gRPC, whole and in streams; labels from a model repository.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { after, before, type TestContext, test } from "node:test";
import { bf16, bool, bytes, fp16, fp32, int64, model, type Server } from "shoal";
import { ByteBudget } from "../../dist/core/byte-budget.js";
import { HttpHandler } from "../../dist/frontends/http/http-handler.js";
import { createHttpServer } from "../../dist/frontends/http/http-server.js";
import { Restrictions } from "../../dist/frontends/restrictions.js";
import { unpackBytes } from "../../dist/protocol/packed-bytes.js";
import { SystemClock } from "../../dist/server/system-clock.js";
import { classifierGraph } from "../../dist/testing/onnx-graphs.js";
import {
  type ServedRepository,
  serveRepository,
  writeFiles,
} from "../../dist/testing/repository-fixture.js";
import { startFake } from "./fake-service.ts";
import { GrpcClient, type InferResponse } from "./grpc-client.ts";
import { post, startServer } from "./server.ts";
import { StreamClient } from "./stream-client.ts";

const models = [
  model("echo", {
    inputs: { X: fp32(-1), N: int64(-1) },
    outputs: { X: fp32(-1), N: int64(-1) },
    infer: ({ X, N }) => ({ X, N }),
  }),
  model("whole", {
    batching: false,
    inputs: { X: fp32(-1, 2) },
    outputs: { X: fp32(-1, 2) },
    infer: ({ X }) => ({ X }),
  }),
  model("others", {
    batching: false,
    inputs: { T: bytes(1), B: bool(1), H: fp16(1), G: bf16(1) },
    outputs: { T: bytes(1), B: bool(1), H: fp16(1), G: bf16(1) },
    infer: (inputs) => inputs,
  }),
  model("counting", {
    batching: false,
    inputs: { X: fp32(2) },
    outputs: { Y: fp32(2) },
    *infer({ X }) {
      for (let count = 1; count <= 3; count += 1) yield { Y: X.map((value) => value * count) };
    },
  }),
];

let server: Server;
let url: string;
let grpc: GrpcClient;

before(async () => {
  ({ server, url } = await startServer(models, { allowGrpc: true }));
  grpc = new GrpcClient(server.urls.grpc ?? "");
});
after(async () => {
  grpc[Symbol.dispose]();
  await server.close();
});

const echo = {
  inputs: [
    { name: "X", datatype: "FP32", shape: [2, 3], data: [0.25, -1, 7, 5, 5, 1e10] },
    { name: "N", datatype: "INT64", shape: [2, 1], data: [3, -4] },
  ],
};

function asked(name: string, count: unknown, more: object = {}): object {
  return { outputs: [{ name, parameters: { classification: count, ...more } }] };
}

test("the largest of each row as JSON; what is not asked for in classes is as ever", async () => {
  const answer = await post(`${url}/v2/models/echo/infer`, {
    ...echo,
    outputs: [{ name: "N" }, { name: "X", parameters: { classification: 2 } }],
  });
  check.equal(
    answer.text,
    '{"model_name":"echo","model_version":"1","outputs":[' +
      '{"name":"X","datatype":"BYTES","shape":[2,2],"data":' +
      '["7.000000:2","0.250000:0","10000000000.000000:2","5.000000:0"]},' +
      '{"name":"N","datatype":"INT64","shape":[2,1],"data":[3,-4]}]}',
  );
});

test("as many as a row has, and in binary", async () => {
  const body = { ...echo, ...asked("N", 5, { binary_data: true }) };
  const answer = await fetch(`${url}/v2/models/echo/infer`, {
    method: "POST",
    body: JSON.stringify(body),
  });
  const jsonBytes = Number(answer.headers.get("inference-header-content-length"));
  const whole = new Uint8Array(await answer.arrayBuffer());
  const { outputs } = JSON.parse(Buffer.from(whole.subarray(0, jsonBytes)).toString());
  check.deepEqual(outputs, [
    { name: "N", datatype: "BYTES", shape: [2, 1], parameters: { binary_data_size: 15 } },
  ]);
  check.deepEqual(textsOf(whole.subarray(jsonBytes)), ["3:0", "-4:0"]);
});

test("without batching all of an output is one row", async () => {
  const input = { name: "X", datatype: "FP32", shape: [2, 2], data: [1, 2, 3, 4] };
  const answer = await post(`${url}/v2/models/whole/infer`, { inputs: [input], ...asked("X", 3) });
  const [output] = JSON.parse(answer.text).outputs;
  check.deepEqual([output.shape, output.data], [[3], ["4.000000:3", "3.000000:2", "2.000000:1"]]);
});

test("0 is no classification over HTTP, and refused over gRPC", async () => {
  const answer = await post(`${url}/v2/models/echo/infer`, { ...echo, ...asked("N", 0) });
  check.deepEqual(JSON.parse(answer.text).outputs[0].data, [3, -4]);
  const { details } = await failure(grpc.infer(grpcRequest("whole", 0)));
  check.equal(details, "invalid value for 'classification' parameter, expected >= 0");
});

const wrongType =
  "Unable to set 'classification': attempt to access JSON non-unsigned-integer as unsigned-integer";

for (const count of [-1, 1.5, "3", true, null]) {
  test(`refused: ${JSON.stringify(count)} classes`, async () => {
    const answer = await post(`${url}/v2/models/echo/infer`, { ...echo, ...asked("N", count) });
    check.deepEqual([answer.status, JSON.parse(answer.text)], [500, { error: wrongType }]);
  });
}

for (const [name, datatype] of Object.entries({ T: "BYTES", B: "BOOL", H: "FP16", G: "BF16" })) {
  test(`no classes of ${datatype}`, async () => {
    const given = { shape: [1], parameters: { binary_data_size: 2 } };
    const head = JSON.stringify({
      inputs: [
        { name: "T", datatype: "BYTES", shape: [1], data: ["a"] },
        { name: "B", datatype: "BOOL", shape: [1], data: [true] },
        { name: "H", datatype: "FP16", ...given },
        { name: "G", datatype: "BF16", ...given },
      ],
      ...asked(name, 1),
    });
    const body = Buffer.concat([Buffer.from(head), Buffer.alloc(4)]);
    const headers = { "Inference-Header-Content-Length": String(Buffer.byteLength(head)) };
    const answer = await post(`${url}/v2/models/others/infer`, body, headers);
    const error = `class result not available for output due to unsupported type '${datatype}'`;
    check.deepEqual([answer.status, JSON.parse(answer.text)], [400, { error }]);
  });
}

test("too many elements", async () => {
  const head = JSON.stringify({
    inputs: [
      {
        name: "X",
        datatype: "FP32",
        shape: [500_001, 2],
        parameters: { binary_data_size: 4_000_008 },
      },
    ],
    ...asked("X", 1),
  });
  const body = Buffer.concat([Buffer.from(head), Buffer.alloc(4_000_008)]);
  const headers = { "Inference-Header-Content-Length": String(Buffer.byteLength(head)) };
  const answer = await post(`${url}/v2/models/whole/infer`, body, headers);
  const error = "classification output tensor too large";
  check.deepEqual([answer.status, JSON.parse(answer.text)], [400, { error }]);
});

test("over gRPC: BYTES, raw", async () => {
  check.deepEqual(classesOf(await grpc.infer(grpcRequest("whole", 3))), {
    datatype: "BYTES",
    shape: [3],
    texts: ["4.000000:3", "3.000000:2", "2.000000:1"],
  });
});

test("over gRPC, each response of a stream", async () => {
  const stream = grpc.stream();
  const request = grpcRequest("counting", 1, { input: "X", output: "Y", shape: [2] });
  stream.send(request);
  stream.send(grpcRequest("whole", 1));
  const texts = (await stream.take(4)).flatMap(({ inferResponse }) => {
    return inferResponse?.rawOutputContents.flatMap(textsOf) ?? [];
  });
  check.deepEqual(texts.sort(), ["2.000000:1", "4.000000:1", "4.000000:3", "6.000000:1"]);
  await stream.end();
});

test("over HTTP, each response of a stream", async () => {
  const input = { name: "X", datatype: "FP32", shape: [2], data: [1, 2] };
  const client = new StreamClient(`${url}/v2/models/counting/infer`, {
    body: JSON.stringify({ inputs: [input], ...asked("Y", 1) }),
    headers: { accept: "application/x-ndjson" },
  });
  const lines = (await client.rest("\n")).map((line) => JSON.parse(line).outputs[0]);
  check.deepEqual(
    lines.map(({ shape, data }) => [shape, data]),
    [1, 2, 3].map((count) => [[1], [`${(2 * count).toFixed(6)}:1`]]),
  );
});

const labelled =
  "max_batch_size: 4 output { name: 'scores' data_type: TYPE_FP32 dims: 4" +
  " label_filename: 'labels.txt' }";

function classifier(labels: string): Record<string, string | Uint8Array> {
  return {
    "animals/1/model.onnx": classifierGraph(),
    "animals/config.pbtxt": labelled,
    "animals/labels.txt": labels,
  };
}

const pixels = { name: "pixels", datatype: "FP32", shape: [2, 4], data: [4, 3, 2, 1, 0, 1, 2, 3] };

test("an ONNX classifier of a repository, with its labels", async (t) => {
  const served = await serveRepository(t, classifier("TABBY CAT\r\nDOG\r\n\r\n"));
  check.equal(served.failure, undefined);
  const base = await listen(t, served);
  const body = { inputs: [pixels], ...asked("scores", 3) };
  const answer = await post(`${base}/v2/models/animals/infer`, body);
  const [output] = JSON.parse(answer.text).outputs;
  const texts = [
    "4.000000:0:TABBY CAT",
    "3.000000:1:DOG",
    "2.000000:2",
    "3.000000:3",
    "2.000000:2",
    "1.000000:1:DOG",
  ];
  check.deepEqual([output.shape, output.data], [[2, 3], texts]);
  await using fake = await startFake({ service: served.core });
  const response = await fake.client.infer({
    modelName: "animals",
    inputs: [{ ...pixels, contents: { fp32Contents: pixels.data } }],
    outputs: [{ name: "scores", parameters: { classification: { int64Param: 3 } } }],
  });
  check.deepEqual(classesOf(response), { datatype: "BYTES", shape: [2, 3], texts });
});

test("labels that have changed come with the next load", async (t) => {
  const { repository, core, folder } = await serveRepository(t, classifier("a"));
  check.deepEqual(core.lookUp("animals", 1).config.outputs[0]?.labels, ["a"]);
  writeFiles(folder, { "animals/labels.txt": "first\nsecond" });
  await repository.load("animals", { config: undefined, files: new Map() });
  check.deepEqual(core.lookUp("animals", 1).config.outputs[0]?.labels, ["first", "second"]);
});

test("labels that are not there, or not the model's", async (t) => {
  const files = classifier("a");
  const named = (file: string): Record<string, string | Uint8Array> => ({
    ...files,
    "secret.txt": "secret",
    "animals/config.pbtxt": labelled.replace("labels.txt", file),
  });
  const missing = await serveRepository(t, named("none.txt"));
  check.equal(
    missing.failure,
    "load failed for model 'animals': version 1 is at UNAVAILABLE state: Internal: " +
      `failed to open text file for read ${missing.folder}/animals/none.txt: ` +
      "No such file or directory;\n",
  );
  for (const file of ["../secret.txt", "link.txt"]) {
    const links = { "animals/link.txt": "../secret.txt" };
    const { failure } = await serveRepository(t, named(file), links);
    check.equal(
      failure,
      "load failed for model 'animals': version 1 is at UNAVAILABLE state: Invalid argument: " +
        `label file path '${file}' for output 'scores' in model 'animals' ` +
        "is outside model directory;\n",
    );
  }
  const absolute = await serveRepository(t, named("/etc/hostname"));
  check.match(
    absolute.failure ?? "",
    /label file path '\/etc\/hostname' for output 'scores' in model 'animals' is outside model directory/,
  );
  const folder = await serveRepository(t, named("1"));
  check.match(folder.failure ?? "", /label file '1' is no file/);
});

/** HTTP before the core of a repository. */
async function listen(t: TestContext, { core }: ServedRepository): Promise<string> {
  const log = { verbose() {}, info() {}, warning() {}, error() {} };
  const handler = new HttpHandler({
    service: core,
    clock: new SystemClock(),
    log,
    maxBodyBytes: 2 ** 24,
    maxInputBytes: 2 ** 24,
    receivedBytes: new ByteBudget(2 ** 24),
    logsRequests: false,
    stallTimeoutSecs: 60,
    cors: "",
    forwardPattern: undefined,
    restrictions: new Restrictions(),
    control: undefined,
  });
  const httpServer = createHttpServer((request, response) => handler.handle(request, response));
  httpServer.listen(0, "127.0.0.1");
  await once(httpServer, "listening");
  t.after(() => {
    httpServer.closeAllConnections();
    httpServer.close();
  });
  return `http://127.0.0.1:${(httpServer.address() as AddressInfo).port}`;
}

function grpcRequest(
  modelName: string,
  count: number,
  { input = "X", output = "X", shape = [2, 2] } = {},
) {
  const fp32Contents = [1, 2, 3, 4].slice(
    0,
    shape.reduce((product, size) => product * size),
  );
  return {
    modelName,
    inputs: [{ name: input, datatype: "FP32", shape, contents: { fp32Contents } }],
    outputs: [{ name: output, parameters: { classification: { int64Param: count } } }],
  };
}

function classesOf({ outputs, rawOutputContents }: InferResponse): object {
  const [output] = outputs;
  return {
    datatype: output?.datatype,
    shape: output?.shape.map(Number),
    texts: rawOutputContents.flatMap(textsOf),
  };
}

function textsOf(packed: Uint8Array): readonly string[] {
  return unpackBytes(packed).map((text) => Buffer.from(text).toString());
}

async function failure(call: Promise<unknown>): Promise<{ readonly details: string }> {
  return await call.then(
    () => check.fail("it was not refused"),
    (error: { readonly details: string }) => error,
  );
}
