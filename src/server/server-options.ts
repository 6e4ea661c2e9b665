/**
 * Server options: what can be set, and what holds if nothing is.
 *
 * One table for `createServer` and `serve`, for the flags of the command line and for the
 * environment: a row here is an option everywhere.
 *
 * Not here: what is refused (resolve-server-options.ts), values of each kind (option-values.ts),
 * how flags are read (cli/flags.ts), options of a model (protocol/model-options.ts).
 */
import { totalmem } from "node:os";
import type { CompressionLevel } from "../frontends/grpc/message-compression.ts";
import type { LogFormat } from "./logger.ts";
import type { OptionSpec } from "./option-values.ts";
import { closesNothing, type SecurityOptions } from "./security-options.ts";

export interface ServerOptions {
  /** Name of the server in its metadata; default "triton", which clients compare. */
  readonly id?: string;
  /** Folders of models, as Triton has them; default none. */
  readonly modelRepository?: string | readonly string[];
  /**
   * Models of repositories: "none": all are loaded, and stay; "explicit": those of `loadModel`, and
   * clients may load and unload; "poll": all, and what changes in the folders. Default "none".
   */
  readonly modelControlMode?: "none" | "explicit" | "poll";
  /** Pause after which folders are looked at again; default 15. */
  readonly repositoryPollSecs?: number;
  /**
   * Default false; true, for development: as "poll", with a look twice a second. Not with
   * "explicit".
   */
  readonly watch?: boolean;
  /** Names of models that are loaded at the start where control is explicit; "*" alone: all. */
  readonly loadModel?: string | readonly string[];
  /** Default false: what a configuration does not say is read from the model. */
  readonly disableAutoCompleteConfig?: boolean;
  /** `configs/<name>.pbtxt` is a model's configuration, where it is there; default "": none. */
  readonly modelConfigName?: string;
  /** Versions of models in repositories that load at once; default 4. */
  readonly modelLoadThreadCount?: number;
  /** How often more one of them is tried that has failed to load; default 0. */
  readonly modelLoadRetryCount?: number;
  /** As Triton writes it: `default-max-batch-size=N`, or with a backend and a comma before it. */
  readonly backendConfig?: string | readonly string[];
  /** Default true. */
  readonly allowHttp?: boolean;
  /** Default 8000; 0: any that is free. */
  readonly httpPort?: number;
  /** Default false; true: other servers may listen there, too. Node.js 22.12 or later, Linux. */
  readonly reuseHttpPort?: boolean;
  /** Default "0.0.0.0": all of this machine. */
  readonly httpAddress?: string;
  /** Largest JSON, JSON input or decompressed body of a request; default 64 MiB. */
  readonly maxInputBytes?: number;
  /** Largest body of a request; default 64 MiB, or `maxInputBytes` if that is more. */
  readonly maxBodyBytes?: number;
  /** Origins whose pages may call: a list, separated by commas, or "*"; default none. */
  readonly cors?: string;
  /** Headers whose names it matches become parameters of requests: a regular expression. */
  readonly httpHeaderForwardPattern?: string;
  /** Closes groups of endpoints, over HTTP and gRPC, to whoever does not send a token. */
  readonly security?: SecurityOptions;
  /** The same for HTTP alone, as Triton writes it: `group[,group]:header=value`. */
  readonly httpRestrictedApi?: string | readonly string[];
  /** The same for gRPC alone: the key of the metadata is `triton-grpc-protocol-` and the header. */
  readonly grpcRestrictedProtocol?: string | readonly string[];
  /** Default true. */
  readonly allowGrpc?: boolean;
  /** Default 8001; 0: any that is free. */
  readonly grpcPort?: number;
  /** As `reuseHttpPort`. */
  readonly reuseGrpcPort?: boolean;
  /** Default: `httpAddress`. */
  readonly grpcAddress?: string;
  /** Default true: tools may ask which calls there are. */
  readonly grpcReflection?: boolean;
  /** Default false: gRPC without TLS. */
  readonly grpcUseSsl?: boolean;
  /** Default false; true: TLS, and clients must have a certificate that the root knows. */
  readonly grpcUseSslMutual?: boolean;
  /** PEM file of the certificate, and of those between it and the root. */
  readonly grpcServerCert?: string;
  /** PEM file of the private key. */
  readonly grpcServerKey?: string;
  /** PEM file of the certificates that clients' certificates are checked with. */
  readonly grpcRootCert?: string;
  /** Of the responses of inference; default "none". */
  readonly grpcInferResponseCompressionLevel?: CompressionLevel;
  /** As `httpHeaderForwardPattern`, for the metadata of calls. */
  readonly grpcHeaderForwardPattern?: string;
  /** Pause after which a silent connection is asked for a sign of life; default two hours. */
  readonly grpcKeepaliveTimeMs?: number;
  /** Longest wait for that sign; default 20,000. */
  readonly grpcKeepaliveTimeoutMs?: number;
  /** Longest life of a connection; default 0: as long as its client likes. */
  readonly grpcMaxConnectionAgeMs?: number;
  /** Longest time for its calls to finish then; default 0: as long as they take. */
  readonly grpcMaxConnectionAgeGraceMs?: number;
  /** Default true. */
  readonly allowMetrics?: boolean;
  /** Default 8002; 0: any that is free. */
  readonly metricsPort?: number;
  /** Default: `httpAddress`. */
  readonly metricsAddress?: string;
  /** Default true. */
  readonly allowCpuMetrics?: boolean;
  /**
   * Default true: a model that fails to load keeps the server from starting. False: it starts
   * without it, and `ready` resolves.
   */
  readonly exitOnError?: boolean;
  /** Default true: it says that it is ready while all models are; false: whatever they are. */
  readonly strictReadiness?: boolean;
  /**
   * What a model that cannot go on takes out of service: itself, or the server, which drains and
   * stops, so that whoever watches it starts it again. Default "model".
   */
  readonly onUnrecoverable?: "model" | "server";
  /** Longest time to finish running requests when stopping; default 30. */
  readonly exitTimeoutSecs?: number;
  /**
   * Longest time that the reader of a stream may take nothing before it is cut off; default 60,
   * 0: it is waited for.
   */
  readonly stallTimeoutSecs?: number;
  /**
   * Bytes of inputs that may wait, all models together, and as many of bodies that are being
   * received; default a quarter of memory, at most 1 GiB.
   */
  readonly maxWaitingBytes?: number;
  /** Bytes of answers that models with `cache` keep, all together; default 64 MiB; 0: none. */
  readonly cacheBytes?: number;
  /** Longest time an inline model may hold the event loop before the log names it; default 50. */
  readonly blockingThresholdMs?: number;
  /** Default 0; 1: a line per request. */
  readonly logVerbose?: number;
  readonly logInfo?: boolean;
  readonly logWarning?: boolean;
  readonly logError?: boolean;
  readonly logFormat?: LogFormat;
  /** Default "": to stdout and stderr. */
  readonly logFile?: string;
  /** Default false: lines for people. */
  readonly jsonLogs?: boolean;
}

export type ResolvedServerOptions = Required<ServerOptions>;

export const serverOptionSpecs: {
  readonly [Name in keyof ResolvedServerOptions]: OptionSpec;
} = {
  id: { kind: "text", default: "triton", means: "name of the server in its metadata" },
  modelRepository: { kind: "names", default: [], means: "folder of models; may be repeated" },
  modelControlMode: {
    kind: "control",
    default: "none",
    means: "what loads models of repositories while the server runs",
  },
  repositoryPollSecs: {
    kind: "number",
    default: 15,
    means: "pause after which repositories are looked at again, in mode poll",
  },
  watch: {
    kind: "flag",
    default: false,
    means: "for development: load models of repositories anew as soon as their files change",
  },
  loadModel: {
    kind: "names",
    default: [],
    means: "model to load at the start, in mode explicit; may be repeated; * alone: all",
  },
  disableAutoCompleteConfig: {
    kind: "flag",
    default: false,
    means: "take configurations as they are, without what the model says of itself",
  },
  modelConfigName: {
    kind: "text",
    default: "",
    means: "name of the configurations to take, in each model's folder configs",
  },
  modelLoadThreadCount: {
    kind: "positive",
    default: 4,
    means: "versions of models in repositories that load at once",
  },
  modelLoadRetryCount: {
    kind: "count",
    default: 0,
    means: "how often more a version is tried that has failed to load",
  },
  backendConfig: {
    kind: "backend",
    default: [],
    means: "setting of a backend: [BACKEND,]default-max-batch-size=N; may be repeated",
  },
  allowHttp: { kind: "flag", default: true, means: "serve HTTP" },
  httpPort: { kind: "port", default: 8000, means: "port for HTTP; 0: any that is free" },
  reuseHttpPort: { kind: "flag", default: false, means: "share the port with other servers" },
  httpAddress: { kind: "text", default: "0.0.0.0", means: "address for HTTP" },
  maxInputBytes: {
    kind: "size",
    default: 64 * 1024 * 1024,
    means: "largest JSON, JSON input or decompressed body of a request, in bytes",
    flag: "http-max-input-size",
  },
  maxBodyBytes: {
    kind: "size",
    default: 64 * 1024 * 1024,
    means: "largest body of a request, in bytes",
    flag: "max-body-size",
  },
  cors: { kind: "text", default: "", means: "origins whose pages may call, or *" },
  httpHeaderForwardPattern: {
    kind: "pattern",
    default: "",
    means: "HTTP headers whose names it matches become parameters of requests",
  },
  security: {
    kind: "security",
    default: closesNothing,
    means: "groups of endpoints that are closed to whoever does not send a token",
  },
  httpRestrictedApi: {
    kind: "restriction",
    default: [],
    means: "groups of HTTP endpoints that want a header: group[,group]:header=value",
  },
  grpcRestrictedProtocol: {
    kind: "restriction",
    default: [],
    means: "groups of gRPC calls that want a header: group[,group]:header=value",
  },
  allowGrpc: { kind: "flag", default: true, means: "serve gRPC" },
  grpcPort: { kind: "port", default: 8001, means: "port for gRPC; 0: any that is free" },
  reuseGrpcPort: { kind: "flag", default: false, means: "share the port with other servers" },
  grpcAddress: { kind: "text", default: "", means: "address for gRPC, if another" },
  grpcReflection: { kind: "flag", default: true, means: "tell tools which gRPC calls there are" },
  grpcUseSsl: { kind: "flag", default: false, means: "gRPC over TLS" },
  grpcUseSslMutual: {
    kind: "flag",
    default: false,
    means: "gRPC over TLS, for clients that have a certificate",
  },
  grpcServerCert: { kind: "text", default: "", means: "PEM file of the certificate for gRPC" },
  grpcServerKey: { kind: "text", default: "", means: "PEM file of the private key for gRPC" },
  grpcRootCert: {
    kind: "text",
    default: "",
    means: "PEM file of the certificates that those of clients are checked with",
  },
  grpcInferResponseCompressionLevel: {
    kind: "level",
    default: "none",
    means: "compression of inference responses over gRPC",
  },
  grpcHeaderForwardPattern: {
    kind: "pattern",
    default: "",
    means: "gRPC metadata whose keys it matches become parameters of requests",
  },
  grpcKeepaliveTimeMs: {
    kind: "count",
    default: 7_200_000,
    means: "milliseconds after which a silent gRPC connection is asked for a sign of life",
    flag: "grpc-keepalive-time",
  },
  grpcKeepaliveTimeoutMs: {
    kind: "count",
    default: 20_000,
    means: "longest wait for that sign, in milliseconds",
    flag: "grpc-keepalive-timeout",
  },
  grpcMaxConnectionAgeMs: {
    kind: "count",
    default: 0,
    means: "longest life of a gRPC connection, in milliseconds; 0: any",
    flag: "grpc-max-connection-age",
  },
  grpcMaxConnectionAgeGraceMs: {
    kind: "count",
    default: 0,
    means: "longest time for its calls to finish then, in milliseconds; 0: any",
    flag: "grpc-max-connection-age-grace",
  },
  allowMetrics: { kind: "flag", default: true, means: "serve the metrics page" },
  metricsPort: { kind: "port", default: 8002, means: "port for metrics; 0: any that is free" },
  metricsAddress: { kind: "text", default: "", means: "address for metrics, if another" },
  allowCpuMetrics: { kind: "flag", default: true, means: "tell processor and memory use" },
  exitOnError: {
    kind: "flag",
    default: true,
    means: "do not start if a model fails to load; false: start without it",
  },
  strictReadiness: {
    kind: "flag",
    default: true,
    means: "be ready only while all models are; false: whatever they are",
  },
  onUnrecoverable: {
    kind: "scope",
    default: "model",
    means: "what a model that cannot go on takes out of service: itself or the server",
  },
  exitTimeoutSecs: {
    kind: "number",
    default: 30,
    means: "longest time to finish running requests when stopping",
  },
  stallTimeoutSecs: {
    kind: "number",
    default: 60,
    means: "longest time that the reader of a stream may take nothing; 0: no limit",
  },
  maxWaitingBytes: {
    kind: "count",
    default: defaultMaxWaitingBytes(),
    means: "bytes of inputs that may wait, all models together",
  },
  cacheBytes: {
    kind: "count",
    default: 64 * 1024 * 1024,
    means: "bytes of answers that models with a cache keep, all together; 0: none",
    flag: "response-cache-byte-size",
  },
  blockingThresholdMs: {
    kind: "number",
    default: 50,
    means: "longest time an inline model may hold the event loop unnoticed",
  },
  logVerbose: { kind: "count", default: 0, means: "1: a line for each request" },
  logInfo: { kind: "flag", default: true, means: "log what happens" },
  logWarning: { kind: "flag", default: true, means: "log warnings" },
  logError: { kind: "flag", default: true, means: "log errors" },
  logFormat: { kind: "format", default: "default", means: "how a line of the log begins" },
  logFile: { kind: "text", default: "", means: "write the log to this file" },
  jsonLogs: { kind: "flag", default: false, means: "log JSON objects, one a line" },
};

/** A quarter of memory, at most 1 GiB; in a container, of what the container may have. */
function defaultMaxWaitingBytes(): number {
  const constrainedBytes = process.constrainedMemory?.() ?? 0;
  const memoryBytes = constrainedBytes > 0 ? Math.min(constrainedBytes, totalmem()) : totalmem();
  return Math.min(Math.floor(memoryBytes / 4), 2 ** 30);
}
