/**
 * Listener: one server at one address, from its opening to the end of its last connection.
 *
 * Not here: how its connections come to an end by themselves (http-listener.ts, grpc-listener.ts),
 * what is answered (frontends/).
 */
import { once } from "node:events";
import type { AddressInfo, Server, Socket } from "node:net";
import type { Clock } from "../core/clock.ts";

export interface ListenerOptions {
  /** For people: "HTTP", "metrics". */
  readonly what: string;
  readonly address: string;
  readonly port: number;
  /** The option that sets the port, for the error that it is in use. */
  readonly portOption: string;
  readonly clock: Clock;
  /** Other servers may listen there, too: the system spreads connections over them. */
  readonly isShared?: boolean;
}

/** Can this version of Node.js share a port? Elsewhere the option is passed over in silence. */
export function sharesPorts(nodeVersion: string): boolean {
  const [major = 0, minor = 0] = nodeVersion.split(".").map(Number);
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12);
}

const lookAgainMs = 10;

export abstract class Listener {
  readonly #sockets: Set<Socket> = new Set();
  readonly #server: Server;
  readonly #options: ListenerOptions;
  #opening: Promise<void> | undefined;
  #isStopping = false;
  #isClosed = false;

  constructor(server: Server, options: ListenerOptions) {
    this.#server = server;
    this.#options = options;
    server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  /** `localhost:8000`, as clients name it; undefined while it does not listen. */
  get host(): string | undefined {
    const bound = this.#bound();
    if (bound === undefined) return undefined;
    const { address, family, port } = bound;
    if (address === "0.0.0.0" || address === "::") return `localhost:${port}`;
    return family === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
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

  /** Cuts whatever connection is left. */
  cut(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Accepts nothing more. Resolves when that is so. */
  protected async stopAccepting(): Promise<void> {
    this.#isStopping = true;
    // What is about to open can be closed only when it has.
    await this.#opening?.catch(() => {});
    this.#isClosed = !this.#server.listening;
    this.#server.close(() => {
      this.#isClosed = true;
    });
  }

  /**
   * Then: resolves when the last connection has ended. What has never said a word is dropped; as
   * for others that are idle, `closeIdle` is called again and again.
   */
  protected async whenClosed(closeIdle: () => void): Promise<void> {
    const { clock } = this.#options;
    while (!this.#isClosed) {
      closeIdle();
      for (const socket of this.#sockets) if (socket.bytesRead === 0) socket.destroy();
      await new Promise<void>((resolve) => {
        clock.wakeAt(clock.nowMs() + lookAgainMs, resolve);
      });
    }
  }

  async #open(): Promise<void> {
    if (this.#isStopping) throw new Error("the server was closed: it cannot listen");
    const { address, port, isShared = false } = this.#options;
    this.#server.listen({ host: address, port, ...(isShared && { reusePort: true }) });
    try {
      await once(this.#server, "listening");
    } catch (error) {
      throw new Error(this.#explain(error), { cause: error });
    }
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
