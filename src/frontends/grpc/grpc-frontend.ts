/**
 * gRPC frontend: the services of the protocol on grpc-js, for connections that somebody else
 * accepts.
 *
 *   socket ──> injector ──> HTTP/2 (Node) ──> calls (grpc-js) ──> handlers here ──> core
 *
 * It decides nothing: look-up, states and errors are the core's.
 *
 * Not here: listening, TLS files (server/grpc-listener.ts), what a call does (infer-call.ts,
 * stream-call.ts, service-calls.ts, health-calls.ts, reflection-calls.ts), who may call
 * (restricted-calls.ts).
 */
import { randomBytes } from "node:crypto";
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Duplex } from "node:stream";
import {
  type ConnectionInjector,
  Server,
  type ServerCredentials,
  type ServerDuplexStream,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { errorCodes } from "../../protocol/errors.ts";
import { inference } from "../../protocol/generated/messages.js";
import { servicePath } from "../endpoint-groups.ts";
import { countArrivingBytes } from "./arriving-bytes.ts";
import { delayAnswers } from "./delayed-answers.ts";
import {
  dropHugeTimeout,
  http2ServerOf,
  http2StreamOf,
  knowsPath,
  limitCalls,
} from "./grpc-internals.ts";
import type { GrpcOptions } from "./grpc-options.ts";
import { addHealthCalls } from "./health-calls.ts";
import { InferCall, type UnaryInfer } from "./infer-call.ts";
import { MessageCompression } from "./message-compression.ts";
import { OpenStreams } from "./open-streams.ts";
import { addReflectionCalls } from "./reflection-calls.ts";
import { RequestScope } from "./request-scope.ts";
import { addRestrictedCalls } from "./restricted-calls.ts";
import { addServiceCalls } from "./service-calls.ts";
import { type InferStreamCall, StreamCall } from "./stream-call.ts";
import { StreamResets } from "./stream-resets.ts";
import { deserializer, serializeSendable, type WireMessage } from "./wire-message.ts";

/** The largest that gRPC has. */
const mostMessageBytes = 2_147_483_647;
/** More on one connection wait at the client. */
const mostCallsPerConnection = 1000;
/** Stands for all paths that are unknown. */
const unknownPath = "/unknown";

export class GrpcFrontend {
  readonly #options: GrpcOptions;
  readonly #scope: RequestScope;
  readonly #compression: MessageCompression;
  readonly #open: OpenStreams = new OpenStreams();
  readonly #server: Server;
  readonly #injector: ConnectionInjector;
  readonly #sessions: Set<ServerHttp2Session> = new Set();
  readonly #acceptedEncodings: WeakMap<ServerHttp2Stream, string> = new WeakMap();

  constructor(options: GrpcOptions, credentials: ServerCredentials) {
    this.#options = options;
    this.#scope = new RequestScope(options, randomBytes(4).toString("hex"));
    this.#compression = new MessageCompression(options.compression, (call) =>
      this.#acceptedEncodings.get(http2StreamOf(call)),
    );
    const resets = new StreamResets(() => options.clock.nowMs());
    this.#server = new Server(serverOptions(options, resets));
    addServiceCalls(this.#server, options);
    addHealthCalls(this.#server, options, this.#open);
    if (options.hasReflection) addReflectionCalls(this.#server, options, this.#open);
    this.#addInfer();
    this.#addUnknown();
    const restrict = addRestrictedCalls(this.#server, options.restrictions);
    this.#injector = this.#server.createConnectionInjector(credentials);
    const http2Server = http2ServerOf(this.#server);
    http2Server.on("session", (session) => {
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
    });
    http2Server.prependListener("stream", (stream, headers) => {
      resets.watch(stream);
      countArrivingBytes(stream, options.receivedBytes);
      dropHugeTimeout(headers);
      if (!knowsPath(this.#server, headers[":path"])) headers[":path"] = unknownPath;
      restrict(headers);
      const accepted = headers["grpc-accept-encoding"];
      if (typeof accepted === "string") this.#acceptedEncodings.set(stream, accepted);
    });
  }

  /** Of streams that last. */
  get openStreamCount(): number {
    return this.#open.count;
  }

  accept(socket: Duplex): void {
    this.#injector.injectConnection(socket);
  }

  /** Streams that last end as soon as what runs has ended. */
  stopStreams(): void {
    this.#open.stop();
  }

  /** Connections end when the last of their calls has; nothing new is begun on them. */
  closeConnections(): void {
    for (const session of this.#sessions) session.close();
  }

  #addInfer(): void {
    const options = this.#options;
    const handle = (call: UnaryInfer, answer: sendUnaryData<WireMessage>): void => {
      const deadlineMs = this.#deadlineOf(call);
      const parts = { options, scope: this.#scope, compression: this.#compression, deadlineMs };
      new InferCall(call, answer, parts).start();
    };
    const parse = deserializer(inference.ModelInferRequest);
    this.#server.register(`${servicePath}ModelInfer`, handle, serializeSendable, parse, "unary");
    const stream = (call: InferStreamCall): void => {
      new StreamCall(call, {
        options,
        scope: this.#scope,
        compression: this.#compression,
        open: this.#open,
        deadlineMs: this.#deadlineOf(call),
      }).start();
    };
    this.#server.register(
      `${servicePath}ModelStreamInfer`,
      stream,
      serializeSendable,
      parse,
      "bidi",
    );
  }

  /** What is not there is told without words, as by other servers. */
  #addUnknown(): void {
    const refuse = (call: ServerDuplexStream<unknown, never>): void => {
      call.emit("error", { code: errorCodes.UNIMPLEMENTED.grpc, details: "" });
    };
    const nothing = (): Buffer => Buffer.alloc(0);
    this.#server.register(unknownPath, refuse, nothing, nothing, "bidi");
  }

  /** grpc-js counts in milliseconds since 1970. */
  #deadlineOf(call: Pick<UnaryInfer, "getDeadline">): number {
    const deadline = Number(call.getDeadline());
    if (deadline === Number.POSITIVE_INFINITY) return deadline;
    const { clock } = this.#options;
    return clock.nowMs() + (deadline - clock.wallMs());
  }
}

function serverOptions(
  options: GrpcOptions,
  resets: StreamResets,
): ConstructorParameters<typeof Server>[0] {
  const { maxConnectionAgeMs, maxConnectionAgeGraceMs } = options;
  const answerMs = options.delays?.answerMs ?? 0;
  return {
    "grpc.max_receive_message_length": mostMessageBytes,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": mostCallsPerConnection,
    "grpc.keepalive_time_ms": options.keepaliveTimeMs,
    "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs,
    ...(maxConnectionAgeMs > 0 && { "grpc.max_connection_age_ms": maxConnectionAgeMs }),
    ...(maxConnectionAgeGraceMs > 0 && {
      "grpc.max_connection_age_grace_ms": maxConnectionAgeGraceMs,
    }),
    "grpc.enable_channelz": 0,
    interceptors: [
      limitCalls(options.maxInputBytes, (stream) => resets.endsEarly(stream)),
      ...(answerMs > 0 ? [delayAnswers(answerMs, options.clock)] : []),
    ],
  };
}
