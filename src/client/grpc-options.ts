/** What a connection over gRPC is made of. Types only. */
import type { TlsOptions } from "./node-transport.ts";

export interface GrpcChannelOptions {
  /** Host and port. */
  readonly address: string;
  /** Undefined: in plain text. */
  readonly tls: TlsOptions | undefined;
  readonly connectTimeoutMs: number;
  readonly maxResponseBytes: number;
  readonly compression: "none" | "gzip" | "deflate";
}
