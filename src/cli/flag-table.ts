/**
 * Flag table: every flag of `shoal serve`, ours and Triton's, and what becomes of it.
 *
 *   option     sets an option of the server, which says what is valid (server/server-options.ts)
 *   accepted   means nothing here: is checked, named in one line, and changes nothing
 *   refused    cannot be meant here: the start fails, with the reason
 *   not yet    the same, until what it needs is there
 *
 * From it come parsing, variables of the environment, help, errors, and, compared by a test, the
 * tables of the documents. A flag that is refused may still be given the value that it has without
 * it: `--allow-client-shm=false` asks for nothing.
 *
 * Not here: how a value is read (flag-values.ts), flags that exclude each other (flags.ts).
 */
import type { OptionValue } from "../server/option-values.ts";
import { type ServerOptions, serverOptionSpecs } from "../server/server-options.ts";
import type { FlagKind } from "./flag-values.ts";
import { type SecurityValues, tokenVariable } from "./security-flags.ts";

export interface Flag {
  /** Without the dashes. */
  readonly flag: string;
  readonly kind: FlagKind;
  /** What holds without it; undefined: nothing that could be written. */
  readonly default: OptionValue | undefined;
  /** Its line of help; of what is accepted why it has no effect, of what is refused why so. */
  readonly means: string;
  readonly status: "option" | "accepted" | "refused" | "not yet";
  /** Of status "option". */
  readonly option?: keyof ServerOptions;
  /** It sets only this part of it (security-flags.ts). */
  readonly part?: string;
}

export interface FlagGroup {
  readonly title: string;
  readonly flags: readonly Flag[];
}

/** Reasons that several flags share. */
const pools = "requests are served without pools of threads or objects to size";
const pings = "pings of clients are answered, and not counted";
const gpus = "memory and metrics of GPUs are onnxruntime's and the driver's";
const libraries = "backends, agents and caches are no libraries that have to be found";
const traces = "traces";
const rateLimits = "rate limits";
const sagemaker = "the routes of SageMaker";
const vertex = "the routes of Vertex AI";

/** Where two flags set the same option, the later one here goes first. */
export const flagGroups: readonly FlagGroup[] = [
  {
    title: "Server",
    flags: [
      option("id"),
      option("httpAddress", { flag: "host", means: "address for HTTP, gRPC and metrics" }),
      option("exitOnError"),
      option("strictReadiness"),
      option("exitTimeoutSecs"),
      option("onUnrecoverable"),
      option("stallTimeoutSecs"),
      option("maxWaitingBytes"),
      option("blockingThresholdMs"),
    ],
  },
  {
    title: "Models",
    flags: [
      option("modelRepository", { flag: "model-store", means: "old name of the next one" }),
      option("modelRepository"),
      option("modelControlMode"),
      option("repositoryPollSecs"),
      option("watch"),
      option("loadModel"),
      option("disableAutoCompleteConfig", {
        flag: "strict-model-config",
        means: "old name of the next one",
      }),
      option("disableAutoCompleteConfig"),
      option("modelConfigName", { kind: "name", default: undefined }),
      option("modelLoadThreadCount"),
      option("modelLoadRetryCount"),
      option("backendConfig"),
      refused("model-namespacing", "flag", "a name means one model in all repositories", false),
      accepted("backend-directory", "text", libraries),
      accepted("repoagent-directory", "text", libraries),
      notYet("rate-limit", "limiter", rateLimits, "off"),
      notYet("rate-limit-resource", "name", rateLimits),
    ],
  },
  {
    title: "HTTP",
    flags: [
      option("allowHttp"),
      option("httpAddress"),
      option("httpPort"),
      option("reuseHttpPort"),
      option("maxInputBytes"),
      option("maxBodyBytes"),
      option("cors"),
      option("httpHeaderForwardPattern"),
      option("httpRestrictedApi"),
      accepted("http-thread-count", "count", pools),
    ],
  },
  {
    title: "gRPC",
    flags: [
      option("allowGrpc"),
      option("grpcAddress"),
      option("grpcPort"),
      option("reuseGrpcPort"),
      option("grpcReflection"),
      option("grpcUseSsl"),
      option("grpcUseSslMutual"),
      option("grpcServerCert"),
      option("grpcServerKey"),
      option("grpcRootCert"),
      option("grpcInferResponseCompressionLevel"),
      option("grpcHeaderForwardPattern"),
      option("grpcKeepaliveTimeMs"),
      option("grpcKeepaliveTimeoutMs"),
      option("grpcMaxConnectionAgeMs"),
      option("grpcMaxConnectionAgeGraceMs"),
      option("grpcRestrictedProtocol"),
      accepted("grpc-infer-thread-count", "count", pools),
      accepted("grpc-infer-allocation-pool-size", "count", pools),
      accepted("grpc-max-response-pool-size", "count", pools),
      accepted("grpc-keepalive-permit-without-calls", "flag", pings),
      accepted("grpc-http2-max-pings-without-data", "count", pings),
      accepted("grpc-http2-min-recv-ping-interval-without-data", "count", pings),
      accepted("grpc-http2-max-ping-strikes", "count", pings),
    ],
  },
  {
    title: "Closed groups of endpoints",
    flags: [
      security("header", "header that has the token; without it: triton-access-token"),
      security("token-file", `file with the token; without it: the variable ${tokenVariable}`),
      security("groups", "groups, separated by commas, closed to whoever sends no token"),
    ],
  },
  {
    title: "Metrics",
    flags: [
      option("allowMetrics"),
      option("metricsAddress"),
      option("metricsPort"),
      option("allowCpuMetrics"),
      accepted("metrics-interval-ms", "number", "metrics are read when somebody asks for them"),
      notYet("metrics-config", "name", "settings of metrics"),
      accepted("allow-gpu-metrics", "flag", gpus),
    ],
  },
  {
    title: "Log",
    flags: [
      option("logInfo"),
      option("logWarning"),
      option("logError"),
      option("logVerbose", { kind: "verbosity" }),
      option("logFormat"),
      option("logFile"),
      option("jsonLogs"),
      notYet("trace-config", "name", traces, "level=OFF"),
      notYet("trace-level", "trace", traces, "OFF"),
      notYet("trace-file", "name", traces),
      notYet("trace-rate", "count", traces, 1000),
      notYet("trace-count", "integer", traces, -1),
      notYet("trace-log-frequency", "count", traces, 0),
    ],
  },
  {
    title: "Cache",
    flags: [
      option("cacheBytes", {
        flag: "cache-config",
        kind: "cache",
        default: undefined,
        means: "the next one, as Triton writes it",
      }),
      option("cacheBytes"),
      accepted("cache-directory", "text", libraries),
    ],
  },
  {
    title: "Memory and devices",
    flags: [
      accepted("buffer-manager-thread-count", "count", pools),
      accepted("host-policy", "text", "the system places threads and memory"),
      accepted("pinned-memory-pool-byte-size", "count", gpus),
      accepted("cuda-memory-pool-byte-size", "text", gpus),
      accepted("cuda-virtual-address-size", "text", gpus),
      accepted("min-supported-compute-capability", "number", gpus),
      accepted("model-load-gpu-limit", "text", gpus),
      accepted("enable-peer-access", "flag", gpus),
      notYet("allow-client-shm", "flag", "shared memory of clients", false),
    ],
  },
  {
    title: "Clouds",
    flags: [
      notYet("allow-sagemaker", "flag", sagemaker, false),
      notYet("sagemaker-port", "port", sagemaker, 8080),
      notYet("sagemaker-safe-port-range", "name", sagemaker),
      notYet("sagemaker-thread-count", "count", sagemaker, 8),
      notYet("allow-vertex-ai", "flag", vertex, false),
      notYet("vertex-ai-port", "port", vertex, 8080),
      notYet("vertex-ai-thread-count", "count", vertex, 8),
      notYet("vertex-ai-default-model", "name", vertex),
    ],
  },
];

export const serveFlags: readonly Flag[] = flagGroups.flatMap(({ flags }) => flags);

/** What is not said here, the option says. */
function option(
  name: keyof ServerOptions,
  said: Partial<Pick<Flag, "flag" | "kind" | "default" | "means">> = {},
): Flag {
  const { kind, default: value, means, flag = kebab(name) } = serverOptionSpecs[name];
  return { flag, kind, default: value, means, ...said, status: "option", option: name };
}

function security(part: keyof SecurityValues, means: string): Flag {
  return {
    ...option("security", { flag: `security-${part}`, kind: "text", default: "", means }),
    part,
  };
}

function accepted(flag: string, kind: FlagKind, means: string): Flag {
  return { flag, kind, default: undefined, means, status: "accepted" };
}

function refused(flag: string, kind: FlagKind, means: string, value?: OptionValue): Flag {
  return { flag, kind, default: value, means, status: "refused" };
}

function notYet(flag: string, kind: FlagKind, means: string, value?: OptionValue): Flag {
  return { flag, kind, default: value, means, status: "not yet" };
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
