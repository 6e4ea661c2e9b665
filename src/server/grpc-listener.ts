/**
 * gRPC listener: a plain TCP server whose connections go to the gRPC frontend, with or without TLS.
 *
 * gRPC itself is imported when the first connection comes, which waits for it: a server that nobody
 * calls over gRPC starts faster, and is smaller. With TLS it is imported before the port opens,
 * because only then is it known whether the certificates are right.
 *
 * To drain is to accept no more connections, and to let streams that last end when what runs on
 * them has. Others go on meanwhile, and are told that the server exits. When the core has nothing
 * left, every connection closes with its last call.
 */
import { createServer, type Socket } from "node:net";
import type { GrpcFrontend } from "../frontends/grpc/grpc-frontend.ts";
import { Listener } from "./listener.ts";
import type { GrpcServices } from "./make-grpc-frontend.ts";
import type { ResolvedServerOptions } from "./server-options.ts";

export class GrpcListener extends Listener {
  readonly #options: ResolvedServerOptions;
  readonly #services: GrpcServices;
  #frontend: GrpcFrontend | undefined = undefined;
  #importing: Promise<GrpcFrontend> | undefined = undefined;

  constructor(options: ResolvedServerOptions, services: GrpcServices) {
    const server = createServer({ noDelay: true });
    super(server, {
      what: "gRPC",
      address: options.grpcAddress,
      port: options.grpcPort,
      portOption: "grpcPort",
      isShared: options.reuseGrpcPort,
      clock: services.clock,
    });
    this.#options = options;
    this.#services = services;
    server.on("connection", (socket) => this.#accept(socket));
  }

  /** Rejects with one clear line also if TLS is not set up properly. */
  override async open(): Promise<void> {
    const { grpcUseSsl, grpcUseSslMutual } = this.#options;
    if (grpcUseSsl || grpcUseSslMutual) await this.#import();
    await super.open();
  }

  /** Resolves when the last connection has ended. `hasDrained`: the core has nothing left. */
  async drain(hasDrained: Promise<void>): Promise<void> {
    await this.stopAccepting();
    await this.#importing?.catch(() => {});
    this.#frontend?.stopStreams();
    await hasDrained;
    this.#frontend?.closeConnections();
    await this.whenClosed(() => {});
  }

  #accept(socket: Socket): void {
    if (this.#frontend !== undefined) {
      this.#frontend.accept(socket);
      return;
    }
    socket.on("error", () => {}); // It may be reset before anybody reads it.
    this.#import().then(
      (frontend) => {
        if (!socket.destroyed) frontend.accept(socket);
      },
      (error: unknown) => {
        this.#services.log.error("gRPC cannot be served", { error });
        socket.destroy();
      },
    );
  }

  #import(): Promise<GrpcFrontend> {
    this.#importing ??= import("./make-grpc-frontend.ts")
      .then(({ makeGrpcFrontend }) => {
        this.#frontend = makeGrpcFrontend(this.#options, this.#services);
        return this.#frontend;
      })
      .catch((error: unknown) => {
        this.#importing = undefined; // A file that was wrong may be right the next time.
        throw error;
      });
    return this.#importing;
  }
}
