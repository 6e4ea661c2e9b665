/**
 * A gRPC frontend before a service that a test plays: it sees every request that the core would
 * get, and answers when and as it likes. Models whose names begin with "stream" are streaming.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { ServerCredentials } from "@grpc/grpc-js";
import { ByteBudget } from "../../dist/core/byte-budget.js";
import type { InferenceService, ServerState } from "../../dist/core/inference-service.js";
import type { Log } from "../../dist/core/log.js";
import type { ModelConfig } from "../../dist/core/model-config.js";
import type { EnqueueOptions, ResponseSink } from "../../dist/core/scheduler.js";
import { GrpcFrontend } from "../../dist/frontends/grpc/grpc-frontend.js";
import type { GrpcOptions } from "../../dist/frontends/grpc/grpc-options.js";
import { Restrictions } from "../../dist/frontends/restrictions.js";
import { InferenceError } from "../../dist/protocol/errors.js";
import type { InferRequest } from "../../dist/protocol/infer.js";
import { wireTensor } from "../../dist/protocol/tensor.js";
import { SystemClock } from "../../dist/server/system-clock.js";
import { until } from "../until.ts";
import { GrpcClient } from "./grpc-client.ts";
import { ScriptedCall } from "./scripted-call.ts";

class FakeRequest extends ScriptedCall {
  /** A response with one output of so many bytes; undefined: without one. */
  say(outputBytes: number | undefined, isFinal: boolean): void {
    const bytes = new Uint8Array(outputBytes ?? 0).fill(7);
    const head = { name: "X", datatype: "UINT8", shape: [bytes.byteLength] } as const;
    this.respond(outputBytes === undefined ? [] : [wireTensor(head, bytes)], isFinal);
  }
}

class FakeService implements InferenceService {
  state: ServerState = "running";
  isServerReady = true;
  readonly requests: FakeRequest[] = [];
  /** Called within `infer`. */
  onInfer: (request: FakeRequest) => void = () => {};

  serverMetadata() {
    return { name: "fake", version: "0", extensions: [] };
  }

  isReady(): boolean {
    return this.isServerReady;
  }

  lookUp(modelName: string) {
    if (modelName === "nobody") {
      throw new InferenceError("NOT_FOUND", "Request for unknown model: 'nobody' is not found");
    }
    const isDecoupled = modelName.startsWith("stream");
    const config = { name: modelName, isDecoupled } as ModelConfig;
    return { config, isReady: () => true };
  }

  modelMetadata(name: string) {
    return { name, versions: ["1"], platform: "", inputs: [], outputs: [] };
  }

  statistics() {
    return [];
  }

  index() {
    return [];
  }

  infer(request: InferRequest, sink: ResponseSink, options: EnqueueOptions) {
    const fake = new FakeRequest(request, sink, options);
    this.requests.push(fake);
    this.onInfer(fake);
    return fake;
  }

  /** The request of this id, when it has come. */
  async seen(id: string): Promise<FakeRequest> {
    const find = () => this.requests.find(({ request }) => request.id === id);
    await until(() => find() !== undefined);
    const found = find();
    if (found === undefined) throw new Error("it was there");
    return found;
  }
}

export interface FakeServer extends AsyncDisposable {
  readonly service: FakeService;
  readonly frontend: GrpcFrontend;
  readonly receivedBytes: ByteBudget;
  readonly client: GrpcClient;
  readonly port: number;
  readonly warnings: readonly string[];
}

export async function startFake(options: Partial<GrpcOptions> = {}): Promise<FakeServer> {
  const service = new FakeService();
  const receivedBytes = options.receivedBytes ?? new ByteBudget(1e9);
  const warnings: string[] = [];
  const log: Log = {
    verbose: () => {},
    info: () => {},
    warning: (line) => warnings.push(line),
    error: (line) => warnings.push(line),
  };
  const whole: GrpcOptions = {
    service,
    clock: new SystemClock(),
    log,
    logsRequests: false,
    maxInputBytes: 1e6,
    receivedBytes,
    compression: "none",
    forwardPattern: undefined,
    stallTimeoutMs: 60_000,
    hasReflection: true,
    restrictions: new Restrictions(),
    control: undefined,
    keepaliveTimeMs: 7_200_000,
    keepaliveTimeoutMs: 20_000,
    maxConnectionAgeMs: 0,
    maxConnectionAgeGraceMs: 0,
    ...options,
  };
  const frontend = new GrpcFrontend(whole, ServerCredentials.createInsecure());
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    frontend.accept(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = new GrpcClient(`127.0.0.1:${port}`);
  const close = async (): Promise<void> => {
    client[Symbol.dispose]();
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, "close");
  };
  return {
    service,
    frontend,
    receivedBytes,
    client,
    port,
    warnings,
    [Symbol.asyncDispose]: close,
  };
}
