/**
 * From a URL and options to a client, whatever its transport is: each entry point brings its own.
 */

import type { CallLimits } from "./call-limit.ts";
import { type CallOptions, type ClientOptions, checkOptions, type Kinds } from "./call-options.ts";
import { Calls, type CallsOptions } from "./calls.ts";
import { Client } from "./client.ts";
import { invalid } from "./client-error.ts";
import type { Connection } from "./connection.ts";
import { HttpConnection, type HttpConnectionOptions } from "./http-connection.ts";
import { lowerCased } from "./questions.ts";
import { parseServerUrl, type ServerUrl } from "./server-url.ts";
import type { HttpTransport, TransportOptions } from "./transport.ts";

export function clientOver<Options extends ClientOptions>(
  url: string | URL,
  options: Options,
  kinds: Kinds,
  connect: (url: ServerUrl, options: Options) => Connection,
): Client {
  checkOptions("createClient", options, kinds);
  const { maxInFlight = 128, maxWaiting = 10_000 } = options;
  if (maxInFlight < 1) throw invalid("option 'maxInFlight' must be 1 or more");
  const calls = new Calls({ maxInFlight, maxWaiting, headers: headersOf(options) });
  const connection = connect(parseServerUrl(url), options);
  return new Client({
    connection,
    calls,
    models: new Map(),
    limitsOf: (call, isStream) => limitsOf(options, call, isStream),
  });
}

export function overHttp(
  { protocol, host, port, basePath }: ServerUrl,
  options: ClientOptions,
  makeTransport: (options: TransportOptions) => HttpTransport,
  generate?: HttpConnectionOptions["generate"],
): Connection {
  if (protocol.startsWith("grpc")) {
    throw invalid(`${protocol}:// needs createClient of shoal/client/grpc`);
  }
  const { connectTimeoutMs = 5000, maxResponseBytes = 2 ** 30 } = options;
  const { format = "binary", compression = {} } = options;
  const baseUrl = `${protocol}://${host}:${port}${basePath}`;
  const transport = makeTransport({ baseUrl, connectTimeoutMs, maxResponseBytes });
  return new HttpConnection({ transport, format, compression, maxResponseBytes, generate });
}

/** Asked before each attempt. */
function headersOf({ headers = {}, token }: ClientOptions): CallsOptions["headers"] {
  const own = lowerCased(headers);
  const withToken = (current: string) => ({ ...own, authorization: `Bearer ${current}` });
  if (typeof token === "function") return async () => withToken(await token());
  const all = token === undefined ? own : withToken(token);
  return () => all;
}

function limitsOf(client: ClientOptions, call: CallOptions, isStream = false): CallLimits {
  const limit = (name: "requestTimeoutMs" | "totalTimeoutMs" | "maxRetries", usual: number) => {
    return call[name] ?? client[name] ?? usual;
  };
  return {
    signal: call.signal,
    requestTimeoutMs: limit("requestTimeoutMs", 60_000),
    totalTimeoutMs: limit("totalTimeoutMs", isStream ? Number.POSITIVE_INFINITY : 180_000),
    maxRetries: limit("maxRetries", 2),
  };
}
