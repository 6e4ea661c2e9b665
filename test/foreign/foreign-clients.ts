/** Clients of the server of another maker, whose addresses are scripts/foreign.mjs's. */
import { type Client, createClient } from "shoal/client";
import { createClient as createGrpcClient } from "shoal/client/grpc";

const http = process.env["FOREIGN_HTTP"] ?? "";
const grpc = process.env["FOREIGN_GRPC"] ?? "";

const gzip = { request: "gzip", response: "gzip" } as const;

/** By the way in which they reach it. */
export const ways: Readonly<Record<string, () => Client>> = {
  "HTTP in binary": () => createClient(http),
  "HTTP in JSON": () => createClient(http, { format: "json" }),
  "HTTP with gzip": () => createClient(http, { compression: gzip }),
  gRPC: () => createGrpcClient(grpc),
  "gRPC with gzip": () => createGrpcClient(grpc, { compression: gzip }),
};
