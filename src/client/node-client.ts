/** createClient over `node:http` and `node:https`, with TLS of one's own. */
import { type ClientOptions, clientKinds } from "./call-options.ts";
import type { Client } from "./client.ts";
import type { Connection } from "./connection.ts";
import { clientOver, overHttp } from "./create-client.ts";
import { generateStream } from "./generate-stream.ts";
import { NodeTransport, type TlsOptions } from "./node-transport.ts";
import type { ServerUrl } from "./server-url.ts";
import type { TransportOptions } from "./transport.ts";

export interface NodeClientOptions extends ClientOptions {
  readonly tls?: TlsOptions;
}

/** Connects when it is first used. Throws a ClientError if an option, or the URL, is wrong. */
export function createClient(url: string | URL, options: NodeClientOptions = {}): Client {
  const kinds = { ...clientKinds, tls: "object" };
  return clientOver(url, options, kinds, (server, { tls = {} }) => {
    return overNode(server, options, tls);
  });
}

export function overNode(server: ServerUrl, options: ClientOptions, tls: TlsOptions): Connection {
  const toTransport = (transport: TransportOptions) => new NodeTransport({ ...transport, tls });
  return overHttp(server, options, toTransport, generateStream);
}
