/** A server of a model repository, with a client over HTTP and one over gRPC, until the test ends. */
import type { TestContext } from "node:test";
import { createServer, type Server, type ServerOptions } from "shoal";
import { type Client, type ClientOptions, createClient } from "shoal/client/grpc";

export interface ServedFolder {
  readonly server: Server;
  readonly clients: readonly [overHttp: Client, overGrpc: Client];
}

export async function serveFolder(
  t: TestContext,
  modelRepository: string,
  options: ServerOptions = {},
  clientOptions: ClientOptions = {},
): Promise<ServedFolder> {
  const server = createServer([], {
    httpPort: 0,
    grpcPort: 0,
    allowMetrics: false,
    httpAddress: "127.0.0.1",
    logInfo: false,
    modelRepository,
    ...options,
  });
  await server.ready;
  await server.listen();
  const { http = "", grpc = "" } = server.urls;
  const clients = [
    createClient(http, clientOptions),
    createClient(`grpc://${grpc}`, clientOptions),
  ] as const;
  t.after(async () => {
    for (const client of clients) client.close();
    await server.close();
  });
  return { server, clients };
}
