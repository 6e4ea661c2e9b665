/**
 * Channel: one connection of gRPC to a server, and calls over it: bytes both ways.
 *
 * A call waits until there is a connection, or it is known that there is none; so a failure before
 * that has sent nothing. grpc-js does not try again what we try again (calls.ts).
 */
import { createSecureContext } from "node:tls";
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  connectivityState,
  credentials,
  Metadata,
} from "@grpc/grpc-js";
import type { MessagePieces } from "../protocol/message-pieces.ts";
import { ClientError, invalid } from "./client-error.ts";
import type { Sent } from "./connection.ts";
import { grpcError } from "./grpc-errors.ts";
import { toSendable } from "./grpc-messages.ts";
import type { GrpcChannelOptions } from "./grpc-options.ts";
import type { TlsOptions } from "./node-transport.ts";

export interface UnaryAnswer {
  readonly bytes: Uint8Array;
  readonly trailers: Metadata;
}

const path = "/inference.GRPCInferenceService/";

/** grpc-js's numbers. */
const algorithms = { none: 0, deflate: 1, gzip: 2 } as const;

export class GrpcChannel {
  readonly #options: GrpcChannelOptions;
  readonly #client: Client;
  #connecting: Promise<void> | undefined;
  #isClosed = false;

  /** Connects when it is first used. */
  constructor(options: GrpcChannelOptions) {
    this.#options = options;
    this.#client = new Client(options.address, credentialsOf(options.tls), channelOptions(options));
  }

  async unary(name: string, message: MessagePieces, sent: Sent): Promise<UnaryAnswer> {
    await this.connected(sent.signal);
    const { compression } = this.#options;
    const { signal, headers } = sent;
    const metadata = toMetadata(headers);
    return await new Promise((resolve, reject) => {
      let bytes = new Uint8Array(0);
      const call = this.#client.makeUnaryRequest(
        path + name,
        asItIs,
        asItIs,
        toSendable(message, compression !== "none"),
        metadata,
        (error, answer) => {
          signal.removeEventListener("abort", abort);
          if (error !== null) reject(grpcError(error, this.#options));
          else if (answer !== undefined) bytes = answer as Uint8Array<ArrayBuffer>;
        },
      );
      const abort = (): void => {
        reject(signal.reason);
        call.cancel();
      };
      // After the callback.
      call.on("status", (status) => resolve({ bytes, trailers: status.metadata }));
      signal.addEventListener("abort", abort, { once: true });
    });
  }

  /** Within the same turn as `connected`. */
  duplex(name: string, headers: Sent["headers"]): ClientDuplexStream<MessagePieces, Uint8Array> {
    const isCompressed = this.#options.compression !== "none";
    const serialize = (message: MessagePieces): Buffer => toSendable(message, isCompressed);
    const metadata = toMetadata(headers);
    return this.#client.makeBidiStreamRequest(path + name, serialize, asItIs, metadata);
  }

  /** Resolves also when it is known that there is no connection: the call will say why. */
  async connected(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#isSettled()) return;
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    let abort = (): void => {};
    const aborted = new Promise<never>((_resolve, reject) => {
      abort = () => reject(signal.reason);
      signal.addEventListener("abort", abort, { once: true });
    });
    try {
      await Promise.race([this.#connecting, aborted]);
      signal.throwIfAborted();
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#client.close();
  }

  async #connect(): Promise<void> {
    const { connectTimeoutMs } = this.#options;
    const deadline = new Date(Date.now() + Math.min(connectTimeoutMs, 2 ** 31 - 1));
    while (!this.#isSettled()) await this.#stateChange(deadline);
  }

  #stateChange(deadline: Date): Promise<void> {
    const channel = this.#client.getChannel();
    return new Promise((resolve, reject) => {
      channel.watchConnectivityState(channel.getConnectivityState(false), deadline, (late) => {
        const { connectTimeoutMs } = this.#options;
        const why = `no connection within ${connectTimeoutMs} ms (option 'connectTimeoutMs')`;
        if (late === undefined) resolve();
        else reject(new ClientError("timeout", why, { isRetrySafe: true }));
      });
    });
  }

  #isSettled(): boolean {
    if (this.#isClosed) throw new ClientError("cancelled", "the client was closed");
    const state = this.#client.getChannel().getConnectivityState(true);
    return state === connectivityState.READY || state === connectivityState.TRANSIENT_FAILURE;
  }
}

function asItIs(bytes: Buffer): Buffer {
  return bytes;
}

function channelOptions({
  tls,
  maxResponseBytes,
  compression,
}: GrpcChannelOptions): ChannelOptions {
  return {
    "grpc.max_receive_message_length": Number.isFinite(maxResponseBytes) ? maxResponseBytes : -1,
    "grpc.max_send_message_length": -1,
    "grpc.default_compression_algorithm": algorithms[compression],
    "grpc.enable_retries": 0,
    "grpc.service_config_disable_resolution": 1,
    // A server that starts, or starts again, is found soon.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
    "grpc.dns_min_time_between_resolutions_ms": 1000,
    // Closed together with this client.
    "grpc.use_local_subchannel_pool": 1,
    ...(tls?.servername !== undefined && { "grpc.ssl_target_name_override": tls.servername }),
  };
}

/** Throws a ClientError if a certificate is none. */
function credentialsOf(tls: TlsOptions | undefined): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  const { rejectUnauthorized = true, servername: _, ...files } = tls;
  try {
    return credentials.createFromSecureContext(createSecureContext(files), { rejectUnauthorized });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ClientError("invalid", `createClient: option 'tls': ${why}`, { cause });
  }
}

function toMetadata(headers: Sent["headers"]): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    try {
      // With a colon one would be the protocol's own, or break the connection.
      if (name.includes(":")) throw new TypeError(name);
      metadata.set(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
    } catch {
      // Its value may be a secret.
      throw invalid(`option 'headers' or 'token': header '${name}' cannot be sent over gRPC`);
    }
  }
  return metadata;
}
