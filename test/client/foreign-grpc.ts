/**
 * A gRPC server that a test plays: it answers as foreign servers do, or should not.
 *
 * Its model "m" has an input X and an output Y, FP32, of any length; of its configuration it knows
 * nothing.
 */
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type StatusObject,
  status,
} from "@grpc/grpc-js";
import { createClient } from "shoal/client/grpc";
import type { NodeClientOptions } from "../../dist/client/node-client.js";
import { inference } from "../../dist/protocol/generated/messages.js";

export type Request = inference.ModelInferRequest;
type Answer = inference.ModelInferResponse.$Properties;
type StreamAnswer = inference.ModelStreamInferResponse.$Properties;
export type ForeignStream = ServerDuplexStream<Request, StreamAnswer>;

export interface Foreign {
  readonly infer?: (request: Request, metadata: Metadata) => Answer | Partial<StatusObject>;
  readonly stream?: (call: ForeignStream) => void;
}

export interface ForeignServer extends AsyncDisposable {
  readonly port: number;
  readonly server: Server;
  connect(options?: NodeClientOptions): ReturnType<typeof createClient>;
}

interface Types {
  readonly request: { decode(bytes: Uint8Array): object };
  readonly response: { encode(message: object): { finish(): Uint8Array } };
}

const shape = [-1];

export async function startForeign({ infer, stream }: Foreign): Promise<ForeignServer> {
  const server = new Server();
  const register = (
    name: string,
    { request, response }: Types,
    type: "unary" | "bidi",
    handler: unknown,
  ): void => {
    const serialize = (message: object) => Buffer.from(response.encode(message).finish());
    const deserialize = (bytes: Buffer) => request.decode(bytes);
    const path = `/inference.GRPCInferenceService/${name}`;
    server.register(path, handler as never, serialize, deserialize as never, type);
  };
  const metadata = {
    name: "m",
    versions: ["1"],
    inputs: [{ name: "X", datatype: "FP32", shape }],
    outputs: [{ name: "Y", datatype: "FP32", shape }],
  };
  const answer = (of: (call: ServerUnaryCall<Request, object>) => object) => {
    return (call: ServerUnaryCall<Request, object>, done: (...given: unknown[]) => void): void => {
      const given = of(call);
      if ("code" in given) done(given);
      else done(null, given);
    };
  };
  const types = (name: "ModelMetadata" | "ModelInfer"): Types => ({
    request: inference[`${name}Request`],
    response: inference[`${name}Response`] as Types["response"],
  });
  register(
    "ModelMetadata",
    types("ModelMetadata"),
    "unary",
    answer(() => metadata),
  );
  const inferTypes = types("ModelInfer");
  if (infer !== undefined) {
    const handler = answer(({ request, metadata: sent }) => infer(request, sent));
    register("ModelInfer", inferTypes, "unary", handler);
  }
  if (stream !== undefined) {
    const response = inference.ModelStreamInferResponse as Types["response"];
    register("ModelStreamInfer", { request: inferTypes.request, response }, "bidi", stream);
  }
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    port,
    server,
    connect: (options) => createClient(`grpc://127.0.0.1:${port}`, options),
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}

/** A response with one output. */
export function respond(id: string, value: number, isFinal?: boolean): StreamAnswer {
  const flag = { triton_final_response: { boolParam: isFinal ?? false } };
  return {
    inferResponse: {
      id,
      modelName: "m",
      modelVersion: "1",
      ...(isFinal !== undefined && { parameters: flag }),
      outputs: [{ name: "Y", datatype: "FP32", shape: [1] }],
      rawOutputContents: [new Uint8Array(Float32Array.of(value).buffer)],
    },
  };
}

export { status };
