/**
 * Makes the gRPC frontend of a server from its options, TLS among them. To import this is to import
 * gRPC: that takes a tenth of a second, and memory.
 */
import { readFileSync } from "node:fs";
import { ServerCredentials } from "@grpc/grpc-js";
import { GrpcFrontend } from "../frontends/grpc/grpc-frontend.ts";
import type { GrpcOptions } from "../frontends/grpc/grpc-options.ts";
import { toPattern } from "./forward-pattern.ts";
import type { ResolvedServerOptions } from "./server-options.ts";

export type GrpcServices = Pick<
  GrpcOptions,
  "service" | "clock" | "log" | "receivedBytes" | "restrictions" | "control" | "models" | "delays"
>;

/** Throws one clear line if TLS is not set up properly. */
export function makeGrpcFrontend(
  options: ResolvedServerOptions,
  services: GrpcServices,
): GrpcFrontend {
  const own = frontendOptions(options, services);
  const { grpcUseSsl, grpcUseSslMutual } = options;
  if (!grpcUseSsl && !grpcUseSslMutual) {
    return new GrpcFrontend(own, ServerCredentials.createInsecure());
  }
  const pair = {
    private_key: readPem("grpcServerKey", options.grpcServerKey),
    cert_chain: readPem("grpcServerCert", options.grpcServerCert),
  };
  const hasRoot = grpcUseSslMutual || options.grpcRootCert !== "";
  const root = hasRoot ? readPem("grpcRootCert", options.grpcRootCert) : null;
  try {
    return new GrpcFrontend(own, ServerCredentials.createSsl(root, [pair], grpcUseSslMutual));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`gRPC cannot use these certificates: ${why}`, { cause: error });
  }
}

function frontendOptions(options: ResolvedServerOptions, services: GrpcServices): GrpcOptions {
  return {
    ...services,
    logsRequests: options.logVerbose > 0,
    maxInputBytes: options.maxInputBytes,
    compression: options.grpcInferResponseCompressionLevel,
    forwardPattern: toPattern(
      options.grpcHeaderForwardPattern,
      services.restrictions.secretHeaders,
    ),
    stallTimeoutMs: options.stallTimeoutSecs * 1000,
    hasReflection: options.grpcReflection,
    keepaliveTimeMs: options.grpcKeepaliveTimeMs,
    keepaliveTimeoutMs: options.grpcKeepaliveTimeoutMs,
    maxConnectionAgeMs: options.grpcMaxConnectionAgeMs,
    maxConnectionAgeGraceMs: options.grpcMaxConnectionAgeGraceMs,
  };
}

function readPem(option: string, path: string): Buffer {
  if (path === "") throw new Error(`gRPC over TLS needs the file of '${option}'`);
  try {
    return readFileSync(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the file of '${option}' cannot be read: ${why}`, { cause: error });
  }
}
