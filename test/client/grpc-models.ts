/**
 * A server with gRPC for the client's tests: models of every datatype, and one that streams as it
 * is told.
 */
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import {
  bf16,
  bool,
  bytes,
  fp16,
  fp32,
  fp64,
  InferenceError,
  int8,
  int16,
  int32,
  int64,
  model,
  uint8,
  uint16,
  uint32,
  uint64,
} from "shoal";
import { ClientError, createClient } from "shoal/client/grpc";
import type { NodeClientOptions } from "../../dist/client/node-client.js";
import { type StartedServer, startServer } from "../conformance/server.ts";
import { HeldCalls, heldModel } from "../held-model.ts";

const every = {
  BOOL: bool(-1),
  INT8: int8(-1),
  INT16: int16(-1),
  INT32: int32(-1),
  INT64: int64(-1),
  UINT8: uint8(-1),
  UINT16: uint16(-1),
  UINT32: uint32(-1),
  UINT64: uint64(-1),
  FP16: fp16(-1),
  BF16: bf16(-1),
  FP32: fp32(-1),
  FP64: fp64(-1),
  BYTES: bytes(-1),
};

/** Gives back all it gets. */
export const everyType = model("every", {
  batching: false,
  inputs: every,
  outputs: every,
  infer: (inputs) => inputs,
});

export interface GrpcServer extends AsyncDisposable {
  readonly started: StartedServer;
  readonly url: string;
  /** Of the model `held`. */
  readonly held: HeldCalls;
  /** Requests of the model `count` that were cancelled. */
  readonly cancelled: string[];
  connect(options?: NodeClientOptions): ReturnType<typeof createClient>;
}

export async function startGrpc(): Promise<GrpcServer> {
  const held = new HeldCalls();
  const cancelled: string[] = [];
  /** Counts up to N; below 0 it fails behind -N responses; at 1000 it waits for its cancellation. */
  const count = model("count", {
    batching: false,
    inputs: { N: int32(1) },
    outputs: { I: int32(1) },
    async *infer({ N }, { signal, requests }) {
      const most = N.data[0] ?? 0;
      for (let index = 0; index < Math.abs(most); index += 1) {
        yield { I: Int32Array.of(index) };
        if (most !== 1000) continue;
        if (!signal.aborted) await once(signal, "abort");
        cancelled.push(requests[0]?.id ?? "");
        return;
      }
      if (most < 0) throw new InferenceError("INVALID_ARGUMENT", "N must not be negative");
    },
  });
  const told = model("told", {
    batching: false,
    inputs: { X: fp32(1) },
    outputs: { TOLD: bytes(-1) },
    infer: (_, { requests }) => {
      const { id, parameters } = requests[0] ?? { id: "", parameters: {} };
      const texts = Object.entries(parameters).map(([key, value]) => {
        return `${key}: ${typeof value} ${value}`;
      });
      return { TOLD: [id, ...texts.sort()] };
    },
  });
  const served = [everyType, count, told, heldModel("held", held)];
  const started = await startServer(served, { allowGrpc: true });
  const url = `grpc://${started.server.urls.grpc ?? ""}`;
  return {
    started,
    url,
    held,
    cancelled,
    connect: (options) => createClient(url, options),
    [Symbol.asyncDispose]: async () => {
      for (const call of held.seen) call.release();
      await started[Symbol.asyncDispose]();
    },
  };
}

/** Nobody listens there now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Of a call that is expected to fail. */
export async function errorOf(call: Promise<unknown>): Promise<ClientError> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ClientError) return error;
  throw new Error("no ClientError", { cause: error });
}
