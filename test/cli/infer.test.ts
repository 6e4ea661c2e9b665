/**
 * `shoal infer`: each form of an input, each form of an answer, and one line for each mistake.
 */
import { strict as check } from "node:assert";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createServer } from "shoal";
import { Program, type ProgramOptions, shoalCommand } from "../program.ts";
import { type Ended, echo, linear, onlyHttp, shoal, urlOf, words } from "./asked-models.ts";
import { modelFolder } from "./model-folder.ts";

const folder = modelFolder({
  "x.json": "[[1, 2, 3], [-4, 5, 1e10]]",
  "bad.json": "[1, 2",
  "text.txt": "a file\nof two lines",
});

/** As numpy writes it. */
function npyFile(type: string, shape: string, elements: Uint8Array): Buffer {
  const header = `{'descr': '${type}', 'fortran_order': False, 'shape': ${shape}, }`;
  const start = Buffer.from("934e554d505901007600", "hex");
  return Buffer.concat([start, Buffer.from(`${header.padEnd(117)}\n`), elements]);
}

const threeFloats = new Uint8Array(Float32Array.of(1, -2, 3).buffer);
writeFileSync(join(folder, "x.npy"), npyFile("<f4", "(1, 3)", threeFloats));
writeFileSync(join(folder, "double.npy"), npyFile("<f8", "(1,)", new Uint8Array(8)));
writeFileSync(join(folder, "x.raw"), threeFloats);
writeFileSync(join(folder, "odd.raw"), threeFloats.subarray(1));

const server = createServer([linear, echo, words], onlyHttp);
let url = "";

before(async () => {
  url = await urlOf(server);
});

after(() => server.close());

async function infer(args: readonly string[], options: ProgramOptions = {}): Promise<Ended> {
  return await shoal(["infer", url, ...args], { cwd: folder, ...options });
}

/** Data of the outputs. */
async function dataOf(args: readonly string[], options: ProgramOptions = {}): Promise<unknown> {
  const { stdout, stderr } = await infer([...args, "--format", "json"], options);
  check.equal(stderr, "");
  const { outputs } = JSON.parse(stdout) as { outputs: { name: string; data: unknown }[] };
  return Object.fromEntries(outputs.map(({ name, data }) => [name, data]));
}

test("a table: name, datatype, shape and values", async () => {
  check.deepEqual(await infer(["linear", "--input", "x=@x.json"]), {
    code: 0,
    stdout:
      "y           FP32  [2,3]  [[-1, -2, -3], [4, -5, -10000000000]]\n" +
      "isPositive  BOOL  [2,3]  [[true, true, true], [false, true, true]]\n",
    stderr: "",
  });
});

test("long values are shortened", async () => {
  const n = JSON.stringify([Array.from({ length: 100 }, (_, index) => index)]);
  const text = "\u001b[2J".repeat(50);
  const { stdout } = await infer(["echo", "--input", `n=${n}`, "--input", `text=${text}`]);
  const [first = "", second = ""] = stdout.split("\n");
  check.match(first, /^text {2}BYTES {2}\[1,1\] {4}\[\["\\u001b\[2J.*\.\.\."\]\]$/);
  check.equal(second, "n     INT64  [1,100]  [[0, 1, 2, ..., 97, 98, 99]]");
});

const forms: readonly [what: string, inputs: readonly string[], y: unknown][] = [
  ["JSON", ["x=[[1,-2,3]]"], [[-1, 2, -3]]],
  ["a flat list", ["x=[1,-2,3]"], [[-1, 2, -3]]],
  [
    ".json",
    ["x=@x.json"],
    [
      [-1, -2, -3],
      [4, -5, -1e10],
    ],
  ],
  [".npy", ["x=@x.npy"], [[-1, 2, -3]]],
  ["raw bytes", ["x=@x.raw"], [[-1, 2, -3]]],
  ["an optional input of one element", ["x=[1,-2,3]", "scale=2"], [[-1, 2, -3]]],
];

for (const [what, inputs, y] of forms) {
  test(`--input as ${what}`, async () => {
    const flags = inputs.flatMap((input) => ["--input", input]);
    check.deepEqual(await dataOf(["linear", "--output", "y", ...flags]), { y });
  });
}

const texts: readonly [what: string, text: string, expected: string, stdin?: string][] = [
  ["what is no JSON", "text=two words = [", "two words = ["],
  ["JSON", 'text=[["a"]]', "a"],
  ["a JSON string", 'text="a"', "a"],
  ["a number", "text=12", "12"],
  ["a JSON object", 'text={"a": 1}', '{"a": 1}'],
  ["a file", "text=@text.txt", "a file\nof two lines"],
  ["stdin", "text=-", "from outside", '["from outside"]\n'],
];

for (const [what, text, expected, input] of texts) {
  test(`--input of BYTES as ${what}`, async () => {
    const options = input === undefined ? {} : { input };
    const flags = ["--input", text, "--input", "n=1"];
    const data = await dataOf(["echo", ...flags], options);
    check.deepEqual(data, { text: [[expected]], n: [[1]] });
  });
}

test("--sample: without the batch dimension, both ways", async () => {
  const flags = ["--sample", "--input", "n=[1,2]", "--input", "text=a"];
  check.deepEqual(await dataOf(["echo", ...flags]), { text: ["a"], n: [1, 2] });
});

test("--format json: the protocol's answer, exact", async () => {
  const flags = ["--id", "seven", "--version", "1", "--format", "json", "--output", "n"];
  const inputs = ["--input", "n=[[9007199254740993]]", "--input", "text=a"];
  const { stdout } = await infer(["echo", ...flags, ...inputs]);
  check.equal(
    stdout,
    '{"id":"seven","model_name":"echo","model_version":"1","outputs":' +
      '[{"name":"n","datatype":"INT64","shape":[1,1],"data":[[9007199254740993]]}]}\n',
  );
});

test("-o x.npy, which is an input again; -o x.json", async () => {
  const flags = ["--output", "y", "-o", "y.npy"];
  const written = await infer(["linear", "--input", "x=@x.npy", ...flags]);
  check.deepEqual(written, { code: 0, stdout: "", stderr: "" });
  const expected = npyFile("<f4", "(1, 3)", new Uint8Array(Float32Array.of(-1, 2, -3).buffer));
  check.deepEqual(readFileSync(join(folder, "y.npy")), expected);
  await infer(["linear", "--input", "x=@y.npy", "-o", "z.json"]);
  const { outputs } = JSON.parse(readFileSync(join(folder, "z.json"), "utf8"));
  check.deepEqual(outputs[0].data, [[1, -2, 3]]);
});

test("a model that streams: a line a response", async () => {
  const { code, stdout } = await infer(["words", "--input", "text=one two three"]);
  const lines = ["one", "two", "three"].map((word) => `word  BYTES  [1]  ["${word}"]\n`);
  check.deepEqual([code, stdout], [0, lines.join("")]);
  await infer(["words", "--input", "text=one two", "-o", "words.json"]);
  const written = readFileSync(join(folder, "words.json"), "utf8").trim().split("\n");
  check.deepEqual(
    written.map((line) => JSON.parse(line).outputs[0].data),
    [["one"], ["two"]],
  );
});

const x = ["--input", "x=[1,2,3]"];
const wrongs: readonly [args: readonly string[], told: RegExp][] = [
  [["none"], /^error: Request for unknown model: 'none' is not found$/],
  [["linear"], /^error: model 'linear': input 'x' is missing$/],
  [["linear", "--version", "9", ...x], /^error: .*'linear' version 9 is not found/],
  [["linear", "--version", "x", ...x], /It must be a positive integer/],
  [["linear", ...x, ...x], /^error: input 'x': it is given twice$/],
  [["linear", "--input", "z=1"], /^error: input 'z': there is none \(there are x, scale\)$/],
  [["linear", "--input", "1"], /^error: --input must be a name, = and a value; got '1'$/],
  [["linear", "--input", "x=1"], /^error: model 'linear': input 'x' .*\[-1,3\]; got \[1,1\]$/],
  [["linear", "--input", "x=a"], /^error: input 'x': it must be JSON, or @ and a file: /],
  [["linear", "--input", "x=@bad.json"], /^error: input 'x': it must be JSON/],
  [["linear", "--input", "x=@gone.npy"], /^error: input 'x': there is no file 'gone.npy'$/],
  [["linear", "--input", "x=@."], /^error: input 'x': EISDIR/],
  [
    ["linear", "--input", "x=@double.npy"],
    /^error: input 'x': 'double.npy': it holds FP64, and the model takes FP32$/,
  ],
  [["linear", "--input", "x=@odd.raw"], /^error: input 'x': 'odd.raw' has 11 bytes, .* FP32/],
  [["echo", "--input", "n=-", "--input", "text=-"], /stdin is another input already$/],
  [["linear", ...x, "--format", "npy"], /holds one output: --output with one of y, isPositive$/],
  [["linear", ...x, "--format", "csv"], /Allowed choices are table, json, npy/],
  [["linear", ...x, "--output", "q"], /^error: .*output 'q'/],
  [["linear", ...x, "--parameter", "p"], /It must be a name, = and a value/],
  [["linear", ...x, "--parameter", "fail=true"], /^error: .*asked to fail \\u001b\[2Jtrue$/],
  [["linear", ...x, "--parameter", "fail=9007199254740993"], /2J9007199254740993$/],
  [["words", "--input", "text=a b", "-o", "w.npy"], /holds one response, and the model sends more/],
  [["linear", ...x, "-o", "gone/y.json"], /^error: ENOENT/],
  [["linear", ...x, "--timeout", "x"], /It must be a number of seconds above 0/],
];

for (const [args, message] of wrongs) {
  test(`shoal infer URL ${args.join(" ")}`, async () => {
    const options = args.includes("n=-") ? { input: "[[1]]" } : {};
    const { code, stdout, stderr } = await infer(args, options);
    check.deepEqual([code, stdout, stderr.split("\n").length], [1, "", 2]);
    check.match(stderr.trimEnd(), message);
  });
}

test("over gRPC, a stream too", async () => {
  const grpcOnly = { ...onlyHttp, allowHttp: false, allowGrpc: true, grpcPort: 0 };
  await using other = createServer([linear, words], grpcOnly);
  await urlOf(other);
  const place = String(other.urls.grpc).replace(/^\w+:\/\//, "");
  const asked = await shoal(["infer", `grpc://${place}`, "linear", ...x, "--output", "y"]);
  check.deepEqual([asked.stderr, asked.stdout], ["", "y  FP32  [1,3]  [[-1, -2, -3]]\n"]);
  const streamed = await shoal(["infer", `grpc://${place}`, "words", "--input", "text=one two"]);
  check.equal(streamed.stdout, 'word  BYTES  [1]  ["one"]\nword  BYTES  [1]  ["two"]\n');
  const { stdout } = await shoal(["types", `grpc://${place}`]);
  check.match(stdout, /readonly scale\?: "FP32";[\s\S]*It streams/);
});

test("no server", async () => {
  const { code, stderr } = await shoal(["infer", "http://127.0.0.1:1", "linear", ...x]);
  check.equal(code, 1);
  check.match(stderr, /^error: cannot reach http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*\n$/);
});

test("whoever reads a stream may leave: that ends it", async () => {
  const program = new Program([shoalCommand, "infer", url, "words", "--input", "text=endless"]);
  await program.until(() => program.stdout.includes("endless"), "prints a response");
  program.closeOutputs();
  check.deepEqual(await program.ended(), { code: 0, signal: null });
});
