/**
 * `shoal check`: mistakes with their file and field, warnings with their reason, sizes, exit codes;
 * of repositories, model folders, configurations and files of models.
 */
import { strict as check } from "node:assert";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, sep } from "node:path";
import { test } from "node:test";
import { checkPath } from "../../dist/cli/checked-path.js";
import { OnnxGraphs } from "../../dist/cli/onnx-graphs.js";
import { InferenceError } from "../../dist/protocol/errors.js";
import { asNobody } from "../../dist/testing/as-nobody.js";
import { addSubGraph, identityGraph } from "../../dist/testing/onnx-graphs.js";
import { writeFiles } from "../../dist/testing/repository-fixture.js";
import { writeExampleRepository } from "../example-repository.ts";
import { shoal } from "./asked-models.ts";
import { modelFolder } from "./model-folder.ts";

const folder = modelFolder({});
const plain = identityGraph("FP32", ["rows", 4]);

/** Each under a folder of its own, so that they do not disturb each other. */
const contents: Readonly<Record<string, Readonly<Record<string, string | Uint8Array>>>> = {
  good: {
    "plain/1/model.onnx": plain,
    "small/1/model.onnx": plain,
    "small/config.pbtxt": "max_batch_size: 8\ndynamic_batching {}\ninstance_group { count: 2 }\n",
    ".git/config": "",
    "README.md": "no model",
  },
  wrong: {
    "sizes/1/model.onnx": plain,
    "sizes/config.pbtxt":
      "max_batch_size: 4\ndynamic_batching {\n  preferred_batch_size: 8\n}\n" +
      'input [\n  { name: "z" data_type: TYPE_INT32 dims: 4 allow_ragged_batch: true }\n]\n' +
      'output { name: "y" data_type: TYPE_FP32 dims: 0 }\n',
    "text/1/model.onnx": plain,
    "text/config.pbtxt": "name: 'text'\nmax_batch_sise: 4\n",
    "graph/1/model.onnx": plain,
    "graph/config.pbtxt":
      'max_batch_size: 2\ndynamic_batching {}\ninput { name: "x" data_type: TYPE_FP32 dims: 5 }\n' +
      'output { name: "y" data_type: TYPE_INT8 dims: 4 label_filename: "../l.txt" }\n',
    "empty/config.pbtxt": "backend: 'onnxruntime'\n",
    "garbage/1/model.onnx": "no graph\u001b[2J\nat all",
    "absent/1/other.onnx": plain,
    "absent/config.pbtxt": "backend: 'onnxruntime'",
  },
  warned: {
    "fixed/1/model.onnx": addSubGraph([1, 3]),
    "fixed/config.pbtxt": "dynamic_batching {}\n",
    "half/1/model.onnx": identityGraph("FP16", ["rows", 2]),
    "queue/1/model.onnx": plain,
    "queue/3/model.onnx": plain,
    "queue/01/model.onnx": plain,
    "queue/config.pbtxt": [
      "max_batch_size: 8",
      "version_policy { specific { versions: [3, 5] } }",
      "dynamic_batching {",
      "  preferred_batch_size: [1, 8]",
      "  max_queue_delay_microseconds: 5000",
      "  default_queue_policy { default_timeout_microseconds: 1000, max_queue_size: 4 }",
      "}",
      "instance_group { count: 3 }",
      'parameters { key: "intra_op_thread_count" value { string_value: "2" } }',
      "optimization { eager_batching: true }",
      "runtime: 'x'",
    ].join("\n"),
    "single/1/model.onnx": plain,
    "single/config.pbtxt":
      'max_batch_size: 8\ninput { name: "x" data_type: TYPE_FP32 dims: 4 }\n' +
      'output { name: "y" data_type: TYPE_FP32 dims: 4 }\n',
  },
  ensembles: {
    "plain/1/model.onnx": plain,
    "fits/1/.keep": "",
    "fits/config.pbtxt": ensembleOf("plain", "TYPE_FP32"),
    "misfits/1/.keep": "",
    "misfits/config.pbtxt": ensembleOf("plain", "TYPE_INT32"),
    "lost/1/.keep": "",
    "lost/config.pbtxt": ensembleOf("nobody", "TYPE_FP32"),
  },
};
for (const [name, files] of Object.entries(contents)) writeFiles(join(folder, name), files);

function ensembleOf(model: string, type: string): string {
  const tensor = (name: string): string => `{ name: "${name}" data_type: ${type} dims: 4 }`;
  return [
    'platform: "ensemble"',
    "max_batch_size: 4",
    `input ${tensor("in")}`,
    `output ${tensor("out")}`,
    `ensemble_scheduling { step { model_name: "${model}" model_version: -1`,
    '  input_map { key: "x" value: "in" } output_map { key: "y" value: "out" } } }',
  ].join("\n");
}

function moduleOf(name: string, more = ""): string {
  return `import { fp16, model } from "shoal";
    export default model("${name}", {
      inputs: { x: fp16(2) }, outputs: { y: fp16(2) }, infer: ({ x }) => ({ y: x }), ${more}
    });`;
}

writeFiles(join(folder, "modules"), {
  "plain/1/model.mjs": moduleOf("plain"),
  "typed/1/model.ts": moduleOf("typed", "instances: 3 as const, maxBatchSize: 8,"),
  "typed/config.pbtxt": "dynamic_batching { max_queue_delay_microseconds: 5 }\n",
  "contradicts/1/model.mjs": moduleOf("contradicts", "maxBatchSize: 8, instances: 2,"),
  "contradicts/config.pbtxt":
    "max_batch_size: 4\ninstance_group { count: 3 }\n" +
    'input { name: "x" data_type: TYPE_FP16 dims: 3 }\n',
  "other/1/model.mjs": moduleOf("another"),
  "thing/1/model.mjs": "export default 5;",
  "wrong/1/model.ts": "const x: number = 5;\nthrow new Error('not ' + x);",
  "repeated/1/.keep": "",
  "repeated/config.pbtxt": "backend: 'repeat'\ninstance_group { count: 2 }\n",
  "both/1/.keep": "",
  "both/config.pbtxt": ensembleOf("plain", "TYPE_FP16").replaceAll("dims: 4", "dims: 2"),
});

interface Reported {
  readonly models: Readonly<Record<string, unknown>>[];
  readonly mistakes: Readonly<Record<string, unknown>>[];
  readonly warnings: Readonly<Record<string, unknown>>[];
}

async function reported(path: string, args: readonly string[] = []): Promise<Reported> {
  const { stdout, stderr } = await shoal(["check", path, "--json", ...args], { cwd: folder });
  check.equal(stderr, "");
  return JSON.parse(stdout) as Reported;
}

/** `file:line field: message`, each. */
function told(findings: Reported["mistakes"]): readonly string[] {
  return findings.map(({ file, line, field, message }) => {
    const place = line === undefined ? String(file) : `${String(file)}:${String(line)}`;
    const where = field === undefined ? place : `${place} ${String(field)}`;
    return `${where}: ${String(message)}`.replaceAll(`${folder}${sep}`, "").replaceAll(sep, "/");
  });
}

test("a repository without mistakes: a table of what it would be", async () => {
  const { code, stdout, stderr } = await shoal(["check", "good", "--cores", "4"], { cwd: folder });
  const size = `${plain.byteLength} B`;
  check.deepEqual(
    { code, stderr, lines: stdout.split("\n") },
    {
      code: 0,
      stderr: "",
      lines: [
        "MODEL  SERVED  ROWS  INSTANCES  THREADS  WEIGHTS  MEMORY",
        `plain  1          4          1        4  ${size.padStart(7)}  ${size.padStart(6)}`,
        `small  1          8          2        4  ${size.padStart(7)}  ${`${2 * plain.byteLength} B`.padStart(6)}`,
        "",
        "0 mistakes, 0 warnings",
        "",
      ],
    },
  );
});

test("all mistakes, with file, line and field", async () => {
  const { mistakes, warnings, models } = await reported("wrong");
  check.deepEqual([models.map(({ name }) => name), warnings], [[], []]);
  check.deepEqual(told(mistakes), [
    "wrong/absent/1/model.onnx: model file 'model.onnx' is not there",
    "wrong/empty/config.pbtxt version_policy: at least one version must be available under the version policy of model 'empty'",
    "wrong/garbage/1/model.onnx: it cannot be loaded: Load model from wrong/garbage/1/model.onnx failed:Protobuf parsing failed.",
    "wrong/graph/config.pbtxt:4 output.label_filename: label file '../l.txt' is outside its folder",
    "wrong/graph/config.pbtxt:3 tensor 'x'.dims: unable to load model 'graph', model 'graph', tensor 'x': the model expects 2 dimensions (shape [-1,4]) but the model configuration specifies 2 dimensions (an initial batch dimension because max_batch_size > 0 followed by the explicit tensor shape, making complete shape [-1,5])",
    "wrong/graph/config.pbtxt:4 output 'y'.data_type: unable to load model 'graph', configuration expects datatype TYPE_INT8 for output 'y', model provides TYPE_FP32",
    "wrong/sizes/config.pbtxt:3 dynamic_batching.preferred_batch_size: dynamic batching preferred size must be <= max batch size for sizes",
    "wrong/sizes/config.pbtxt:6 input.allow_ragged_batch: 'input.allow_ragged_batch' is not supported by this server for sizes",
    "wrong/sizes/config.pbtxt:8 output 'y'.dims: model output 'y' dimension must be integer >= 1, or -1 to indicate a variable-size dimension for sizes",
    "wrong/text/config.pbtxt:2 max_batch_sise: unknown field 'max_batch_sise' (did you mean 'max_batch_size'?)",
  ]);
});

test("warnings: batches that cannot be, threads, datatypes, versions, fields of no effect", async () => {
  const { code } = await shoal(["check", "warned"], { cwd: folder });
  check.equal(code, 0);
  const { mistakes, warnings } = await reported("warned", ["--cores", "4"]);
  check.deepEqual(mistakes, []);
  const queue = "dynamic_batching.default_queue_policy";
  check.deepEqual(told(warnings), [
    "warned/fixed/config.pbtxt:1 dynamic_batching: requests are never batched: the first dimension of 'a', of shape [1,3], is fixed",
    "warned/half input 'x': JSON cannot carry FP16: clients need binary data, or gRPC",
    "warned/half output 'y': JSON cannot carry FP16: clients need binary data, or gRPC",
    "warned/queue/01: '01' is passed over: a version is a positive integer without leading zeros",
    "warned/queue/config.pbtxt:2 version_policy: version 5 is asked for by number, and not there",
    "warned/queue/config.pbtxt:2 version_policy: version 1 is there, and not allowed by the version policy",
    "warned/queue/config.pbtxt:11 runtime: of no effect in this server",
    "warned/queue/config.pbtxt:10 optimization.eager_batching: of no effect in this server",
    "warned/queue/config.pbtxt:4 dynamic_batching.preferred_batch_size: 1 is preferred, so a request leaves alone at once: dynamic_batching.max_queue_delay_microseconds has no effect",
    `warned/queue/config.pbtxt:6 ${queue}.default_timeout_microseconds: a request is refused after 1 ms, before its batch leaves (dynamic_batching.max_queue_delay_microseconds: 5 ms)`,
    `warned/queue/config.pbtxt:6 ${queue}.max_queue_size: at most 4 requests wait, so batches of 8 single rows never gather`,
    "warned/queue/config.pbtxt:8 instance_group: its instances compute with 6 threads, and there are 4 cores",
    "warned/single/config.pbtxt dynamic_batching: batching is off: model 'single' allows 8 rows per request but has no dynamic_batching",
  ]);
});

test("memory that the machine has not", async () => {
  const { warnings } = await reported("good", ["--memory", "1e-7"]);
  check.deepEqual(told(warnings), [
    "good: the weights of all instances take 2.51e-7 GiB, and there are 1.00e-7 GiB: fewer instances, or fewer versions",
  ]);
});

test("models in JavaScript and TypeScript: as their definitions say", async () => {
  const { models, mistakes, warnings } = await reported("modules", ["--cores", "2"]);
  check.deepEqual(
    models.map(({ name, max_batch_size, instances, threads }) => {
      return [name, max_batch_size, instances, threads];
    }),
    [
      ["both", 4, 0, 0],
      ["plain", 32, 1, 1],
      ["repeated", 0, 2, 2],
      ["typed", 8, 3, 3],
    ],
  );
  const unable = "unable to load model 'contradicts'";
  check.deepEqual(told(mistakes), [
    `modules/contradicts/config.pbtxt:1 max_batch_size: ${unable}, 'max_batch_size' is 4 in the configuration, but 'maxBatchSize' is 8 in the definition`,
    `modules/contradicts/config.pbtxt:2 instance_group: ${unable}, 'instance_group' is [{"count":3}] in the configuration, but 'instances' is [{"count":2}] in the definition`,
    `modules/contradicts/config.pbtxt:3 input 'x'.dims: ${unable}, 'dims' of input 'x' is [3] in the configuration, but [2] in the definition`,
    "modules/other/1/model.mjs: unable to load model 'other', the definition's name is 'another', but that of its folder in the repository 'other'",
    "modules/thing/1/model.mjs: 'model.mjs' its default export must be what model() returns",
    "modules/wrong/1/model.ts: 'model.ts' cannot be imported: not 5",
  ]);
  check.deepEqual(
    warnings.filter(({ field }) => field === "instances" || field === "instance_group"),
    [
      {
        model: "typed",
        file: join("modules", "typed", "config.pbtxt"),
        field: "instances",
        message: "its instances compute with 3 threads, and there are 2 cores",
      },
    ],
  );
});

test("what files of models print is not among what was asked for", async () => {
  const prints = "console.log('loud');\n";
  writeFiles(join(folder, "loud"), {
    "repository/plain/1/model.mjs": prints + moduleOf("plain"),
    "file.mjs": prints + moduleOf("plain"),
  });
  for (const path of ["repository", "file.mjs"]) {
    const asked = ["check", join("loud", path), "--json"];
    const { code, stdout } = await shoal(asked, { cwd: folder });
    check.equal(code, 0);
    check.equal((JSON.parse(stdout) as Reported).models.length, 1);
  }
  const types = await shoal(["types", join("loud", "file.mjs")], { cwd: folder });
  check.match(types.stdout, /^\/\/ Written by `shoal types`/);
  check.equal(types.stderr, "loud\n");
});

test("ensembles beside their models", async () => {
  const { mistakes, warnings, models } = await reported("ensembles");
  check.deepEqual(
    models.map(({ name }) => name),
    ["fits", "lost", "misfits", "plain"],
  );
  check.deepEqual([models[0]?.["instances"], models[0]?.["threads"], warnings], [0, 0, []]);
  check.deepEqual(told(mistakes), [
    "ensembles/lost/config.pbtxt ensemble_scheduling: ensemble 'lost' names the model 'nobody': there is none",
    "ensembles/misfits/config.pbtxt ensemble_scheduling: in ensemble misfits, ensemble tensor in: inconsistent data type: TYPE_INT32 is inferred from model misfits while TYPE_FP32 is inferred from model plain",
  ]);
});

test("the example repository: what may not have been meant, and no mistakes", async () => {
  writeExampleRepository(join(folder, "example"));
  const { mistakes, warnings, models } = await reported("example", ["--cores", "4"]);
  check.deepEqual(mistakes, []);
  const unbatched = { classifier: 4, identity: 64, reshaped: 4, scalars: 4, text_angle: 8 };
  // A batch of one is none: nothing is said of "thousand".
  check.deepEqual(told(warnings), [
    ...Object.entries(unbatched).map(([name, rows]) => {
      const why = `batching is off: model '${name}' allows ${rows} rows per request but has no dynamic_batching`;
      return `example/${name}/config.pbtxt dynamic_batching: ${why}`;
    }),
    "example/versions_chosen/config.pbtxt:2 version_policy: version 2 is there, and not allowed by the version policy",
    "example/versions_latest/config.pbtxt:1 version_policy: version 1 is there, and not allowed by the version policy",
  ]);
  const threads = Object.fromEntries(models.map((model) => [model["name"], model["threads"]]));
  // Two instances of one thread each, as configured, and of JavaScript; none of an ensemble.
  const { bare, batched, diamond, identity, typed } = threads;
  check.deepEqual([bare, batched, diamond, identity, typed], [4, 2, 0, 2, 1]);
  check.equal(models.length, 23);
});

test("without onnxruntime-node: said so, and all else is checked", async () => {
  const graphs = new OnnxGraphs(() =>
    Promise.reject(new InferenceError("UNAVAILABLE", "not there")),
  );
  const machine = { cores: 4, memoryBytes: 2 ** 40, graphs };
  const { findings, models } = await checkPath(join(folder, "good"), machine);
  check.deepEqual(
    findings.map(({ level, message }) => [level, message]),
    [["warning", "ONNX graphs are not checked: not there"]],
  );
  check.deepEqual(
    models.map(({ name, instances }) => [name, instances]),
    [
      ["plain", 1],
      ["small", 2],
    ],
  );
});

test("one model: its folder, or its configuration", async () => {
  const [one, other] = [
    await shoal(["check", "warned/half/"], { cwd: folder }),
    await shoal(["check", "wrong/text/config.pbtxt"], { cwd: folder }),
  ];
  check.equal(one.code, 0);
  check.match(one.stdout, /^warned\/half: warning: half input 'x': JSON cannot carry FP16: /);
  check.equal(other.code, 1);
  const file = join("wrong", "text", "config.pbtxt");
  check.ok(other.stdout.startsWith(`${file}:2:1: error: text max_batch_sise: `), other.stdout);
  check.match(other.stdout, /\n1 mistake, 0 warnings\n$/);
});

// Windows has other rights.
if (process.platform !== "win32") {
  test("a folder that cannot be read is told, and the others are checked", async (t) => {
    const path = mkdtempSync(join(tmpdir(), "shoal-check-"));
    t.after(() => rmSync(path, { recursive: true }));
    const files = { "1/.keep": "", "config.pbtxt": "backend: 'repeat'" };
    for (const name of ["closed", "open"]) writeFiles(join(path, name), files);
    chmodSync(path, 0o755);
    chmodSync(join(path, "closed"), 0);
    const machine = { cores: 4, memoryBytes: 2 ** 40 };
    const { models, findings } = await asNobody(() => checkPath(path, machine));
    check.deepEqual(
      models.map(({ name }) => name),
      ["open"],
    );
    const message = "the folder of model 'closed' cannot be read (EACCES)";
    const file = join(path, "closed");
    check.deepEqual(findings, [{ level: "mistake", model: "closed", file, message }]);
    const alone = asNobody(() => checkPath(file, machine));
    await check.rejects(alone, { name: "UsageError", message: /cannot be read \(EACCES\)$/ });
  });
}

const code = modelFolder({
  "server.mjs": `
const inputs = { x: fp32(3) };
const lone = negative("lone", { maxBatchSize: 1, batching: { maxQueueDelayMs: 1 } });
const many = negative("many", { module: import.meta.url, instances: 8 });
await serve([lone, many]);`,
  "graph.mjs": `
import { onnx } from "shoal/onnx";
export const graph = onnx("graph", { path: new URL("graph.onnx", import.meta.url) });
export const none = onnx("none", { path: "none.onnx" });`,
  "wrong.mjs": 'export const wrong = negative("wrong", { maxBatchSise: 3 });',
  "endless.mjs": 'setInterval(() => {}, 1000);\nexport const m = negative("m");',
});
writeFiles(code, { "graph.onnx": identityGraph("FP16", ["rows", 2]) });

test("files of models", async () => {
  const cores = ["--cores", "2"];
  const server = await reported(join(code, "server.mjs"), cores);
  check.deepEqual(
    server.warnings.map(({ model, field, message }) => [model, field, message]),
    [
      ["lone", "batching", "requests are never batched: maxBatchSize is 1"],
      ["many", "instances", "its instances compute with 8 threads, and there are 2 cores"],
    ],
  );
  const graph = await reported(join(code, "graph.mjs"), cores);
  check.deepEqual(
    [...graph.warnings, ...graph.mistakes].map(({ model, field }) => [model, field]),
    [
      ["graph", "input 'x'"],
      ["graph", "output 'y'"],
      ["none", undefined],
    ],
  );
  const wrong = await shoal(["check", join(code, "wrong.mjs")]);
  check.equal(wrong.code, 1);
  check.match(wrong.stdout, /wrong\.mjs: error: .*'maxBatchSise'.*maxBatchSize/);
  check.equal((await shoal(["check", join(code, "endless.mjs")])).code, 0);
});

const wrongs: readonly [args: readonly string[], told: RegExp][] = [
  [[], /missing required argument 'path'$/],
  [["missing"], /there is no file or folder 'missing'$/],
  [["good/README.md"], /'good\/README.md' is no config.pbtxt, and no .js, .mjs or .ts file$/],
  [["good/plain/1"], /there is no model in 'good\/plain\/1'$/],
  [["good", "--cores", "0"], /It must be a positive integer/],
  [["good", "--memory", "much"], /It must be a number of GiB above 0/],
];

for (const [args, message] of wrongs) {
  test(`shoal check ${args.join(" ")}`, async () => {
    const ended = await shoal(["check", ...args], { cwd: folder });
    check.deepEqual([ended.code, ended.stdout, ended.stderr.split("\n").length], [1, "", 2]);
    check.match(ended.stderr.trimEnd(), message);
  });
}
