/**
 * `shoal serve FILE|DIR...`: which models are served from which files, where they run, and what
 * each flag does. Every form of every flag: src/cli/flags.test.ts.
 */
import { strict as check } from "node:assert";
import { type TestContext, test } from "node:test";
import { Program, type ProgramOptions, shoalCommand } from "../program.ts";
import { readJson } from "../repository.ts";
import { modelFolder } from "./model-folder.ts";

const threadOf = `model('where', {
  inputs: { x: int32(1) },
  outputs: { thread: int32(1) },
  infer: ({ x }) => ({ thread: x.map(() => threadId) }),
`;

const folder = modelFolder({
  "ok.mjs": "export const ok = negative('ok');",
  "many.mjs":
    "export const a = negative('a'); export const list = [negative('b'), a]; export { a as again };" +
    "export default negative('c'); export const other = { kind: 'function' };" +
    "negative('hidden');",
  "plain.js":
    'import { fp32, model } from "shoal"; export const plain = model("plain", ' +
    "{ inputs: { x: fp32(1) }, outputs: { x: fp32(1) }, infer: ({ x }) => ({ x }) });",
  "typed.ts":
    'import { fp32, model } from "shoal";\nenum Sign { Minus = -1 }\n' +
    'export const typed = model("typed", { inputs: { x: fp32(1) }, outputs: { x: fp32(1) }, ' +
    "infer: ({ x }) => ({ x: x.map((value: number): number => Sign.Minus * value) }) });",
  "folder/a.mjs": "export const a = negative('a');",
  "folder/b.mjs": "export const b = negative('b');",
  "folder/index.mjs": "export * from './a.mjs'; export * from './b.mjs';",
  "folder/helper.mjs": "export const pi = 3;",
  "folder/a.test.mjs": "throw new Error('a test is no model');",
  "folder/types.d.ts": "not a model",
  "folder/.hidden.mjs": "throw new Error('hidden');",
  "folder/deeper/c.mjs": "export const c = negative('c');",
  "broken.mjs":
    "export const b = negative('broken', { setup: () => { throw new Error('no weights'); } });",
  "serves.mjs":
    "const own = negative('own'); await serve(own, { httpPort: 9999 }); console.log('served');",
  "creates.mjs":
    "export const own = negative('own'); const server = createServer(own, { httpPort: 9999 });" +
    "await server.ready; await server.listen(); console.log('served');",
  "thread.mjs": `import { threadId } from 'node:worker_threads'; export const w = ${threadOf} });`,
  "inline.mjs":
    "import { threadId } from 'node:worker_threads';" +
    `export const w = ${threadOf} instances: { kind: 'inline' } });`,
});

/** Ends with the test. It listens where `listening(8000)` says. */
function shoal(context: TestContext, args: readonly string[], options: ProgramOptions = {}) {
  const program = new Program([shoalCommand, ...args], { cwd: folder, ...options });
  context.after(() => program.stop());
  return program;
}

async function post(url: string, body: object): Promise<unknown> {
  return await (await fetch(url, { method: "POST", body: JSON.stringify(body) })).json();
}

async function namesAt(place: string): Promise<readonly string[]> {
  const index = (await post(`http://${place}/v2/repository/index`, {})) as { name: string }[];
  return index.map(({ name }) => name);
}

async function outputOf(place: string, model: string, datatype: string): Promise<unknown> {
  const inputs = [{ name: "x", shape: [1, 1], datatype, data: [7] }];
  const answer = await post(`http://${place}/v2/models/${model}/infer`, { inputs });
  return (answer as { outputs: { data: unknown[] }[] }).outputs[0]?.data[0];
}

const files: readonly [args: string, names: readonly string[]][] = [
  ["ok.mjs", ["ok"]],
  ["many.mjs", ["a", "b", "c"]],
  ["plain.js", ["plain"]],
  ["folder", ["a", "b"]],
  ["folder/", ["a", "b"]],
  ["folder ok.mjs ./ok.mjs folder/a.mjs", ["a", "b", "ok"]],
  ["serves.mjs ok.mjs", ["ok", "own"]],
  ["creates.mjs ok.mjs", ["ok", "own"]],
];

for (const [args, names] of files) {
  test(`shoal serve ${args}`, async (t) => {
    const program = shoal(t, ["serve", ...args.split(" ")]);
    check.deepEqual(await namesAt(await program.listening(8000)), names);
    check.deepEqual([program.addressOf(9999), program.stderr], [undefined, ""]);
    check.doesNotMatch(program.stdout, /^served$/m);
    check.equal(await program.stop(), 0);
  });
}

test("TypeScript, also what has to be translated", async (t) => {
  const program = shoal(t, ["serve", "typed.ts"]);
  check.equal(await outputOf(await program.listening(8000), "typed", "FP32"), -7);
});

for (const [file, isMain] of [
  ["thread.mjs", false],
  ["inline.mjs", true],
] as const) {
  test(`where a model of ${file} runs`, async (t) => {
    const program = shoal(t, ["serve", file]);
    const thread = await outputOf(await program.listening(8000), "where", "INT32");
    check.equal(thread === 0, isMain);
  });
}

/** Flags as they are typed, in two forms. */
const forms = (flag: string, value: string): readonly (readonly string[])[] => [
  [`--${flag}=${value}`],
  [`--${flag}`, value],
];

for (const words of forms("id", "shark")) {
  test(`${words.join(" ")}: its name in the metadata`, async (t) => {
    const program = shoal(t, ["serve", "ok.mjs", ...words]);
    const metadata = await (await fetch(`http://${await program.listening(8000)}/v2`)).json();
    check.equal((metadata as { name: string }).name, "shark");
  });
}

for (const flag of ["http-port", "metrics-port"]) {
  for (const words of forms(flag, "9123")) {
    test(words.join(" "), async (t) => {
      const program = shoal(t, ["serve", ...words, "ok.mjs"]);
      const path = flag === "http-port" ? "/v2/health/ready" : "/metrics";
      check.equal((await fetch(`http://${await program.listening(9123)}${path}`)).status, 200);
      check.equal(program.addressOf(flag === "http-port" ? 8000 : 8002), undefined);
    });
  }
}

for (const words of forms("http-address", "127.0.0.1")) {
  test(`${words.join(" ")}: there, and the metrics, too`, async (t) => {
    const ports = ["--http-port=0", "--grpc-port=0", "--metrics-port=0"];
    const program = shoal(t, ["serve", "ok.mjs", ...words, ...ports], { keepsPorts: true });
    const [http, metrics] = [/Started HTTPService at (\S+)"/, /Started Metrics Service at (\S+)"/];
    await program.until(() => metrics.test(program.stdout), "says where it listens");
    const [place = "", other = ""] = [http, metrics].map((line) => line.exec(program.stdout)?.[1]);
    for (const at of [place, other]) check.match(at, /^127\.0\.0\.1:\d+$/);
    check.deepEqual(await namesAt(place), ["ok"]);
    check.match(await (await fetch(`http://${other}/metrics`)).text(), /nv_inference_count/);
  });
}

for (const words of forms("log-verbose", "1")) {
  test(`${words.join(" ")}: a line for each inference`, async (t) => {
    const program = shoal(t, ["serve", "ok.mjs", ...words]);
    await outputOf(await program.listening(8000), "ok", "FP32");
    await program.until(
      () => /"200 in .* ms: queue;dur=.*model ok/.test(program.stdout),
      "logs it",
    );
  });
}

test("--grpc-port and --exit-timeout-secs are taken, in both forms", async (t) => {
  const words = ["--grpc-port", "9001", "--exit-timeout-secs=5"];
  const others = ["--grpc-port=9001", "--exit-timeout-secs", "5"];
  for (const flags of [words, others]) {
    const program = shoal(t, ["serve", "ok.mjs", ...flags]);
    check.deepEqual(await namesAt(await program.listening(8000)), ["ok"]);
    await program.listening(9001);
    check.equal(program.stderr, "");
    check.equal(await program.stop(), 0);
  }
});

test("the words of a start script of tritonserver are taken as they are", async (t) => {
  const words =
    "--model-control-mode=none --strict-model-config=false --exit-on-error=true " +
    "--strict-readiness 1 --allow-http=true --http-port 8000 --grpc-port=8001 --metrics-port=8002 " +
    "--log-verbose=0 --log-format=default --allow-gpu-metrics=false --metrics-interval-ms 2000 " +
    "--cache-config local,size=1048576 --backend-directory /opt/tritonserver/backends " +
    "--pinned-memory-pool-byte-size=268435456 --cuda-memory-pool-byte-size=0:67108864 " +
    "--rate-limit=off --trace-config level=OFF --allow-sagemaker=false --grpc-keepalive-time 10000";
  const program = shoal(t, ["serve", "ok.mjs", ...words.split(" ")]);
  check.deepEqual(await namesAt(await program.listening(8000)), ["ok"]);
  await program.until(() => program.stderr.includes("\n"), "names what has no effect");
  const names =
    "--backend-directory, --metrics-interval-ms, --allow-gpu-metrics, " +
    "--pinned-memory-pool-byte-size, --cuda-memory-pool-byte-size";
  check.equal(program.stderr.split("] ")[1], `"accepted, without effect: ${names}"\n`);
  const lines = program.stdout.matchAll(/"Started (.*) at 0\.0\.0\.0:\d+"/g);
  check.deepEqual(
    Array.from(lines, ([, service]) => service),
    ["GRPCInferenceService", "HTTPService", "Metrics Service"],
  );
});

test("flags of Triton that mean nothing here are named, once", async (t) => {
  const flags = ["--grpc-http2-max-ping-strikes=3", "--http-thread-count", "4", "--host-policy=x"];
  const program = shoal(t, ["serve", "ok.mjs", ...flags]);
  await program.until(() => program.stderr.includes("\n"), "names them");
  const names = "--http-thread-count, --grpc-http2-max-ping-strikes, --host-policy";
  check.equal(program.stderr.split("] ")[1], `"accepted, without effect: ${names}"\n`);
});

test("among JSON lines, what is told is one", async (t) => {
  const program = shoal(t, ["serve", "ok.mjs", "--http-thread-count=4", "--json-logs"]);
  await program.until(() => program.stderr.includes("\n"), "names them");
  const { level, msg } = JSON.parse(program.stderr) as { level: string; msg: string };
  check.deepEqual([level, msg], ["warning", "accepted, without effect: --http-thread-count"]);
});

test("variables that mean nothing are named: they are misspelt, most likely", async (t) => {
  const env = { SHOAL_HTP_PORT: "9001", SHOAL_COLOUR: "red" };
  const program = shoal(t, ["serve", "ok.mjs"], { env });
  await program.until(() => program.stderr.includes("\n"), "names them");
  const names = "SHOAL_COLOUR, SHOAL_HTP_PORT (did you mean SHOAL_HTTP_PORT?)";
  check.equal(program.stderr.split("] ")[1], `"in the environment, without effect: ${names}"\n`);
});

test("the environment sets what no flag sets", async (t) => {
  const env = { SHOAL_HTTP_PORT: "9001", SHOAL_METRICS_PORT: "9002", SHOAL_ID: "whale" };
  const program = shoal(t, ["serve", "ok.mjs", "--http-port=9003"], { env });
  const place = await program.listening(9003);
  await program.listening(9002);
  const metadata = await (await fetch(`http://${place}/v2`)).json();
  check.equal((metadata as { name: string }).name, "whale");
});

test("--allow-grpc false: no gRPC", async (t) => {
  const program = shoal(t, ["serve", "ok.mjs", "--allow-grpc", "false"]);
  await program.listening(8000);
  await program.until(() => program.stdout.includes("or open http"), "has started");
  check.equal(program.addressOf(8001), undefined);
  check.doesNotMatch(program.stdout, /GRPCInferenceService/);
});

test("--allow-metrics false: no metrics", async (t) => {
  const program = shoal(t, ["serve", "ok.mjs", "--allow-metrics", "false"]);
  await program.listening(8000);
  await program.until(() => program.stdout.includes("or open http"), "has started");
  check.equal(program.addressOf(8002), undefined);
});

for (const word of ["--version", "-V"]) {
  test(`shoal ${word}`, async () => {
    const program = new Program([shoalCommand, word]);
    const { code } = await program.ended();
    const version = `${String(readJson("package.json")["version"])}\n`;
    check.deepEqual([code, program.stdout, program.stderr], [0, version, ""]);
  });
}

test("shoal --help names the commands, shoal serve --help the flags", async () => {
  const [general = "", serve = ""] = await Promise.all([helpOf(), helpOf("serve")]);
  check.match(general, /^Usage: shoal .*\n[\s\S]*\n {2}serve {2,}serve model repositories, /);
  check.match(serve, /^Usage: shoal serve \[flags\] \[file\|folder\.\.\.\]\n/);
  check.match(serve, /\n\nHTTP\n {2}--allow-http BOOL/);
});

for (const command of [undefined, "serve", "infer", "types", "models", "check", "new"]) {
  test(`shoal ${command ?? ""} --help: lines that fit, and no colours elsewhere`, async () => {
    const lines = (await helpOf(command)).split("\n");
    check.deepEqual(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: it looks for them.
      lines.filter((line) => line.length > 100 || /\u001b/.test(line)),
      [],
    );
  });
}

async function helpOf(...words: readonly (string | undefined)[]): Promise<string> {
  const given = words.filter((word) => word !== undefined);
  const program = new Program([shoalCommand, ...given, "--help"], { env: { NO_COLOR: "" } });
  check.deepEqual([(await program.ended()).code, program.stderr], [0, ""]);
  return program.stdout;
}

test("help has colours where they are asked for, and not with NO_COLOR", async () => {
  const forced = new Program([shoalCommand, "serve", "--help"], {
    env: { FORCE_COLOR: "1", NO_COLOR: "" },
  });
  await forced.ended();
  check.ok(forced.stdout.includes("\n\u001b[1mHTTP\u001b[22m\n"));
  const env = { FORCE_COLOR: "1", NO_COLOR: "1" };
  const plain = new Program([shoalCommand, "serve", "--help"], { env });
  await plain.ended();
  check.match(plain.stdout, /\n\nHTTP\n/);
});

test("--exit-on-error false: it starts without what fails to load, and is not ready", async (t) => {
  const words = ["serve", "ok.mjs", "broken.mjs", "--exit-on-error=false"];
  const program = shoal(t, words);
  const place = await program.listening(8000);
  check.deepEqual(await outputOf(place, "ok", "FP32"), -7);
  check.equal((await fetch(`http://${place}/v2/health/ready`)).status, 400);
  await program.until(() => program.stdout.includes("Started Metrics Service at"), "has started");
  check.match(program.stdout, /\| broken \| 1 +\| UNAVAILABLE: Internal: setup of .*no weights/);
  check.match(program.stderr, /^E.*"model 'broken' version 1 failed to load/);
  check.equal(await program.stop(), 0);
});

test("--strict-readiness false: ready whatever its models are", async (t) => {
  const words = ["--exit-on-error=false", "--strict-readiness=false"];
  const program = shoal(t, ["serve", "ok.mjs", "broken.mjs", ...words]);
  const place = await program.listening(8000);
  check.equal((await fetch(`http://${place}/v2/health/ready`)).status, 200);
});

test("whoever reads its output may leave: it serves on", async (t) => {
  const program = shoal(t, ["serve", "ok.mjs", "--log-verbose", "1"]);
  const place = await program.listening(8000);
  program.closeOutputs();
  for (let count = 0; count < 3; count += 1) {
    check.equal(await outputOf(place, "ok", "FP32"), -7);
  }
  check.equal(await program.stop(), 0);
});

test("whoever reads its help may leave", async () => {
  const program = new Program([shoalCommand, "serve", "--help"]);
  program.closeOutputs();
  check.deepEqual(await program.ended(), { code: 0, signal: null });
});
