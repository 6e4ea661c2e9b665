/**
 * HTTP listener: one server of `node:http` at one address, from its opening to the end of its
 * last connection.
 *
 * To drain is to accept nothing more, and to let every connection that is in the middle of a
 * request finish it. Node closes idle connections only when told to, so they are looked for again
 * and again until none is left; this happens once in the life of a server. One that has never
 * said a word (browsers open such in advance) is busy for Node, and idle here.
 *
 * Not here: what is answered (frontends/).
 */
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Clock } from "../core/clock.ts";

export interface ListenerOptions {
  /** For people: "HTTP", "metrics". */
  readonly what: string;
  readonly address: string;
  readonly port: number;
  /** The option that sets the port, for the error that it is in use. */
  readonly portOption: string;
  readonly clock: Clock;
}

const lookAgainMs = 10;

export class HttpListener {
  readonly #server: Server;
  readonly #options: ListenerOptions;
  readonly #sockets: Set<Socket> = new Set();
  #opening: Promise<void> | undefined;

  constructor(server: Server, options: ListenerOptions) {
    this.#server = server;
    this.#options = options;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  /** As clients name it; undefined while it does not listen. */
  get url(): string | undefined {
    const bound = this.#bound();
    if (bound === undefined) return undefined;
    const { address, family, port } = bound;
    if (address === "0.0.0.0" || address === "::") return `http://localhost:${port}`;
    return family === "IPv6" ? `http://[${address}]:${port}` : `http://${address}:${port}`;
  }

  /** `0.0.0.0:8000`, as log lines have it. */
  get place(): string {
    return `${this.#options.address}:${this.#bound()?.port ?? this.#options.port}`;
  }

  /** Rejects with one clear line if the address cannot be had. Twice is once, unless it failed. */
  open(): Promise<void> {
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<void> {
    const { address, port } = this.#options;
    this.#server.listen({ host: address, port });
    try {
      await once(this.#server, "listening");
    } catch (error) {
      throw new Error(this.#explain(error), { cause: error });
    }
  }

  /** Accepts nothing more; resolves when the last connection has ended. */
  async drain(): Promise<void> {
    const { clock } = this.#options;
    // What is about to open can be closed only when it has.
    await this.#opening?.catch(() => {});
    if (!this.#server.listening) return;
    let isClosed = false;
    this.#server.close(() => {
      isClosed = true;
    });
    while (!isClosed) {
      this.#server.closeIdleConnections();
      for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
      await new Promise<void>((resolve) => {
        clock.wakeAt(clock.nowMs() + lookAgainMs, resolve);
      });
    }
  }

  /** Cuts whatever connection is left. */
  cut(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #bound(): AddressInfo | undefined {
    const bound = this.#server.address();
    return bound === null || typeof bound === "string" ? undefined : bound;
  }

  #explain(error: unknown): string {
    const { what, address, port, portOption } = this.#options;
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const flag = portOption.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    const other = `choose another with '${portOption}' or --${flag}`;
    if (code === "EADDRINUSE") {
      const inUse = `Socket '${address}:${port}' already in use`;
      return `${inUse}, for ${what}: stop what listens there, or ${other}`;
    }
    if (code === "EACCES") return `port ${port} for ${what} is not permitted: ${other}`;
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") {
      return `address ${address} for ${what} is none of this machine`;
    }
    return `${what} cannot listen at ${address}:${port}: ${String(error)}`;
  }
}
