/**
 * ModelInfer over a real port: contents of every kind, the response, ids and parameters.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { fp32, GrpcClient, readFp32 } from "./grpc-client.ts";
import { startServer } from "./server.ts";

test("raw contents in, raw contents out", async () => {
  await using started = await startServer(undefined, { allowGrpc: true });
  using client = new GrpcClient(started.server.urls.grpc ?? "");
  const response = await client.infer({
    modelName: "whole",
    id: "seven",
    inputs: [{ name: "X", datatype: "FP32", shape: [1, 2] }],
    rawInputContents: [fp32(1, 2)],
  });
  check.equal(response.id, "seven");
  check.equal(response.modelName, "whole");
  check.equal(response.modelVersion, "1");
  check.deepEqual(readFp32(response.rawOutputContents[0]), [1, 2]);
});
