/**
 * Headers, and metadata, that become parameters of requests: what the pattern matches, whatever its
 * case, but nothing that means something to the protocol.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { Metadata, status } from "@grpc/grpc-js";
import { bytes, model } from "shoal";
import { failureOf, GrpcClient } from "./grpc-client.ts";
import { post, startServer } from "./server.ts";

/** Tells the parameters that it gets. */
const teller = model("teller", {
  batching: false,
  inputs: { X: bytes(1) },
  outputs: { X: bytes(1) },
  infer: (_inputs, { requests }) => ({
    X: [JSON.stringify(Object.entries(requests[0]?.parameters ?? {}).sort())],
  }),
});

/** The headers, apart from parameters. */
const header = model("header", {
  batching: false,
  inputs: { X: bytes(1) },
  outputs: { X: bytes(1) },
  infer: (_inputs, { requests }) => {
    const { headers, parameters } = requests[0] ?? {};
    return { X: [JSON.stringify([Object.entries(headers ?? {}), parameters?.["x-tenant"]])] };
  },
});

const options = {
  allowGrpc: true,
  httpHeaderForwardPattern: "^x-t",
  grpcHeaderForwardPattern: "^x-t",
};
const input = { name: "X", datatype: "BYTES", shape: [1] };

test("over HTTP, under the name that was sent", async () => {
  await using started = await startServer(teller, options);
  const body = { parameters: { mine: 1 }, inputs: [{ ...input, data: ["a"] }] };
  const headers = { "X-Tenant": "me", "x-other": "no" };
  const { text } = await post(`${started.url}/v2/models/teller/infer`, body, headers);
  const told = JSON.parse(JSON.parse(text).outputs[0].data[0]) as [string, unknown][];
  const lower = told.map(([name, value]) => [name.toLowerCase(), value]).sort();
  check.deepEqual(lower, [
    ["mine", 1],
    ["x-tenant", "me"],
  ]);
});

test("over gRPC", async () => {
  await using started = await startServer(teller, options);
  using client = new GrpcClient(started.server.urls.grpc ?? "");
  const metadata = new Metadata();
  metadata.set("x-tenant", "me");
  metadata.set("x-other", "no");
  const request = {
    modelName: "teller",
    inputs: [{ ...input, contents: { bytesContents: [Buffer.of()] } }],
  };
  const { rawOutputContents } = await client.infer(request, { metadata });
  const [packed = Buffer.of()] = rawOutputContents;
  check.equal(Buffer.from(packed).subarray(4).toString(), '[["x-tenant","me"]]');
});

test("reserved names are refused, by both in the same words", async () => {
  const all = { allowGrpc: true, httpHeaderForwardPattern: ".", grpcHeaderForwardPattern: "." };
  await using started = await startServer(teller, all);
  using client = new GrpcClient(started.server.urls.grpc ?? "");
  const text = "Header 'priority' is reserved for Triton usage and cannot be forwarded.";
  const body = { inputs: [{ ...input, data: ["a"] }] };
  const answer = await post(`${started.url}/v2/models/teller/infer`, body, { priority: "1" });
  check.deepEqual([answer.status, JSON.parse(answer.text)], [400, { error: text }]);
  const metadata = new Metadata();
  metadata.set("priority", "1");
  const failure = await failureOf(client.infer({ modelName: "teller" }, { metadata }));
  check.deepEqual(failure, { code: status.INVALID_ARGUMENT, details: text });
});

test("a model gets them apart from parameters: in lower case, with every value", async () => {
  await using started = await startServer(header, options);
  const url = `${started.url}/v2/models/header/infer`;
  const told = async (headers: Record<string, string>): Promise<unknown> => {
    // Whoever writes a parameter of that name overrides the parameter, and not the header.
    const body = { parameters: { "x-tenant": "mine" }, inputs: [{ ...input, data: ["a"] }] };
    const answer = await fetch(url, { method: "POST", body: JSON.stringify(body), headers });
    const { outputs } = (await answer.json()) as { outputs: { data: string[] }[] };
    return JSON.parse(outputs[0]?.data[0] ?? "");
  };
  check.deepEqual(await told({ "X-Tenant": "me", "x-other": "no" }), [
    [["x-tenant", "me"]],
    "mine",
  ]);
  check.deepEqual(await told({}), [[], "mine"]);

  using client = new GrpcClient(started.server.urls.grpc ?? "");
  const metadata = new Metadata();
  metadata.set("X-Tenant", "me");
  const contents = { bytesContents: [Buffer.of()] };
  const request = { modelName: "header", inputs: [{ ...input, contents }] };
  const { rawOutputContents } = await client.infer(request, { metadata });
  const [packed = Buffer.of()] = rawOutputContents;
  check.equal(Buffer.from(packed).subarray(4).toString(), '[[["x-tenant","me"]],"me"]');
});
