/** Rows of the guide: options of the server. */
import { strict as check } from "node:assert";
import { EventEmitter, once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { credentials, Metadata, status } from "@grpc/grpc-js";
import { createServer, fp32, model } from "shoal";
import { modelFolder } from "../cli/model-folder.ts";
import { fp32 as bytesOf, failureOf, GrpcClient, inference } from "../conformance/grpc-client.ts";
import { framed, messagesOf, openCall } from "../conformance/raw-grpc.ts";
import { post, quietLoopback } from "../conformance/server.ts";
import { HeldCalls, heldModel } from "../held-model.ts";
import { Program, shoalCommand } from "../program.ts";
import { pem } from "../tls/pem.ts";
import { bodyOf, type Rows, serving, tensors, times, yOf } from "./guide-fixture.ts";

const one = { model: "times", inputs: { x: [[5]] } };
const overGrpc = {
  modelName: "times",
  inputs: [{ name: "x", datatype: "FP32", shape: [1, 1] }],
  rawInputContents: [bytesOf(5)],
};

/** `shoal serve` of one model `m`, for the length of the callback. */
async function commandLine(
  flags: readonly string[],
  env: Readonly<Record<string, string>>,
  use: (program: Program) => Promise<void>,
): Promise<void> {
  const folder = modelFolder({ "m.mjs": "export const m = negative('m', { cache: true });" });
  const program = new Program([shoalCommand, "serve", join(folder, "m.mjs"), ...flags], { env });
  try {
    await use(program);
  } finally {
    await program.stop();
  }
}

export const optionRows: Rows = {
  "`TritonConfig(http_port=...)`": async (t) => {
    const other = await serving(t, times(2));
    await other.listen();
    const httpPort = Number(new URL(other.urls.http ?? "").port);
    const server = await serving(t, times(2), { httpPort });
    await check.rejects(server.listen(), { message: new RegExp(`:${httpPort}' already in use`) });
    const flags = ["--http-port", "9301", "--allow-grpc=false"];
    await commandLine(flags, { SHOAL_HTTP_PORT: "9302" }, async (program) => {
      const url = `http://${await program.listening(9301)}`;
      check.equal((await post(`${url}/v2/models/m/infer`, bodyOf([1]))).status, 200);
      check.equal(program.addressOf(9302), undefined);
    });
  },

  "`PYTRITON_TRITON_CONFIG_HTTP_PORT`": async () => {
    const env = { SHOAL_HTTP_PORT: "9303", SHOAL_ALLOW_METRICS: "false" };
    await commandLine([], env, async (program) => {
      const url = `http://${await program.listening(9303)}`;
      check.equal((await post(`${url}/v2/models/m/infer`, bodyOf([1]))).status, 200);
      check.deepEqual([program.addressOf(8000), program.addressOf(8002)], [undefined, undefined]);
    });
  },

  "`allow_http`, `http_address`, and those of gRPC": async (t) => {
    const [httpAddress, grpcAddress] = ["127.0.0.1", "127.0.0.2"];
    const started = async (allowHttp: boolean, allowGrpc: boolean, grpcPort = 0) => {
      const options = { allowHttp, httpAddress, allowGrpc, grpcAddress, grpcPort };
      const server = await serving(t, times(2), options);
      await server.listen();
      return server.urls;
    };
    const onlyHttp = await started(true, false);
    check.match(onlyHttp.http ?? "", /^http:\/\/127\.0\.0\.1:\d+$/);
    check.equal(onlyHttp.grpc, undefined);
    const onlyGrpc = await started(false, true);
    check.match(onlyGrpc.grpc ?? "", /^127\.0\.0\.2:\d+$/);
    check.equal(onlyGrpc.http, undefined);
    const taken = Number(onlyGrpc.grpc?.split(":")[1]);
    await check.rejects(started(false, true, taken), { message: /already in use, for gRPC/ });
  },

  "`id`, `exit_timeout_secs`": async (t) => {
    const calls = new HeldCalls();
    const options = { id: "mine", exitTimeoutSecs: 0.01 };
    const server = await serving(t, heldModel("held", calls), options);
    await server.listen();
    const metadata = await (await fetch(`${server.urls.http}/v2`)).json();
    check.equal((metadata as { readonly name: string }).name, "mine");
    const answer = server.infer({ model: "held", inputs: { X: [[1]] } });
    const call = await calls.next();
    await Promise.all([
      check.rejects(answer, { code: "UNAVAILABLE", message: /did not finish within 10 ms/ }),
      server.close(),
    ]);
    call.release();
  },

  "`model_repository=...`": async (t) => {
    const folder = modelFolder({
      "stored/1/model.mjs": "export default negative('stored', { batching: false });",
    });
    const server = await serving(t, times(3), { modelRepository: folder });
    check.deepEqual(await yOf(server, one), [[15]]);
    check.deepEqual(await yOf(server, { model: "stored", inputs: { x: [5] } }), [-5]);
  },

  "`http_header_forward_pattern`, `grpc_header_forward_pattern`": async (t) => {
    const tenant = model("times", {
      ...tensors,
      infer: (_inputs, { requests }) => ({
        y: requests.map(({ parameters }) => [Number(parameters["x-tenant"] ?? 0)]),
      }),
    });
    const options = { httpHeaderForwardPattern: "^x-t", grpcHeaderForwardPattern: "^x-t" };
    const server = await serving(t, tenant, { ...options, allowGrpc: true });
    await server.listen();
    const url = `${server.urls.http}/v2/models/times/infer`;
    for (const [headers, y] of [
      [{ "x-tenant": "7" }, 7],
      [{}, 0],
    ] as const) {
      const { text } = await post(url, bodyOf([1]), headers);
      check.deepEqual(JSON.parse(text).outputs[0].data, [y]);
    }
    using client = new GrpcClient(server.urls.grpc ?? "");
    const metadata = new Metadata();
    metadata.set("x-tenant", "8");
    const { rawOutputContents } = await client.infer(overGrpc, { metadata });
    check.deepEqual(Buffer.from(rawOutputContents[0] ?? []), bytesOf(8));
  },

  "`TritonSecurityConfig(access_token=..., restricted_endpoints=[...])`": async (t) => {
    process.env["NAME"] = "secret";
    const folder = mkdtempSync(join(tmpdir(), "shoal-token-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "path");
    writeFileSync(file, "secret\n");
    for (const security of [
      { groups: ["logging", "statistics"], token: "secret" },
      { groups: ["logging", "statistics"], token: { env: "NAME" } },
      { groups: ["logging", "statistics"], token: { file } },
    ] as const) {
      const server = await serving(t, times(2), { security });
      await server.listen();
      const url = `${server.urls.http}/v2/models/stats`;
      for (const [status, headers] of [
        [403, {}],
        [200, { "triton-access-token": "secret" }],
        [200, { Authorization: "Bearer secret" }],
      ] as const) {
        check.equal((await fetch(url, { headers })).status, status);
      }
    }
  },

  "`http_restricted_api`, `grpc_restricted_protocol`": async (t) => {
    const server = await serving(t, times(2), {
      httpRestrictedApi: "health:key=value",
      grpcRestrictedProtocol: "inference:key=value",
      security: { groups: ["metadata"], token: "secret" },
      allowGrpc: true,
    });
    await server.listen();
    check.equal((await fetch(`${server.urls.http}/v2/health/live`)).status, 403);
    check.equal((await fetch(`${server.urls.http}/v2`)).status, 403);
    using client = new GrpcClient(server.urls.grpc ?? "");
    const { details } = await failureOf(client.infer(overGrpc));
    check.match(details, /expecting header 'triton-grpc-protocol-key'$/);
  },

  "`get_access_token()`": async (t) => {
    const security = { groups: ["metadata"], token: "" } as const;
    check.throws(() => createServer(times(2), { security }), /the token is empty/);
    const server = await serving(t, times(2));
    await server.listen();
    check.equal((await fetch(`${server.urls.http}/v2`)).status, 200);
  },

  "`grpc_use_ssl`, `grpc_use_ssl_mutual`, and their files": async (t) => {
    const files = {
      grpcServerCert: pem("server.pem"),
      grpcServerKey: pem("server.key"),
      grpcRootCert: pem("root.pem"),
    };
    const [root, key, chain] = ["root.pem", "client.key", "client.pem"].map((name) =>
      readFileSync(pem(name)),
    ) as [Buffer, Buffer, Buffer];
    const nobody = credentials.createSsl(root);
    const known = credentials.createSsl(root, key, chain);
    for (const [option, allowed, refused] of [
      [{ grpcUseSsl: true }, nobody, credentials.createInsecure()],
      [{ grpcUseSslMutual: true }, known, nobody],
    ] as const) {
      const options = { ...files, ...option, allowGrpc: true };
      const server = await serving(t, times(2), options);
      await server.listen();
      const host = String(server.urls.grpc).replace("127.0.0.1", "localhost");
      using client = new GrpcClient(host, allowed);
      check.equal((await client.infer(overGrpc)).modelName, "times");
      using other = new GrpcClient(host, refused);
      check.equal((await failureOf(other.infer(overGrpc))).code, status.UNAVAILABLE);
    }
  },

  "`grpc_keepalive_time`, `grpc_keepalive_timeout`": async (t) => {
    const hostWith = async (grpcKeepaliveTimeoutMs: number) => {
      const options = { grpcKeepaliveTimeMs: 20, grpcKeepaliveTimeoutMs, allowGrpc: true };
      const server = await serving(t, times(2), options);
      await server.listen();
      return new URL(`http://${server.urls.grpc}`);
    };
    // Who gives a sign of life is asked again.
    const session = connect(await hostWith(60_000));
    await once(session, "ping");
    await once(session, "ping");
    session.destroy();
    await once(session, "close");
    // Who gives none is cut off. Its first words: the preface of HTTP/2, and settings, none.
    const { hostname, port } = await hostWith(20);
    const silent = connectSocket(Number(port), hostname).resume();
    silent.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    silent.write(Uint8Array.of(0, 0, 0, 4, 0, 0, 0, 0, 0));
    await once(silent, "end");
  },

  "`grpc_infer_response_compression_level`": async (t) => {
    const wide = model("wide", {
      inputs: { x: fp32(1) },
      outputs: { y: fp32(10_000) },
      infer: ({ x }) => ({ y: new Float32Array(10_000 * x.rows) }),
    });
    const answerWith = async (grpcInferResponseCompressionLevel: "none" | "high") => {
      const options = { grpcInferResponseCompressionLevel, allowGrpc: true };
      const server = await serving(t, wide, options);
      await server.listen();
      const session = connect(`http://${server.urls.grpc}`);
      const call = openCall(session, "ModelInfer", { "grpc-accept-encoding": "gzip" });
      const message = inference.ModelInferRequest.encode({ ...overGrpc, modelName: "wide" });
      call.end(framed(message.finish()));
      const [headers] = await once(call, "response");
      const [response = Buffer.of()] = await messagesOf(call);
      session.destroy();
      const { rawOutputContents } = inference.ModelInferResponse.decode(response);
      return [rawOutputContents[0]?.length, headers["grpc-encoding"]];
    };
    check.deepEqual(await answerWith("high"), [40_000, "gzip"]);
    check.deepEqual(await answerWith("none"), [40_000, "identity"]);
  },

  "`allow_metrics`, `metrics_port`, `allow_cpu_metrics`": async (t) => {
    const pageWith = async (allowCpuMetrics: boolean) => {
      const options = { allowMetrics: true, metricsPort: 0, allowCpuMetrics };
      const server = await serving(t, times(2), options);
      await server.listen();
      await yOf(server, one);
      const metricsPort = Number(new URL(server.urls.metrics ?? "").port);
      const other = await serving(t, times(2), { allowMetrics: true, metricsPort });
      await check.rejects(other.listen(), { message: /already in use, for metrics/ });
      return await (await fetch(`${server.urls.metrics}/metrics`)).text();
    };
    const page = await pageWith(true);
    check.match(page, /^nv_inference_count\{model="times",version="1"\} 1$/m);
    check.match(page, /^shoal_batch_rows_sum\{/m);
    check.match(page, /^nv_cpu_memory_total_bytes /m);
    check.doesNotMatch(await pageWith(false), /^nv_cpu_memory_total_bytes /m);
  },

  '`cache_config=["local,size=1000"]`': async (t) => {
    // Each answer takes about 1 KiB beside its bytes: so none is kept.
    const hitsWith = async (cacheBytes: number) => {
      const options = { cacheBytes, allowMetrics: true };
      const server = await serving(t, times(2, { cache: true }), options);
      await server.listen();
      await yOf(server, one);
      await yOf(server, one);
      const page = await (await fetch(`${server.urls.metrics}/metrics`)).text();
      return /^nv_cache_num_hits (\d+)$/m.exec(page)?.[1];
    };
    check.deepEqual([await hitsWith(1000), await hitsWith(100_000)], ["0", "1"]);
    for (const [size, hits] of [
      ["local,size=1000", "0"],
      ["local,size=100000", "1"],
    ] as const) {
      await commandLine(["--cache-config", size], {}, async (program) => {
        const url = `http://${await program.listening(8000)}`;
        for (const _ of [1, 2]) await post(`${url}/v2/models/m/infer`, bodyOf([1]));
        const page = await fetch(`http://${await program.listening(8002)}/metrics`);
        check.equal(/^nv_cache_num_hits (\d+)$/m.exec(await page.text())?.[1], hits);
      });
    }
  },

  "`metrics_interval_ms`": async (t) => {
    const server = await serving(t, times(2), { allowMetrics: true });
    await server.listen();
    for (const count of ["1", "2", "3"]) {
      await yOf(server, one);
      const page = await (await fetch(`${server.urls.metrics}/metrics`)).text();
      check.equal(/^nv_inference_count\{.*\} (\d+)$/m.exec(page)?.[1], count);
    }
  },

  "`strict_readiness=True`": async (t) => {
    const events = new EventEmitter();
    const opened = once(events, "opened");
    const slow = model("slow", { ...tensors, setup: () => opened, infer: ({ x }) => ({ y: x }) });
    const options = { ...quietLoopback, strictReadiness: true };
    const server = createServer([times(2), slow], options);
    t.after(() => server.close());
    await server.listen();
    const url = `${server.urls.http}/v2/health/ready`;
    check.equal((await fetch(url)).status, 400);
    events.emit("opened");
    await server.ready;
    check.equal((await fetch(url)).status, 200);
  },

  "`log_verbose=1`, `log_file=...`": async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "shoal-log-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const logWith = async (name: string, more: object) => {
      const logFile = join(folder, name);
      await using server = createServer(times(2), {
        ...quietLoopback,
        logInfo: true,
        logFile,
        ...more,
      });
      await server.ready;
      await server.listen();
      await post(`${server.urls.http}/v2/models/times/infer`, bodyOf([5], { id: "seven" }));
      await server.close();
      return readFileSync(logFile, "utf8").split("\n");
    };
    const perRequest = (lines: readonly string[]) =>
      lines.filter((line) => line.includes("seven")).length;
    const loud = await logWith("loud", { logVerbose: 1, logFormat: "ISO8601" });
    check.equal(perRequest(loud), 1);
    check.match(loud[0] ?? "", /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ I \d+ /);
    const plain = await logWith("plain", { jsonLogs: true });
    check.equal(perRequest(plain), 0);
    check.equal(JSON.parse(plain[0] ?? "").level, "info");
  },

  "`http_thread_count`, and other sizes of pools": async () => {
    await commandLine(["--http-thread-count", "4"], {}, async (program) => {
      const url = `http://${await program.listening(8000)}`;
      check.equal((await post(`${url}/v2/models/m/infer`, bodyOf([1]))).status, 200);
      check.match(`${program.stdout}${program.stderr}`, /--http-thread-count/);
    });
  },

  "`set_telemetry_tracer(tracer)`": async () => {
    const folder = modelFolder({
      "traced.mjs": `import { trace } from "@opentelemetry/api";
        const provider = {
          getTracer: (tracer) => ({
            startActiveSpan(name, options, run) {
              console.log("begins", tracer, name);
              return run({ end: () => console.log("ends", name) });
            },
          }),
        };
        trace.setGlobalTracerProvider(provider);
        const infer = ({ x }, { span }) => ({ y: span("negate", () => x.map((each) => -each)) });
        await serve(negative("m", { infer }), { logInfo: false });`,
    });
    const program = new Program([join(folder, "traced.mjs")]);
    try {
      const url = `http://${await program.listening(8000)}`;
      const { text } = await post(`${url}/v2/models/m/infer`, bodyOf([5]));
      check.deepEqual(JSON.parse(text).outputs[0].data, [-5]);
      await program.printed("begins shoal negate");
      await program.printed("ends negate");
    } finally {
      await program.stop();
    }
  },
};
