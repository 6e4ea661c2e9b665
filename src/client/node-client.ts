/** createClient over `node:http` and `node:https`, with TLS of one's own. */
import { type ClientOptions, clientKinds } from "./call-options.ts";
import type { Client } from "./client.ts";
import { clientOver, overHttp } from "./create-client.ts";
import { NodeTransport, type TlsOptions } from "./node-transport.ts";

export interface NodeClientOptions extends ClientOptions {
  readonly tls?: TlsOptions;
}

/** Connects when it is first used. Throws a ClientError if an option, or the URL, is wrong. */
export function createClient(url: string | URL, options: NodeClientOptions = {}): Client {
  const kinds = { ...clientKinds, tls: "object" };
  return clientOver(url, options, kinds, (server, { tls = {} }) => {
    return overHttp(server, options, (transport) => new NodeTransport({ ...transport, tls }));
  });
}
