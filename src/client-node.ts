/**
 * The public list of `shoal/client`, as Node gets it: over `node:http`, with TLS of one's own.
 */
import { type ClientOptions, clientKinds } from "./client/call-options.ts";
import type { Client } from "./client/client.ts";
import { clientOver, overHttp } from "./client/create-client.ts";
import { NodeTransport, type TlsOptions } from "./client/node-transport.ts";

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

export type {
  CallOptions,
  ClientOptions,
  InferOptions,
  OutputRequest,
} from "./client/call-options.ts";
export type { Client } from "./client/client.ts";
export { ClientError, type ClientErrorCode, type ClientErrorKind } from "./client/client-error.ts";
export type { ModelClient } from "./client/model-client.ts";
export type { TlsOptions } from "./client/node-transport.ts";
export { type Response, responseOf } from "./client/response.ts";
export { PlainTensor as Tensor } from "./definition/plain-tensor.ts";
