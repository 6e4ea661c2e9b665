/**
 * A started server for the conformance tests, and the few calls they make of it.
 *
 * The models are small functions on every datatype; the server listens on a free loopback port,
 * and logs nothing.
 */
import { once } from "node:events";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import {
  bytes,
  createServer,
  fp32,
  InferenceError,
  int32,
  int64,
  type Models,
  model,
  optional,
  type Server,
  type ServerOptions,
  uint8,
} from "shoal";

const models = [
  model("add_sub", {
    inputs: { INPUT0: int32(16), INPUT1: int32(16) },
    outputs: { OUTPUT0: int32(16), OUTPUT1: int32(16) },
    maxBatchSize: 8,
    infer: ({ INPUT0, INPUT1 }) => ({
      OUTPUT0: INPUT0.data.map((value, index) => value + (INPUT1.data[index] ?? 0)),
      OUTPUT1: INPUT0.data.map((value, index) => value - (INPUT1.data[index] ?? 0)),
    }),
  }),
  model("mixed", {
    inputs: { INPUT0: int32(2), TEXT: bytes(2) },
    outputs: { OUTPUT0: fp32(2), TEXT: bytes(2) },
    infer: ({ INPUT0, TEXT }) => ({
      OUTPUT0: Float32Array.from(INPUT0.data, (value) => value * 1.5),
      TEXT,
    }),
  }),
  model("whole", {
    batching: false,
    inputs: { X: fp32(-1, 2) },
    outputs: { X: fp32(-1, 2) },
    infer: ({ X }) => ({ X }),
  }),
  model("exact", {
    inputs: { X: int64(-1) },
    outputs: { X: int64(-1) },
    infer: ({ X }) => ({ X }),
  }),
  model("small", {
    inputs: { X: uint8(-1) },
    outputs: { X: uint8(-1) },
    infer: ({ X }) => ({ X }),
  }),
  model("maybe", {
    inputs: { A: fp32(1), B: optional(fp32(1)) },
    outputs: { SUM: fp32(1) },
    infer: ({ A, B }) => ({ SUM: A.data.map((value, index) => value + (B?.data[index] ?? 0)) }),
  }),
  model("throws", {
    inputs: { X: fp32(1) },
    outputs: { X: fp32(1) },
    infer: ({ X }) => {
      if ((X.data[0] ?? 0) < 0)
        throw new InferenceError("INVALID_ARGUMENT", "X must not be negative");
      throw new Error("secret path /etc/model");
    },
  }),
];

export interface StartedServer extends AsyncDisposable {
  readonly server: Server;
  readonly url: string;
  readonly port: number;
}

export const quietLoopback = {
  httpAddress: "127.0.0.1",
  httpPort: 0,
  allowGrpc: false,
  grpcPort: 0,
  metricsPort: 0,
  allowMetrics: false,
  exitTimeoutSecs: 10,
  logInfo: false,
  logError: false,
  logWarning: false,
} as const satisfies ServerOptions;

/** Ready, unless a model fails to load. */
export async function startServer(
  served: Models = models,
  options: ServerOptions = {},
): Promise<StartedServer> {
  const server = createServer(served, { ...quietLoopback, ...options });
  await server.listen();
  await server.ready.catch(() => {});
  const url = server.urls.http;
  if (url === undefined) throw new Error("the server has no HTTP address");
  const close = (): Promise<void> => server.close();
  return { server, url, port: Number(new URL(url).port), [Symbol.asyncDispose]: close };
}

export interface MountedServer extends AsyncDisposable {
  readonly port: number;
  readonly httpServer: HttpServer;
}

/** Answers in a server of `node:http`, which goes on when the server that is mounted drains. */
export async function mount(
  { handler }: Pick<Server, "handler">,
  options: Parameters<typeof createHttpServer>[0] = {},
): Promise<MountedServer> {
  const httpServer = createHttpServer(options, handler).listen(0, "127.0.0.1");
  await once(httpServer, "listening");
  const { port } = httpServer.address() as AddressInfo;
  const close = async (): Promise<void> => {
    httpServer.close();
    httpServer.closeAllConnections();
    await once(httpServer, "close");
  };
  return { port, httpServer, [Symbol.asyncDispose]: close };
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export async function post(
  url: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const isRaw = typeof body === "string" || body instanceof Uint8Array;
  const response = await fetch(url, {
    method: "POST",
    headers,
    body: isRaw ? (body as string) : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** Sends bytes as they are, and gives back all that comes until the server closes. */
export async function talk(
  port: number,
  ...parts: readonly (string | Uint8Array)[]
): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  for (const part of parts) socket.write(part);
  socket.end();
  let text = "";
  for await (const chunk of socket) text += (chunk as Buffer).toString("latin1");
  return text;
}
