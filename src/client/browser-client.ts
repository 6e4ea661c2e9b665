/** createClient over `fetch`, for browsers and whatever else has it. */
import { type ClientOptions, clientKinds } from "./call-options.ts";
import type { Client } from "./client.ts";
import { clientOver, overHttp } from "./create-client.ts";
import { fetchTransport } from "./fetch-transport.ts";

/** Connects when it is first used. Throws a ClientError if an option, or the URL, is wrong. */
export function createClient(url: string | URL, options: ClientOptions = {}): Client {
  return clientOver(url, options, clientKinds, (server) => {
    return overHttp(server, options, fetchTransport);
  });
}
