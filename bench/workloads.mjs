/**
 * The requests of each workload: path, headers and body, as a client would send them, or a call
 * over gRPC; and the streams.
 */
import { inferRequest, service } from "./grpc-messages.mjs";

/** JSON in and out. */
function jsonRequest(model, inputs) {
  const body = JSON.stringify({
    inputs: inputs.map(({ name, datatype, shape, data }) => ({
      name,
      shape,
      datatype,
      data: Array.from(data),
    })),
  });
  return {
    path: `/v2/models/${model}/infer`,
    headers: { "Content-Type": "application/json" },
    body: Buffer.from(body),
  };
}

/** Binary tensors in and out. */
function binaryRequest(model, inputs) {
  const head = Buffer.from(
    JSON.stringify({
      parameters: { binary_data_output: true },
      inputs: inputs.map(({ name, datatype, shape, data }) => ({
        name,
        shape,
        datatype,
        parameters: { binary_data_size: data.byteLength },
      })),
    }),
  );
  return {
    path: `/v2/models/${model}/infer`,
    headers: {
      "Content-Type": "application/octet-stream",
      "Inference-Header-Content-Length": String(head.length),
    },
    body: Buffer.concat([head, ...inputs.map(({ data }) => Buffer.from(data.buffer))]),
  };
}

/** Raw tensors in and out. */
function grpcRequest(model, inputs) {
  return { method: `${service}/ModelInfer`, body: inferRequest(model, inputs) };
}

const int32 = (name) => ({
  name,
  datatype: "INT32",
  shape: [1, 16],
  data: Int32Array.from({ length: 16 }, (_, i) => i * 37 - 100),
});
const fp32 = (length) => ({
  name: "INPUT0",
  datatype: "FP32",
  shape: [1, length],
  data: Float32Array.from({ length }, (_, i) => Math.sin(i) * 2.64),
});

const addSub = [int32("INPUT0"), int32("INPUT1")];
const image = [fp32(3 * 224 * 224)];
const row = [fp32(16)];

export const workloads = {
  "W1 add_sub JSON, 16 in flight": { ...jsonRequest("add_sub", addSub), connections: 16 },
  "W1 add_sub binary, 16 in flight": { ...binaryRequest("add_sub", addSub), connections: 16 },
  "W1 add_sub JSON, 1 in flight": { ...jsonRequest("add_sub", addSub), connections: 1 },
  "W2 batchy, 64 in flight": { ...jsonRequest("batchy", row), connections: 64, isBatched: true },
  "W2 batchy, 32 in flight": { ...jsonRequest("batchy", row), connections: 32, isBatched: true },
  "W2 batchy, 1 in flight": { ...jsonRequest("batchy", row), connections: 1, isBatched: true },
  "W2 batchy_sleep, 64 in flight": {
    ...jsonRequest("batchy_sleep", row),
    connections: 64,
    isBatched: true,
  },
  "W2 batchy_sleep, 32 in flight": {
    ...jsonRequest("batchy_sleep", row),
    connections: 32,
    isBatched: true,
  },
  "W2 batchy_sleep, 1 in flight": {
    ...jsonRequest("batchy_sleep", row),
    connections: 1,
    isBatched: true,
  },
  "W1 add_sub gRPC, 16 in flight": { ...grpcRequest("add_sub", addSub), connections: 16 },
  "W1 add_sub gRPC, 1 in flight": { ...grpcRequest("add_sub", addSub), connections: 1 },
  "W2 batchy gRPC, 64 in flight": {
    ...grpcRequest("batchy", row),
    connections: 64,
    isBatched: true,
  },
  "W2 batchy gRPC, 1 in flight": { ...grpcRequest("batchy", row), connections: 1, isBatched: true },
  "W4 identity 150,528 floats gRPC": { ...grpcRequest("identity", image), connections: 4 },
  "W4 identity 150,528 floats JSON": { ...jsonRequest("identity", image), connections: 4 },
  "W4 identity 150,528 floats binary": { ...binaryRequest("identity", image), connections: 4 },
};

/** Streams of tokens: how many at a time, of how many tokens, so many microseconds apart. */
export const streams = {
  "W5 1 stream of 200 tokens, 1 ms apart": { streams: 1, count: 200, gapUs: 1000 },
  "W5 8 streams of 200 tokens, 1 ms apart": { streams: 8, count: 200, gapUs: 1000 },
  "W5 32 streams of 200 tokens, 1 ms apart": { streams: 32, count: 200, gapUs: 1000 },
  "W5 256 streams of 200 tokens, 1 ms apart": { streams: 256, count: 200, gapUs: 1000 },
  "W5 1 stream of 10,000 tokens": { streams: 1, count: 10_000, gapUs: 0 },
  "W5 8 streams of 10,000 tokens": { streams: 8, count: 10_000, gapUs: 0 },
};
