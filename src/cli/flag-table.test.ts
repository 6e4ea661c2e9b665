/**
 * The flag table is complete: every option of the server and every flag of Triton's is in it, once.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { serverOptionSpecs } from "../server/server-options.ts";
import { serveFlags } from "./flag-table.ts";
import { placeholderOf, readValue } from "./flag-values.ts";

/** As its `--help` lists them, with those of later versions; `--help` itself aside. */
const tritonFlags = `id exit-timeout-secs
log-verbose log-info log-warning log-error log-format log-file
model-store model-repository exit-on-error disable-auto-complete-config strict-readiness
model-control-mode repository-poll-secs load-model model-load-thread-count
model-load-retry-count model-namespacing model-config-name enable-peer-access
allow-http http-address http-port reuse-http-port http-header-forward-pattern http-thread-count
http-restricted-api http-max-input-size
allow-grpc grpc-address grpc-port reuse-grpc-port grpc-header-forward-pattern
grpc-infer-thread-count grpc-infer-allocation-pool-size grpc-max-response-pool-size
grpc-use-ssl grpc-use-ssl-mutual grpc-server-cert grpc-server-key grpc-root-cert
grpc-infer-response-compression-level grpc-keepalive-time grpc-keepalive-timeout
grpc-keepalive-permit-without-calls grpc-http2-max-pings-without-data
grpc-http2-min-recv-ping-interval-without-data grpc-http2-max-ping-strikes
grpc-max-connection-age grpc-max-connection-age-grace grpc-restricted-protocol
allow-sagemaker sagemaker-port sagemaker-safe-port-range sagemaker-thread-count
allow-vertex-ai vertex-ai-port vertex-ai-thread-count vertex-ai-default-model
allow-metrics allow-gpu-metrics allow-cpu-metrics metrics-address metrics-port
metrics-interval-ms metrics-config
trace-config trace-file trace-level trace-rate trace-count trace-log-frequency
cache-config cache-directory rate-limit rate-limit-resource allow-client-shm
pinned-memory-pool-byte-size cuda-memory-pool-byte-size cuda-virtual-address-size
min-supported-compute-capability buffer-manager-thread-count host-policy model-load-gpu-limit
backend-directory backend-config repoagent-directory strict-model-config
response-cache-byte-size`.split(/\s+/);

test("every flag of Triton's is there", () => {
  const names = serveFlags.map(({ flag }) => flag);
  check.deepEqual(
    tritonFlags.filter((name) => !names.includes(name)),
    [],
  );
});

test("every option of the server has its flag, and no flag stands twice", () => {
  const options = new Set(serveFlags.map(({ option }) => option));
  const without = Object.keys(serverOptionSpecs).filter((name) => !options.has(name as "id"));
  check.deepEqual(without, []);
  const names = serveFlags.map(({ flag }) => flag);
  check.deepEqual(names, [...new Set(names)]);
});

test("what is accepted or refused without an option is a flag of Triton's", () => {
  for (const { flag, status } of serveFlags) {
    check.ok(status === "option" || tritonFlags.includes(flag), flag);
  }
});

test("what a flag has without it is one of its values", () => {
  for (const { flag, kind, default: value } of serveFlags) {
    check.notEqual(placeholderOf(kind), "");
    if (value === undefined || typeof value === "object") continue;
    check.equal(readValue(flag, kind, String(value)), value, flag);
  }
});
