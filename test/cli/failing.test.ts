/**
 * What keeps `shoal serve`, and a program with `serve()`, from starting: one clear line on stderr,
 * no stack, exit code 1.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Program, shoalCommand } from "../program.ts";
import { modelFolder } from "./model-folder.ts";

const broken = "setup: () => { throw new Error('no weights'); }";

const folder = modelFolder({
  "ok.mjs": "export const ok = negative('ok');",
  "same.mjs": "export const twin = negative('ok');",
  "twice.mjs": "export const a = negative('ok'); export const b = negative('ok');",
  "none.mjs": "export const z = 1;",
  "throws.mjs": "throw new Error('boom');",
  "throws-text.mjs": "throw 'boom';",
  "syntax.mjs": "const a = ;",
  "imports.mjs": "import 'nowhere-at-all';",
  "wrong.mjs": "export const w = negative('w', { colour: 3, maxBatchSize: 0 });",
  "broken.mjs": `export const broken = negative('broken', { ${broken} });`,
  "inline.mjs": `export const b = negative('broken', { ${broken}, instances: { kind: 'inline' } });`,
  "also-broken.mjs": `export const also = negative('also', { ${broken} });`,
  "exits.mjs": "export const e = negative('e', { setup: () => process.exit(3) });",
  "throws.ts": "enum Kind { A }\nthrow new Error('boom ' + Kind.A);",
  "syntax.ts": "const a: number = ;",
  "text.txt": "",
  "empty/readme.md": "",
  "repository/linear/config.pbtxt": "",
  "serve-broken.mjs": `await serve(negative('broken', { ${broken} }), { httpPort: 0 });`,
  "serve-wrong.mjs": "await serve(negative('ok'), { httpPrt: 8000 });",
  "serve-nothing.mjs": "await serve(undefined);",
  "serve-once.mjs":
    "if (!(await import('node:worker_threads')).isMainThread) throw new Error('only once');\n" +
    "await serve(negative('once', { module: import.meta.url }));",
});

/** `FOLDER` in a line is where the files are; places are told with their column, too. */
const started: readonly [args: string, line: string][] = [
  ["frobnicate", "unknown command 'frobnicate'"],
  ["serv ok.mjs", "unknown command 'serv' (Did you mean serve?)"],
  [
    "serve",
    "nothing to serve: name a model repository, files that export models, or folders of such files",
  ],
  ["serve ok.mjs --http-prt 1", "unknown option '--http-prt' (Did you mean --http-port?)"],
  ["serve ok.mjs --watch", "--watch looks at the folders of --model-repository: name one"],
  [
    "serve ok.mjs --http-restricted-api=health",
    "--http-restricted-api must be group[,group]:header=value",
  ],
  [
    "serve ok.mjs --http-restricted-api=nothing:a=b",
    "unknown restricted api 'nothing' (there are health, metadata, inference, shared-memory, " +
      "model-config, model-repository, statistics, trace, logging)",
  ],
  ["serve ok.mjs --id", "option '--id <value>' argument missing"],
  [
    "serve ok.mjs --http-port=80a",
    'Bad option: "--http-port". Invalid option value. Got 80a; it must be a port, 0 to 65535',
  ],
  [
    "serve --model-repository=/models --model-control-mode explicit --load-model=* --log-verbose=1",
    "model repository '/models': there is no such folder",
  ],
  ["serve nofile.mjs", "there is no file or folder 'nofile.mjs'"],
  ["serve text.txt", "'text.txt' is no .js, .mjs or .ts file"],
  [
    "serve empty",
    "folder 'empty' has no .js, .mjs or .ts file that could hold a model, and no folder of a model",
  ],
  [
    "serve repository/linear",
    "'repository/linear' is the folder of one model: name the repository that it is in, 'repository'; " +
      "for this model alone: --model-repository repository --model-control-mode explicit " +
      "--load-model linear",
  ],
  ["serve none.mjs", "'FOLDER/none.mjs' exports no model: export what model() or onnx() returns"],
  [
    "serve throws.mjs",
    "'FOLDER/throws.mjs' cannot be served: boom (at file://FOLDER/throws.mjs:9)",
  ],
  ["serve throws-text.mjs", "'FOLDER/throws-text.mjs' cannot be served: boom"],
  ["serve throws.ts", "'FOLDER/throws.ts' cannot be served: boom 0 (at FOLDER/throws.ts:2)"],
  [
    "serve syntax.mjs",
    "'FOLDER/syntax.mjs' cannot be served: Unexpected token ';' (at FOLDER/syntax.mjs:9)",
  ],
  [
    "serve imports.mjs",
    "'FOLDER/imports.mjs' cannot be served: Cannot find package 'nowhere-at-all' imported from " +
      "FOLDER/imports.mjs",
  ],
  [
    "serve wrong.mjs",
    "'FOLDER/wrong.mjs' cannot be served: model 'w': unknown option 'colour' (there are version, " +
      "inputs, outputs, module, setup, decoupled, infer, cost, bucket, " +
      "maxBatchSize, batching, instances, limits, cache, singleFlight, warmup); " +
      "model 'w': 'maxBatchSize' must be an integer from 1; got 0 " +
      "(at negative (file://FOLDER/wrong.mjs:3))",
  ],
  [
    "serve twice.mjs",
    "'FOLDER/twice.mjs' cannot be served: model 'ok' is there twice in version 1",
  ],
  [
    "serve ok.mjs same.mjs",
    "model 'ok' is there twice in version 1: in 'FOLDER/ok.mjs' and 'FOLDER/same.mjs'",
  ],
  [
    "serve broken.mjs",
    "setup of model 'broken' failed: no weights (at Object.setup (file://FOLDER/broken.mjs:9))",
  ],
  [
    "serve inline.mjs",
    "setup of model 'broken' failed: no weights (at Object.setup (file://FOLDER/inline.mjs:9))",
  ],
  ["serve exits.mjs", "an instance of model 'e' died: its thread exited with code 3"],
  [
    "serve ok.mjs --http-port TAKEN",
    "Socket '127.0.0.1:TAKEN' already in use, for HTTP: stop what " +
      "listens there, or choose another with 'httpPort' or --http-port",
  ],
  [
    "serve ok.mjs --metrics-port TAKEN",
    "Socket '127.0.0.1:TAKEN' already in use, for metrics: stop what " +
      "listens there, or choose another with 'metricsPort' or --metrics-port",
  ],
  [
    "serve ok.mjs --grpc-port TAKEN",
    "Socket '127.0.0.1:TAKEN' already in use, for gRPC: stop what " +
      "listens there, or choose another with 'grpcPort' or --grpc-port",
  ],
  ["serve ok.mjs --grpc-use-ssl", "gRPC over TLS needs the file of 'grpcServerKey'"],
  ["serve ok.mjs --http-address 192.0.2.1", "address 192.0.2.1 for HTTP is none of this machine"],
  [
    "serve ok.mjs --log-file FOLDER/no/log",
    "'logFile' cannot be written: Error: ENOENT: no such file or directory, open 'FOLDER/no/log'",
  ],
];

/** Programs of a user's. */
const programs: readonly [file: string, line: string][] = [
  [
    "serve-broken.mjs",
    "setup of model 'broken' failed: no weights (at Object.setup " +
      "(file://FOLDER/serve-broken.mjs:9))",
  ],
  [
    "serve-wrong.mjs",
    "serve(): there is no option 'httpPrt'; did you mean 'httpPort'? " +
      "(at file://FOLDER/serve-wrong.mjs:9)",
  ],
  [
    "serve-nothing.mjs",
    "expected a model, made by model() or onnx(); got undefined " +
      "(at file://FOLDER/serve-nothing.mjs:9)",
  ],
  [
    "serve-once.mjs",
    `${again("FOLDER/serve-once.mjs", "only once")} (at file://FOLDER/serve-once.mjs:9)`,
  ],
];

/** A thread cannot import it: what is told of it. */
function again(path: string, why: string): string {
  const remedy = "define the model in a file that can be, with module: import.meta.url";
  const what = `model 'once' cannot be loaded in a thread: its module file://${path}`;
  return `${what} cannot be imported again: ${why}; ${remedy}`;
}

const taken = createServer();
let port = 0;
before(async () => {
  taken.listen(0, "127.0.0.1");
  await once(taken, "listening");
  ({ port } = taken.address() as AddressInfo);
});
after(() => taken.close());

const ports = {
  SHOAL_HTTP_ADDRESS: "127.0.0.1",
  SHOAL_HTTP_PORT: "0",
  SHOAL_GRPC_PORT: "0",
  SHOAL_METRICS_PORT: "0",
};

function filled(text: string): string {
  return text.replaceAll("FOLDER", folder).replaceAll("TAKEN", String(port));
}

async function fails(args: readonly string[], line: string): Promise<void> {
  const program = new Program(args, { cwd: folder, env: ports, keepsPorts: true });
  const { code } = await program.ended();
  const told = program.stderr.replace(/(:\d+):\d+\)/, "$1)");
  check.deepEqual([code, told], [1, `error: ${filled(line)}\n`]);
  // It may have told that other models were loaded.
  check.doesNotMatch(program.stdout, /^ +at |Started HTTPService at|failed/m);
}

for (const [args, line] of started) {
  test(`shoal ${args}`, async () => {
    await fails([shoalCommand, ...filled(args).split(" ")], line);
  });
}

for (const [file, line] of programs) {
  test(`node ${file}`, async () => {
    await fails([join(folder, file)], line);
  });
}

test("code without a file cannot be imported again: threads say so", async () => {
  const code = readFileSync(join(folder, "serve-once.mjs"), "utf8").replace(/^if.*$/m, "");
  const program = new Program(["--input-type=module", "-e", code], { cwd: folder, env: ports });
  const { code: exitCode } = await program.ended();
  const missing = "Cannot find module .*";
  const line = again("FOLDER/[eval1]", "WHY").replaceAll(/[.[\]]/g, "\\$&");
  check.match(program.stderr, new RegExp(`^error: ${filled(line).replace("WHY", missing)}\n$`));
  check.equal(exitCode, 1);
});

test("shoal alone says how it is used, and that this was not it", async () => {
  const program = new Program([shoalCommand]);
  const { code } = await program.ended();
  check.deepEqual([code, program.stdout], [1, ""]);
  check.match(program.stderr, /^Usage: shoal \[options\] \[command\]\n/);
});

test("TypeScript that is none: where, whatever tells it", async () => {
  const program = new Program([shoalCommand, "serve", "syntax.ts"], { cwd: folder, env: ports });
  const { code } = await program.ended();
  check.equal(code, 1);
  check.match(program.stderr, /^error: '.*syntax\.ts' cannot be served: .*syntax\.ts:1.*\n$/);
});

test("of several models everything that failed is told, and the table says how the others are", async () => {
  const args = [shoalCommand, "serve", "broken.mjs", "also-broken.mjs", "ok.mjs"];
  const program = new Program(args, { cwd: folder, env: ports });
  check.equal((await program.ended()).code, 1);
  const [line, rest] = program.stderr.replaceAll(/ \(at [^)]*\)\)/g, "").split("\n");
  const failed = ["broken", "also"].map((name) => `setup of model '${name}' failed: no weights`);
  check.deepEqual([line, rest], [`error: ${failed.join("; ")}`, ""]);
  const rows = program.stdout.split("\n").filter((text) => text.startsWith("|"));
  check.deepEqual(
    rows.map((row) => row.split("|").map((cell) => cell.trim())),
    [
      ["", "Model", "Version", "Status", ""],
      ["", "also", "1", `UNAVAILABLE: Internal: ${failed[1]}`, ""],
      ["", "broken", "1", `UNAVAILABLE: Internal: ${failed[0]}`, ""],
      ["", "ok", "1", "READY", ""],
    ],
  );
});

test("with --log-verbose the log has the stack of a model that fails to load", async () => {
  const args = [shoalCommand, "serve", "broken.mjs", "--log-verbose", "1"];
  const program = new Program(args, { cwd: folder, env: ports });
  const { code } = await program.ended();
  check.equal(code, 1);
  check.match(program.stdout, /"model 'broken' version 1 failed to load[\s\S]*\n {4}at .*setup/);
  check.match(program.stderr, /^error: setup of model 'broken' failed: no weights .*\n$/);
});

test("JSON logs have it in any case", async () => {
  const args = [shoalCommand, "serve", "broken.mjs", "--json-logs"];
  const program = new Program(args, { cwd: folder, env: ports });
  check.equal((await program.ended()).code, 1);
  const [line = "", last] = program.stderr.split("\n");
  const { level, model, error } = JSON.parse(line) as Record<string, { stack?: string }>;
  check.deepEqual([level, model], ["error", "broken"]);
  check.match(error?.stack ?? "", /no weights\n\s+at .*setup/);
  check.match(last ?? "", /^error: setup of model 'broken' failed/);
});
