/**
 * `shoal models`: the index and what is done with one model, over HTTP and gRPC, against a server
 * that has model control and one that has not; and one line for each mistake.
 */
import { strict as check } from "node:assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createServer } from "shoal";
import { Program, shoalCommand } from "../program.ts";
import { linear, onlyHttp, shoal, urlOf } from "./asked-models.ts";
import { managedServer } from "./managed-server.ts";
import { modelFolder } from "./model-folder.ts";

const folder = modelFolder({
  "config.pbtxt": "max_batch_size: 8\nversion_policy { specific { versions: 9007199254740993 } }\n",
  "config.json": '{"max_batch_size": 4}',
  "list.json": "[1]",
  "broken.pbtxt": "max_batch_sise: 8\n",
});
writeFileSync(join(folder, "model.onnx"), Uint8Array.of(0, 255, 1));

const server = createServer([linear], { ...onlyHttp, allowGrpc: true, grpcPort: 0 });
let url = "";
let grpcUrl = "";

before(async () => {
  url = await urlOf(server);
  grpcUrl = `grpc://${String(server.urls.grpc).replace(/^\w+:\/\//, "")}`;
});

after(() => server.close());

const broken = "Internal: it broke \\u001b[2J";

for (const protocol of ["http", "grpc"] as const) {
  test(`${protocol}: the index is a table, and JSON for programs`, async (t) => {
    const managed = await managedServer(t);
    const { code, stdout, stderr } = await shoal(["models", managed[protocol]]);
    check.deepEqual([code, stderr], [0, ""]);
    check.deepEqual(stdout.split("\n"), [
      "MODEL   VERSION  STATE        REASON",
      "asleep  -        -",
      `broken  1        UNAVAILABLE  ${broken}`,
      "linear  1        READY",
      "",
    ]);
    const { stdout: line } = await shoal(["models", managed[protocol], "--json"]);
    check.deepEqual([line.split("\n").length, line.includes("\u001b[")], [2, false]);
    check.deepEqual(JSON.parse(line), [
      { name: "asleep" },
      {
        name: "broken",
        version: "1",
        state: "UNAVAILABLE",
        reason: "Internal: it\nbroke \u001b[2J",
      },
      { name: "linear", version: "1", state: "READY" },
    ]);
  });

  test(`${protocol}: load and unload, then what the index says of it`, async (t) => {
    const managed = await managedServer(t);
    const loaded = await shoal(["models", managed[protocol], "load", "asleep"]);
    check.deepEqual(loaded, {
      code: 0,
      stdout: "MODEL   VERSION  STATE  REASON\nasleep  1        READY\n",
      stderr: "",
    });
    const unload = ["models", managed[protocol], "unload", "linear"];
    const unloaded = await shoal([...unload, "--json"]);
    check.deepEqual(JSON.parse(unloaded.stdout), [
      { name: "linear", version: "1", state: "UNAVAILABLE", reason: "unloaded" },
    ]);
    await shoal([...unload, "--with-dependents"]);
    check.deepEqual(managed.loads, [["asleep", {}]]);
    check.deepEqual(managed.unloads, [
      ["linear", {}],
      ["linear", { unload_dependents: true }],
    ]);
  });

  test(`${protocol}: load with a configuration and with files`, async (t) => {
    const managed = await managedServer(t);
    const load = ["models", managed[protocol], "load", "new"];
    const cwd = { cwd: folder };
    const files = ["--file", "1/model.onnx=@model.onnx", "--file", "l.txt=@list.json"];
    const ends = [
      await shoal([...load, "--config", '{"max_batch_size": 2}'], cwd),
      await shoal([...load, "--config", "config.json"], cwd),
      await shoal([...load, "--config", "config.pbtxt", ...files], cwd),
    ];
    check.deepEqual(
      ends.map(({ code, stderr }) => [code, stderr]),
      ends.map(() => [0, ""]),
    );
    const sent = managed.loads.map(([, { config, ...others }]) => {
      return { config: JSON.parse(String(config)) as unknown, ...others };
    });
    check.deepEqual(sent, [
      { config: { max_batch_size: 2 } },
      { config: { max_batch_size: 4 } },
      {
        config: {
          version_policy: { specific: { versions: ["9007199254740993"] } },
          max_batch_size: 8,
        },
        "file:1/model.onnx": "AP8B",
        "file:l.txt": "WzFd",
      },
    ]);
  });

  test(`${protocol}: a load that fails is told in one line`, async (t) => {
    const managed = await managedServer(t);
    check.deepEqual(await shoal(["models", managed[protocol], "load", "bad one"]), {
      code: 1,
      stdout: "",
      stderr: "error: load failed for model 'bad one': it is bad;\n",
    });
  });
}

test("our server without model control: each protocol tells the same", async () => {
  const why = "explicit model load / unload is not allowed if polling is enabled";
  for (const asked of [url, grpcUrl]) {
    for (const action of ["load", "unload"]) {
      const ended = await shoal(["models", asked, action, "linear"]);
      check.deepEqual(ended, { code: 1, stdout: "", stderr: `error: ${why}\n` });
    }
  }
});

test("our server: configuration and statistics", async () => {
  await shoal(["infer", url, "linear", "--input", "x=[1, 2, 3]"]);
  for (const asked of [url, grpcUrl]) {
    const { stdout } = await shoal(["models", asked, "config", "linear"]);
    check.match(stdout, /^\{\n {2}"name": "linear",\n/);
    const { stdout: line } = await shoal(["models", asked, "config", "linear", "--json"]);
    check.deepEqual(JSON.parse(line), JSON.parse(stdout));
    check.equal(line.split("\n").length, 2);
    for (const name of [[], ["linear"], ["linear", "--version", "1"]]) {
      const { stdout: table } = await shoal(["models", asked, "statistics", ...name]);
      check.match(table, /^MODEL {3}VERSION {2}SUCCEEDED {2}FAILED {2}ROWS .* COMPUTE\n/);
      check.match(table, /\nlinear {2}1 {16}1 {7}0 {5}1 {8}1 {9}1\.0 .* \d+\.\d{3} ms\n$/);
    }
    const { stdout: all } = await shoal(["models", asked, "statistics", "--json"]);
    check.deepEqual(Object.keys(JSON.parse(all) as object), ["model_stats"]);
  }
});

test("watched: one table follows the other, and one that cannot be asked is told", async (t) => {
  const managed = await managedServer(t);
  const args = ["models", managed.http, "--watch", "--every", "0.01"];
  const program = new Program([shoalCommand, ...args]);
  t.after(() => program.stop());
  await program.until(() => program.stdout.includes("linear  1        READY"), "shows the index");
  managed.index.set("linear", { version: "1", state: "UNLOADING" });
  await program.until(() => /linear {2}1 {8}UNLOADING/.test(program.stdout), "shows the next");
  check.match(program.stdout, /^\d\d:\d\d:\d\d {2}3 versions, 1 ready\n\nMODEL /);
  program.send("SIGINT");
  check.equal((await program.ended()).signal, "SIGINT");
});

test("watched for a program: a line each, without what others are told", async (t) => {
  const managed = await managedServer(t);
  const args = ["models", managed.http, "--watch", "--every", "0.01", "--json"];
  const program = new Program([shoalCommand, ...args]);
  t.after(() => program.stop());
  await program.until(() => program.stdout.split("\n").length > 3, "prints lines");
  const lines = program.stdout.split("\n").slice(0, 3);
  for (const line of lines) check.equal((JSON.parse(line) as unknown[]).length, 3);
});

test("watched: a server that goes away is told, and asked again", async (t) => {
  const managed = await managedServer(t);
  const args = ["models", managed.http, "--watch", "--every", "0.01"];
  const program = new Program([shoalCommand, ...args]);
  t.after(() => program.stop());
  await program.until(() => program.stdout.includes("MODEL"), "shows the index");
  managed.setGone(true);
  const told = /^\d\d:\d\d:\d\d {2}error: .*\n/m;
  await program.until(() => told.test(program.stdout), "tells that it is gone");
  const before = program.stdout.length;
  managed.setGone(false);
  await program.until(() => program.stdout.slice(before).includes("MODEL"), "shows it again");
});

test("whoever stops reading ends what is watched", async (t) => {
  const managed = await managedServer(t);
  const program = new Program([shoalCommand, "models", managed.http, "--watch", "--every", "0.01"]);
  await program.until(() => program.stdout !== "", "shows the index");
  program.closeOutputs();
  check.equal((await program.ended()).code, 0);
});

const wrongs: readonly [args: readonly string[], told: RegExp][] = [
  [["stop"], /there is no action 'stop': index, load, unload, config, statistics$/],
  [["load"], /load needs the name of a model$/],
  [["index", "linear"], /index takes no name$/],
  [["--config", "{}"], /--config is for load, not for index$/],
  [["unload", "m", "--file", "a=@b"], /--file is for load, not for unload$/],
  [["load", "m", "--with-dependents"], /--with-dependents is for unload, not for load$/],
  [["config", "m", "--watch"], /--watch is for index and statistics, not for config$/],
  [["statistics", "--version", "1"], /--version needs the name of a model$/],
  [["--every", "1"], /--every needs --watch$/],
  [["--watch", "--every", "0"], /It must be a number of seconds above 0, and at most a day/],
  [["load", "m", "--config", "{max"], /--config is no JSON/],
  [["load", "m", "--config", "missing.json"], /ENOENT.*missing.json/],
  [["load", "m", "--config", "list.json"], /a configuration is a JSON object$/],
  [["load", "m", "--config", "broken.pbtxt"], /broken.pbtxt: line 1, column 1: .*max_batch_size/],
  [["load", "m", "--file", "a"], /--file 'a': it must be a path in the model's folder, =@ and/],
  [["load", "m", "--file", "a=@missing"], /ENOENT.*missing/],
  [["unload", "liner"], /the server has no model 'liner' \(did you mean 'linear'\?\)$/],
  [["unload", "none"], /the server has no model 'none'$/],
  [["config", "none"], /Request for unknown model: 'none' is not found$/],
  [["--jsn"], /unknown option '--jsn' \(Did you mean --json\?\)$/],
];

for (const [args, message] of wrongs) {
  test(`shoal models URL ${args.join(" ")}`, async () => {
    const { code, stdout, stderr } = await shoal(["models", url, ...args], { cwd: folder });
    check.deepEqual([code, stdout, stderr.split("\n").length], [1, "", 2]);
    check.match(stderr.trimEnd(), message);
  });
}
