/**
 * The public list of `shoal/client`, as browsers get it: over `fetch`, without a dependency.
 */
import { type ClientOptions, clientKinds } from "./client/call-options.ts";
import type { Client } from "./client/client.ts";
import { clientOver, overHttp } from "./client/create-client.ts";
import { FetchTransport } from "./client/fetch-transport.ts";

/** Connects when it is first used. Throws a ClientError if an option, or the URL, is wrong. */
export function createClient(url: string | URL, options: ClientOptions = {}): Client {
  return clientOver(url, options, clientKinds, (server) => {
    return overHttp(server, options, (transport) => new FetchTransport(transport));
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
export { type Response, responseOf } from "./client/response.ts";
export { PlainTensor as Tensor } from "./definition/plain-tensor.ts";
