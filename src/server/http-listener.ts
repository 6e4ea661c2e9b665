/**
 * HTTP listener: one server of `node:http` at one address.
 *
 * To drain is to accept nothing more, and to let every connection that is in the middle of a
 * request finish it. Node closes idle connections only when told to, so they are looked for again
 * and again until none is left; this happens once in the life of a server. One that has never
 * said a word (browsers open such in advance) is busy for Node, and idle here.
 *
 * Not here: what is answered (frontends/).
 */
import type { Server } from "node:http";
import { Listener, type ListenerOptions } from "./listener.ts";

export class HttpListener extends Listener {
  readonly #server: Server;

  constructor(server: Server, options: ListenerOptions) {
    super(server, options);
    this.#server = server;
  }

  /** As clients name it; undefined while it does not listen. */
  get url(): string | undefined {
    return this.host === undefined ? undefined : `http://${this.host}`;
  }

  /** Accepts nothing more; resolves when the last connection has ended. */
  async drain(): Promise<void> {
    await this.stopAccepting();
    await this.whenClosed(() => this.#server.closeIdleConnections());
  }
}
