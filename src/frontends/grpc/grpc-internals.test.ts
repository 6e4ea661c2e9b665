/** What we reach for inside grpc-js is there, in the version that is installed. */
import { strict as check } from "node:assert";
import test from "node:test";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { http2ServerOf } from "./grpc-internals.ts";

test("the HTTP/2 server behind an injector", () => {
  const server = new Server({ "grpc.enable_channelz": 0 });
  server.createConnectionInjector(ServerCredentials.createInsecure());
  check.equal(http2ServerOf(server).constructor.name, "Http2Server");
  server.forceShutdown();
});
