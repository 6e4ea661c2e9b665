/**
 * Raw server: answers that no proper server gives, byte by byte.
 *
 * It serves one model, `m`: x (FP32 [2]) to y (FP32 [2]), and is live. How a request for inference
 * is answered, the test says. Connections are counted: what asks about the model closes its own, so
 * that those that stay are of inference.
 */
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { until } from "../until.ts";

interface Request {
  readonly method: string;
  readonly path: string;
  /** In lower case, one a line. */
  readonly head: string;
  readonly body: Buffer;
  /** 1 for the first of its path. */
  readonly count: number;
}

/** Writes what it likes. */
export type Answering = (socket: Socket, request: Request) => void;

export interface RawServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly sockets: ReadonlySet<Socket>;
  /** So often a path has been asked for. */
  readonly counts: ReadonlyMap<string, number>;
  /** The next request for inference, once its head has come. */
  readonly asked: Promise<void>;
  /** When at most so many connections are open. */
  untilOpen(most: number): Promise<void>;
}

export const inferPath = "/v2/models/m/infer";

const tensor = (name: string): object => ({ name, datatype: "FP32", shape: [2] });
const documents: Readonly<Record<string, object>> = {
  "/v2/models/m": {
    name: "m",
    versions: ["1"],
    platform: "raw",
    inputs: [tensor("x")],
    outputs: [tensor("y")],
  },
  "/v2/models/m/config": { name: "m", max_batch_size: 0 },
};

/** An answer with its length, and what else is in `head`. */
export function answerOf(status: number, body: string | Uint8Array, ...head: string[]): Buffer {
  const bytes = Buffer.from(body);
  const lines = [`HTTP/1.1 ${status} Said`, `Content-Length: ${bytes.byteLength}`, ...head];
  return Buffer.concat([Buffer.from(`${lines.join("\r\n")}\r\n\r\n`), bytes]);
}

export const goodJson =
  '{"model_name":"m","model_version":"1",' +
  '"outputs":[{"name":"y","datatype":"FP32","shape":[2],"data":[1,2]}]}';

export async function startRaw(answer: Answering): Promise<RawServer> {
  const sockets = new Set<Socket>();
  const counts = new Map<string, number>();
  let tell = (): void => {};
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const serve = (socket: Socket, { method, path, head, body }: Omit<Request, "count">): void => {
    const count = (counts.get(path) ?? 0) + 1;
    counts.set(path, count);
    if (path === inferPath) answer(socket, { method, path, head, body, count });
    else if (path === "/v2/health/live") socket.write(answerOf(200, ""));
    else {
      const document = JSON.stringify(documents[path] ?? { error: "not here" });
      socket.end(answerOf(path in documents ? 200 : 404, document, "Connection: close"));
    }
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("end", () => socket.end());
    // Clients leave.
    socket.on("error", () => {});
    readRequests(socket, tell, (request) => serve(socket, request));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const dispose = async (): Promise<void> => {
    server.close();
    for (const socket of sockets) socket.destroy();
    await once(server, "close");
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    sockets,
    counts,
    asked,
    untilOpen: (most) => until(() => sockets.size <= most),
    [Symbol.asyncDispose]: dispose,
  };
}

function readRequests(
  socket: Socket,
  tell: () => void,
  serve: (request: Omit<Request, "count">) => void,
): void {
  let received = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    for (;;) {
      const headBytes = received.indexOf("\r\n\r\n") + 4;
      if (headBytes < 4) return;
      const head = received.toString("latin1", 0, headBytes);
      const [method = "", path = ""] = head.split(" ");
      if (path === inferPath) tell();
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
      if (received.byteLength < headBytes + length) return;
      const body = received.subarray(headBytes, headBytes + length);
      received = received.subarray(headBytes + length);
      serve({ method, path, head: head.toLowerCase(), body });
    }
  });
}
