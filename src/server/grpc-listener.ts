/**
 * gRPC listener: a plain TCP server whose connections go to the gRPC frontend, with or without TLS.
 *
 * To drain is to accept no more connections, and to let streams that last end when what runs on them
 * has. Others go on meanwhile, and are told that the server exits. When the core has nothing left,
 * every connection closes with its last call.
 *
 * This file, and gRPC with it, is imported only by a server that has gRPC switched on.
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { ServerCredentials } from "@grpc/grpc-js";
import type { Clock } from "../core/clock.ts";
import { GrpcFrontend } from "../frontends/grpc/grpc-frontend.ts";
import type { GrpcOptions } from "../frontends/grpc/grpc-options.ts";
import { Listener } from "./listener.ts";
import { type ResolvedServerOptions, toPattern } from "./server-options.ts";

type Services = Pick<GrpcOptions, "service" | "clock" | "log" | "receivedBytes">;

const lookAgainMs = 10;

export class GrpcListener extends Listener {
  readonly #frontend: GrpcFrontend;
  readonly #clock: Clock;

  /** Throws one clear line if TLS is not set up properly. */
  constructor(options: ResolvedServerOptions, services: Services) {
    const frontend = makeFrontend(options, services);
    const server = createServer({ noDelay: true }, (socket) => frontend.accept(socket));
    super(server, {
      what: "gRPC",
      address: options.grpcAddress,
      port: options.grpcPort,
      portOption: "grpcPort",
    });
    this.#frontend = frontend;
    this.#clock = services.clock;
  }

  /** Resolves when the last connection has ended. `hasDrained`: the core has nothing left. */
  async drain(hasDrained: Promise<void>): Promise<void> {
    const isClosed = await this.stopAccepting();
    this.#frontend.stopStreams();
    await hasDrained;
    this.#frontend.closeConnections();
    while (!isClosed()) {
      this.dropSilent();
      await new Promise<void>((resolve) => {
        this.#clock.wakeAt(this.#clock.nowMs() + lookAgainMs, resolve);
      });
    }
  }
}

function frontendOptions(options: ResolvedServerOptions, services: Services): GrpcOptions {
  return {
    ...services,
    logsRequests: options.logVerbose > 0,
    maxInputBytes: options.maxInputBytes,
    compression: options.grpcInferResponseCompressionLevel,
    forwardPattern: toPattern(options.grpcHeaderForwardPattern),
    stallTimeoutMs: options.stallTimeoutSecs * 1000,
    hasReflection: options.grpcReflection,
    keepaliveTimeMs: options.grpcKeepaliveTimeMs,
    keepaliveTimeoutMs: options.grpcKeepaliveTimeoutMs,
    maxConnectionAgeMs: options.grpcMaxConnectionAgeMs,
    maxConnectionAgeGraceMs: options.grpcMaxConnectionAgeGraceMs,
  };
}

function makeFrontend(options: ResolvedServerOptions, services: Services): GrpcFrontend {
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

function readPem(option: string, path: string): Buffer {
  if (path === "") throw new Error(`gRPC over TLS needs the file of '${option}'`);
  try {
    return readFileSync(path);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`the file of '${option}' cannot be read: ${why}`, { cause: error });
  }
}
