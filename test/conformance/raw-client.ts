/**
 * Raw client: one connection on which bytes are sent as they are, and answers are taken apart one
 * by one. It repairs nothing, retries nothing and hides nothing, unlike a client that one would use.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";

export interface RawAnswer {
  readonly status: number;
  /** Names in lower case, in the order in which they came. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
  readonly text: string;
  /** Interim answers (100 Continue) before it. */
  readonly interimCount: number;
}

export interface RawRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export class RawClient {
  readonly socket: Socket;
  readonly #chunks: AsyncIterator<Buffer>;
  #received: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    await once(socket, "connect");
    // Whoever waits for an answer hears of it.
    socket.on("error", () => {});
    return new RawClient(socket);
  }

  send(...parts: readonly (string | Uint8Array)[]): void {
    for (const part of parts) this.socket.write(part);
  }

  /** Nothing more will be sent; answers are still read. */
  halfClose(): void {
    this.socket.end();
  }

  leave(): void {
    this.socket.destroy();
  }

  /** Rejects if the server closes before. `method` is that of its request. */
  async answer(method = "GET"): Promise<RawAnswer> {
    let interimCount = 0;
    for (;;) {
      const { answer, byteLength } = parseAnswer(this.#received, method, interimCount);
      this.#received = this.#received.subarray(byteLength);
      if (answer === undefined) {
        if (!(await this.#receive())) throw new Error("closed without an answer");
      } else if (answer.status === 100) interimCount += 1;
      else return answer;
    }
  }

  /** All that comes until the server closes. */
  async rest(): Promise<string> {
    while (await this.#receive());
    return this.#received.toString("latin1");
  }

  async #receive(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    if (done === true) return false;
    this.#received = Buffer.concat([this.#received, value]);
    return true;
  }
}

/** One request with its Content-Length, as bytes. */
export function requestBytes(method: string, path: string, request: RawRequest = {}): Buffer {
  const body = Buffer.from(request.body ?? "");
  const headers: Record<string, string> = { Host: "test", ...request.headers };
  if (request.body !== undefined) headers["Content-Length"] ??= String(body.byteLength);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${path} HTTP/1.1\r\n${lines.join("")}\r\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), body]);
}

/** One request on a connection of its own. */
export async function ask(
  port: number,
  method: string,
  path: string,
  request: RawRequest = {},
): Promise<RawAnswer> {
  const client = await RawClient.connect(port);
  client.send(requestBytes(method, path, request));
  const answer = await client.answer(method);
  client.leave();
  return answer;
}

interface Parsed {
  /** Undefined: not all of it is there. */
  readonly answer: RawAnswer | undefined;
  readonly byteLength: number;
}

/** Every answer of ours has a length; one to HEAD, and an interim one, has no body. */
function parseAnswer(bytes: Buffer, method: string, interimCount: number): Parsed {
  const headLength = bytes.indexOf("\r\n\r\n") + 4;
  if (headLength < 4) return { answer: undefined, byteLength: 0 };
  const [first = "", ...lines] = bytes.toString("latin1", 0, headLength - 4).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) [A-Za-z ]+$/.exec(first)?.[1]);
  if (Number.isNaN(status)) throw new Error(`no status line: ${first}`);
  const headers = new Map(lines.map(parseHeader));
  const isBare = method === "HEAD" || status === 100 || status === 204;
  const bodyLength = isBare ? 0 : Number(headers.get("content-length"));
  if (Number.isNaN(bodyLength)) throw new Error(`no Content-Length in ${lines.join(", ")}`);
  const byteLength = headLength + bodyLength;
  if (bytes.length < byteLength) return { answer: undefined, byteLength: 0 };
  const body = bytes.subarray(headLength, byteLength);
  const text = body.toString();
  return { answer: { status, headers, body, text, interimCount }, byteLength };
}

function parseHeader(line: string): [name: string, value: string] {
  const at = line.indexOf(": ");
  if (at === -1) throw new Error(`no header: ${line}`);
  return [line.slice(0, at).toLowerCase(), line.slice(at + 2)];
}
