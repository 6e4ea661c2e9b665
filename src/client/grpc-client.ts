/** createClient over gRPC; with a URL of HTTP as that of `shoal/client` in Node. */
import { clientKinds } from "./call-options.ts";
import type { Client } from "./client.ts";
import { invalid } from "./client-error.ts";
import { clientOver } from "./create-client.ts";
import { GrpcConnection } from "./grpc-connection.ts";
import { type NodeClientOptions, overNode } from "./node-client.ts";

/**
 * Connects when it is first used. Throws a ClientError if an option, or the URL, is wrong. Of the
 * options `format` means nothing over gRPC, and the server decides whether it compresses answers.
 */
export function createClient(url: string | URL, options: NodeClientOptions = {}): Client {
  const kinds = { ...clientKinds, tls: "object" };
  return clientOver(url, options, kinds, (server, { tls = {} }) => {
    const { protocol, host, port, basePath } = server;
    if (protocol === "http" || protocol === "https") {
      return overNode(server, options, tls);
    }
    if (basePath !== "") throw invalid(`no URL of a server: gRPC has no path '${basePath}'`);
    const { connectTimeoutMs = 5000, maxResponseBytes = 2 ** 30, compression } = options;
    return new GrpcConnection({
      address: `${host}:${port}`,
      tls: protocol === "grpcs" ? tls : undefined,
      connectTimeoutMs,
      maxResponseBytes,
      compression: compression?.request ?? "none",
    });
  });
}
