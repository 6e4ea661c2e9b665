/**
 * A gRPC client for tests: grpc-js with the messages that the server uses, and calls as promises.
 */
import {
  type CallOptions,
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  credentials,
  type Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { grpc, inference } from "../../dist/protocol/generated/messages.js";

export { grpc, inference };

type Request = inference.ModelInferRequest.$Properties;
export type InferResponse = inference.ModelInferResponse;
export type StreamResponse = inference.ModelStreamInferResponse;

interface Message<Properties = never, Decoded = unknown> {
  encode(message: Properties): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Decoded;
}

/** How a call ended, if not well. */
export interface Failure {
  readonly code: number;
  readonly details: string;
}

export interface UnaryOptions extends CallOptions {
  readonly metadata?: Metadata;
  /** Sees the call before its end. */
  readonly seen?: (call: ClientUnaryCall) => void;
}

const path = "/inference.GRPCInferenceService/";

export class GrpcClient implements Disposable {
  readonly client: Client;

  constructor(
    host: string,
    channelCredentials: ChannelCredentials = credentials.createInsecure(),
    options: ConstructorParameters<typeof Client>[2] = {},
  ) {
    this.client = new Client(host, channelCredentials, {
      "grpc.max_receive_message_length": -1,
      "grpc.use_local_subchannel_pool": 1,
      ...options,
    });
  }

  /** Request and response are named after the call. */
  async call<Name extends UnaryName>(
    name: Name,
    request: object,
    options: UnaryOptions = {},
  ): Promise<InstanceType<(typeof inference)[`${Name}Response`]>> {
    const types = {
      request: inference[`${name}Request`] as Message<object>,
      response: inference[`${name}Response`] as Message,
    };
    const answer = await this.unary(path + name, types, request, options);
    return answer as InstanceType<(typeof inference)[`${Name}Response`]>;
  }

  infer(request: Request, options: UnaryOptions = {}): Promise<InferResponse> {
    return this.call("ModelInfer", request, options);
  }

  unary(
    method: string,
    types: { readonly request: Message<object>; readonly response: Message },
    request: object,
    { metadata, seen, ...options }: UnaryOptions = {},
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const call = this.client.makeUnaryRequest(
        method,
        (message: object) => Buffer.from(types.request.encode(message).finish()),
        (bytes: Buffer) => types.response.decode(bytes),
        request,
        ...((metadata === undefined ? [] : [metadata]) as [Metadata]),
        options,
        (error: ServiceError | null, response?: unknown) => {
          if (error === null) resolve(response);
          else reject(error);
        },
      );
      seen?.(call);
    });
  }

  /** Bytes as they are, both ways. */
  raw(method: string, request: Uint8Array, options: CallOptions = {}): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        path + method,
        (bytes: Uint8Array) => Buffer.from(bytes),
        (bytes: Buffer) => bytes,
        request,
        options,
        (error: ServiceError | null, response?: Buffer) => {
          if (error === null) resolve(response ?? Buffer.alloc(0));
          else reject(error);
        },
      );
    });
  }

  stream(metadata?: Metadata, options: CallOptions = {}): InferStream {
    return new InferStream(
      this.client.makeBidiStreamRequest(
        `${path}ModelStreamInfer`,
        (message: Request | Uint8Array) =>
          message instanceof Uint8Array
            ? Buffer.from(message)
            : Buffer.from(inference.ModelInferRequest.encode(message).finish()),
        (bytes: Buffer) => inference.ModelStreamInferResponse.decode(bytes),
        ...((metadata === undefined ? [] : [metadata]) as [Metadata]),
        options,
      ),
    );
  }

  watch(): ClientReadableStream<grpc.health.v1.HealthCheckResponse> {
    const { HealthCheckRequest, HealthCheckResponse } = grpc.health.v1;
    return this.client.makeServerStreamRequest(
      "/grpc.health.v1.Health/Watch",
      (message: object) => Buffer.from(HealthCheckRequest.encode(message).finish()),
      (bytes: Buffer) => HealthCheckResponse.decode(bytes),
      {},
    );
  }

  [Symbol.dispose](): void {
    this.client.close();
  }
}

export type UnaryName = {
  [Name in keyof typeof inference]: Name extends `${infer Call}Response`
    ? `${Call}Request` extends keyof typeof inference
      ? Call
      : never
    : never;
}[keyof typeof inference];

/** One stream: what comes is kept until it is asked for. */
export class InferStream {
  readonly call: ClientDuplexStream<Request | Uint8Array, StreamResponse>;
  readonly received: StreamResponse[] = [];
  readonly #waiting: (() => void)[] = [];
  /** With a code of 0 if it ended well. */
  readonly status: Promise<Failure>;
  #takenCount = 0;
  #hasEnded = false;

  constructor(call: ClientDuplexStream<Request | Uint8Array, StreamResponse>) {
    this.call = call;
    call.on("data", (response: StreamResponse) => {
      this.received.push(response);
      this.#wake();
    });
    call.on("error", () => {});
    this.status = new Promise((resolve) => {
      call.on("status", ({ code, details }) => {
        this.#hasEnded = true;
        this.#wake();
        resolve({ code, details });
      });
    });
  }

  send(request: Request | Uint8Array): void {
    this.call.write(request);
  }

  /** The next response; undefined: the stream has ended. */
  async next(): Promise<StreamResponse | undefined> {
    while (this.received.length <= this.#takenCount && !this.#hasEnded) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    this.#takenCount += 1;
    return this.received[this.#takenCount - 1];
  }

  async take(count: number): Promise<readonly StreamResponse[]> {
    const taken: StreamResponse[] = [];
    while (taken.length < count) {
      const response = await this.next();
      if (response === undefined) throw new Error(`only ${taken.length} of ${count} came`);
      taken.push(response);
    }
    return taken;
  }

  end(): Promise<Failure> {
    this.call.end();
    return this.status;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Of a call that is expected to fail. */
export async function failureOf(call: Promise<unknown>): Promise<Failure> {
  return await call.then(
    () => {
      throw new Error("the call succeeded");
    },
    ({ code, details }: ServiceError) => ({ code, details }),
  );
}

export function fp32(...values: readonly number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}

export function readFp32(bytes: Uint8Array | undefined): readonly number[] {
  return Array.from(new Float32Array(Uint8Array.from(bytes ?? []).buffer));
}
