/**
 * Everything about the server and its models that can be asked over HTTP, to the byte: health,
 * metadata, configuration, statistics, the index, and what is refused.
 */
import { strict as check } from "node:assert";
import { after, before, test } from "node:test";
import { fp32, int32, model, type Server } from "shoal";
import { readJson } from "../repository.ts";
import { ask, type RawAnswer } from "./raw-client.ts";
import { startServer } from "./server.ts";

/** One model in several versions: each adds its number. */
const ladder = [10, 1, 2].map((version) =>
  model("ladder", {
    version,
    inputs: { X: int32(-1) },
    outputs: { Y: int32(-1) },
    infer: ({ X }) => ({ Y: X.data.map((value) => value + version) }),
  }),
);

const fixed = model("fixed.v2", {
  batching: false,
  inputs: { A: fp32(2, -1), B: fp32(1) },
  outputs: { C: fp32(-1) },
  infer: ({ A }) => ({ C: A.data }),
});

let server: Server;
let port: number;

before(async () => {
  ({ server, port } = await startServer([...ladder, fixed]));
});
after(() => server.close());

const get = (path: string): Promise<RawAnswer> => ask(port, "GET", path);

async function postJson(path: string, body: string): Promise<RawAnswer> {
  return await ask(port, "POST", path, { body });
}

function isError(answer: RawAnswer, status: number, error: string): void {
  check.deepEqual(JSON.parse(answer.text), { error });
  check.equal(answer.status, status);
  check.equal(answer.headers.get("content-type"), "application/json");
}

function isEmpty(answer: RawAnswer, status: number): void {
  check.deepEqual([answer.status, answer.text], [status, ""]);
  check.equal(answer.headers.get("content-length"), "0");
  check.equal(answer.headers.get("content-type"), "text/plain");
}

const ladderMetadata = (versions: string): string =>
  `{"name":"ladder","versions":[${versions}],"platform":"function","inputs":[{"name":"X",` +
  `"datatype":"INT32","shape":[-1,-1]}],"outputs":[{"name":"Y","datatype":"INT32","shape":[-1,-1]}]}`;

test("the server says its name, its version and what works", async () => {
  const answer = await get("/v2");
  check.equal(
    answer.text,
    `{"name":"triton","version":"${readJson("package.json")["version"]}","extensions":` +
      `["classification","model_repository","model_repository(unload_dependents)",` +
      `"model_configuration","schedule_policy","binary_tensor_data","parameters","statistics"]}`,
  );
  check.deepEqual([...answer.headers.keys()].slice(0, 2), ["content-type", "content-length"]);
  check.equal(answer.headers.get("content-type"), "application/json");
});

test("health is a status and nothing else", async () => {
  for (const path of ["/v2/health/live", "/v2/health/ready"]) isEmpty(await get(path), 200);
  for (const path of ["ladder", "ladder/versions/2", "fixed.v2"]) {
    isEmpty(await get(`/v2/models/${path}/ready`), 200);
  }
});

test("a model's metadata, with the batch dimension in front", async () => {
  check.equal((await get("/v2/models/ladder")).text, ladderMetadata('"1","2","10"'));
});

test("with a version in the path, that one alone", async () => {
  check.equal((await get("/v2/models/ladder/versions/10")).text, ladderMetadata('"10"'));
  check.equal((await get("/v2/models/ladder/versions/002")).text, ladderMetadata('"2"'));
});

test("without batching shapes are as declared, tensors in their order", async () => {
  check.equal(
    (await get("/v2/models/fixed.v2")).text,
    '{"name":"fixed.v2","versions":["1"],"platform":"function","inputs":[{"name":"A","datatype":' +
      '"FP32","shape":[2,-1]},{"name":"B","datatype":"FP32","shape":[1]}],"outputs":[{"name":"C",' +
      '"datatype":"FP32","shape":[-1]}]}',
  );
});

test("the configuration, every default shown, in the published order", async () => {
  const answer = await get("/v2/models/ladder/config");
  check.equal(
    answer.text,
    '{"name":"ladder","platform":"","backend":"function","runtime":"","version_policy":{"latest":' +
      '{"num_versions":1}},"max_batch_size":32,"input":[{"name":"X","data_type":"TYPE_INT32",' +
      '"format":"FORMAT_NONE","dims":[-1],"is_shape_tensor":false,"allow_ragged_batch":false,' +
      '"optional":false,"is_non_linear_format_io":false}],"output":[{"name":"Y","data_type":' +
      '"TYPE_INT32","dims":[-1],"label_filename":"","is_shape_tensor":false,' +
      '"is_non_linear_format_io":false}],"batch_input":[],"batch_output":[],"optimization":' +
      '{"priority":"PRIORITY_DEFAULT","input_pinned_memory":{"enable":true},' +
      '"output_pinned_memory":{"enable":true},"gather_kernel_buffer_threshold":0,' +
      '"eager_batching":false},"dynamic_batching":{"preferred_batch_size":[32],' +
      '"max_queue_delay_microseconds":0,"preserve_ordering":false,"priority_levels":0,' +
      '"default_priority_level":0,"priority_queue_policy":{}},"instance_group":[{"name":"ladder",' +
      '"kind":"KIND_CPU","count":1,"gpus":[],"secondary_devices":[],"profile":[],"passive":false,' +
      '"host_policy":""}],"default_model_filename":"","cc_model_filenames":{},"metric_tags":{},' +
      '"parameters":{},"model_warmup":[]}',
  );
  check.equal(answer.headers.get("content-type"), "application/json");
  check.equal((await get("/v2/models/ladder/versions/1/config")).text, answer.text);
});

test("without a version the highest one answers", async () => {
  const input = '{"inputs":[{"name":"X","shape":[1,1],"datatype":"INT32","data":[0]}]}';
  const highest = await postJson("/v2/models/ladder/infer", input);
  const named = await postJson("/v2/models/ladder/versions/2/infer", input);
  check.match(highest.text, /^\{"model_name":"ladder","model_version":"10",.*"data":\[10\]/);
  check.match(named.text, /^\{"model_name":"ladder","model_version":"2",.*"data":\[2\]/);
});

test("statistics have every key, zeros and empty lists too", async () => {
  const zero = '{"count":0,"ns":0}';
  const untouched =
    '{"model_stats":[{"name":"ladder","version":"1","last_inference":0,"inference_count":0,' +
    `"execution_count":0,"inference_stats":{"success":${zero},"fail":${zero},"queue":${zero},` +
    `"compute_input":${zero},"compute_infer":${zero},"compute_output":${zero},"cache_hit":${zero},` +
    `"cache_miss":${zero}},"response_stats":{},"batch_stats":[],"memory_usage":[]}]}`;
  check.equal((await get("/v2/models/ladder/versions/1/stats")).text, untouched);
});

test("statistics count, and agree with each other", async () => {
  const before = Date.now();
  const body = '{"inputs":[{"name":"A","shape":[2,1],"datatype":"FP32","data":[1,2]},';
  const other = '{"name":"B","shape":[1],"datatype":"FP32","data":[3]}]}';
  const answer = await postJson("/v2/models/fixed.v2/infer", body + other);
  check.equal(answer.status, 200, answer.text);
  const { text } = await get("/v2/models/fixed.v2/stats");
  const last = Number(/"last_inference":(\d+)/.exec(text)?.[1]);
  check.ok(last >= before && last <= Date.now());
  check.equal(
    text.replace(`"last_inference":${last}`, '"last_inference":0').replace(/"ns":\d+/g, '"ns":0'),
    '{"model_stats":[{"name":"fixed.v2","version":"1","last_inference":0,"inference_count":1,' +
      '"execution_count":1,"inference_stats":{"success":{"count":1,"ns":0},"fail":{"count":0,"ns":' +
      '0},"queue":{"count":1,"ns":0},"compute_input":{"count":1,"ns":0},"compute_infer":{"count":1,' +
      '"ns":0},"compute_output":{"count":1,"ns":0},"cache_hit":{"count":0,"ns":0},"cache_miss":' +
      '{"count":0,"ns":0}},"response_stats":{},"batch_stats":[{"batch_size":1,"compute_input":' +
      '{"count":1,"ns":0},"compute_infer":{"count":1,"ns":0},"compute_output":{"count":1,"ns":0}}],' +
      '"memory_usage":[]}]}',
  );
});

test("statistics of all: names ascending, versions ascending", async () => {
  const { model_stats: all } = JSON.parse((await get("/v2/models/stats")).text);
  check.deepEqual(
    all.map(({ name, version }: { name: string; version: string }) => `${name} ${version}`),
    ["fixed.v2 1", "ladder 1", "ladder 2", "ladder 10"],
  );
  const { model_stats: one } = JSON.parse((await get("/v2/models/ladder/stats")).text);
  check.deepEqual(one, all.slice(1));
});

test("statistics of what is not there", async () => {
  const noModel = "requested model 'nobody' is not available";
  isError(await get("/v2/models/nobody/stats"), 400, noModel);
  isError(await get("/v2/models/nobody/versions/1/stats"), 400, noModel);
  const noVersion = "requested model version is not available for model 'ladder'";
  isError(await get("/v2/models/ladder/versions/3/stats"), 400, noVersion);
});

const wholeIndex =
  '[{"name":"fixed.v2","version":"1","state":"READY"},{"name":"ladder","version":"1","state":' +
  '"READY"},{"name":"ladder","version":"2","state":"READY"},{"name":"ladder","version":"10",' +
  '"state":"READY"}]';

test("the index: one element a version, in order; a repository's name is ignored", async () => {
  for (const path of ["/v2/repository/index", "/v2/repository/any/index"]) {
    for (const body of ["", "{}", '{"ready":true}', '{"ready":false}', "[]", "7", '{"x":1}']) {
      const answer = await postJson(path, body);
      check.deepEqual([answer.status, answer.text], [200, wholeIndex], body);
    }
  }
  check.equal((await ask(port, "POST", "/v2/repository/index")).text, wholeIndex);
});

test("the index refuses what it cannot read", async () => {
  const notBoolean = "Invalid value for 'ready': expected a boolean";
  for (const body of ['{"ready":1}', '{"ready":null}', '{"ready":"true"}']) {
    isError(await postJson("/v2/repository/index", body), 400, notBoolean);
  }
  const broken = await postJson("/v2/repository/index", '{"ready":');
  isError(broken, 500, "failed to parse the request JSON buffer: Invalid value. at 9");
  const deep = await postJson("/v2/repository/index", "[".repeat(100_000));
  isError(deep, 400, "JSON nesting depth exceeds maximum allowed limit (100)");
});

test("models are neither loaded nor unloaded over HTTP yet", async () => {
  const why = "explicit model load / unload is not allowed if polling is enabled";
  for (const path of ["ladder/load", "ladder/unload", "nobody/load", "nobody/unload"]) {
    isError(await postJson(`/v2/repository/models/${path}`, "{}"), 503, why);
  }
});

test("a named repository is not supported", async () => {
  const why = "'repository_name' specification is not supported";
  for (const path of ["load", "unload"]) {
    isError(await postJson(`/v2/repository/any/models/ladder/${path}`, "{}"), 501, why);
  }
});

test("a model's name may be percent-encoded, and nothing else", async () => {
  check.equal((await get("/v2/models/%6C%61dder")).text, ladderMetadata('"1","2","10"'));
  isEmpty(await get("/v2/models/%66ixed%2Ev2/ready"), 200);
  isError(await get("/v2/model%73/ladder"), 404, "Not Found");
  isError(await get("/v2/models/ladder/%72eady"), 404, "Not Found");
  const slash = "Request for unknown model: 'a/b' is not found";
  isError(await get("/v2/models/a%2Fb"), 404, slash);
  const broken = "Request for unknown model: 'ladder%' is not found";
  isError(await get("/v2/models/ladder%/ready"), 404, broken);
});

test("a query string is ignored", async () => {
  check.equal((await get("/v2/models/ladder/versions/2?a=b/c")).text, ladderMetadata('"2"'));
  isEmpty(await get("/v2/health/live?"), 200);
  isError(await get("/v2x?/v2"), 404, "Not Found");
});

interface KnownPath {
  readonly path: string;
  readonly method: "GET" | "POST";
}

const knownPaths: readonly KnownPath[] = [
  ...["", "/ready", "/config", "/stats", "/versions/1", "/versions/1/ready"].map((rest) => {
    return { path: `/v2/models/ladder${rest}`, method: "GET" } as const;
  }),
  ...["/v2", "/v2/health/live", "/v2/health/ready", "/v2/models/stats"].map((path) => {
    return { path, method: "GET" } as const;
  }),
  ...["/v2/models/ladder/versions/1/config", "/v2/models/ladder/versions/1/stats"].map((path) => {
    return { path, method: "GET" } as const;
  }),
  ...["/v2/models/ladder/infer", "/v2/models/ladder/versions/1/infer"].map((path) => {
    return { path, method: "POST" } as const;
  }),
  ...["index", "a/index", "models/ladder/load", "models/ladder/unload"].map((rest) => {
    return { path: `/v2/repository/${rest}`, method: "POST" } as const;
  }),
  { path: "/v2/repository/a/models/ladder/load", method: "POST" },
];

test("a trailing slash is another path", async () => {
  for (const { path, method } of knownPaths) {
    const answer = await ask(port, method, `${path}/`);
    check.deepEqual([answer.status, answer.text], [404, '{"error":"Not Found"}'], path);
  }
});

test("a known path with another method is refused, and says which one it takes", async () => {
  for (const { path, method } of knownPaths) {
    const others = [
      "PUT",
      "DELETE",
      "PATCH",
      "OPTIONS",
      "TRACE",
      method === "GET" ? "POST" : "GET",
    ];
    for (const other of others) {
      const answer = await ask(port, other, path);
      check.equal(answer.text, '{"error":"Method Not Allowed"}', `${other} ${path}`);
      check.equal(answer.status, 405);
      check.equal(answer.headers.get("allow"), method);
    }
  }
});

test("HEAD is refused as other methods are, without a body", async () => {
  for (const { path, method } of knownPaths) {
    const answer = await ask(port, "HEAD", path);
    check.deepEqual([answer.status, answer.headers.get("allow")], [405, method], path);
  }
});

test("an unknown path is not found, whatever the method", async () => {
  const paths = [
    "/v1",
    "/v2x",
    "/v2/models",
    "/v2/models//ready",
    "/v2/health",
    "/v2/health/lively",
    "/v2/models/ladder/versions",
    "/v2/models/ladder/versions/abc",
    "/v2/models/ladder/versions/-1",
    "/v2/models/ladder/versions/1.0/ready",
    "/v2/models/ladder/ready/now",
    "/v2/models/ladder/constructor",
    "/v2/models/ladder/versions/1/toString",
    "/v2/repository",
    "/v2/repository//index",
    "/v2/repository/models/ladder",
    "/v2/repository/models/ladder/constructor",
    "/v2/repository/models/ladder/__proto__",
    "/v2/repository/a/models/ladder/toString",
    "/v2/repository/a/models//load",
    "/V2",
    "*",
  ];
  for (const path of paths) {
    for (const method of ["GET", "POST", "OPTIONS"]) {
      const answer = await ask(port, method, path);
      check.deepEqual([answer.status, answer.text], [404, '{"error":"Not Found"}'], path);
    }
  }
});

test("unknown models and versions have the protocol's texts", async () => {
  for (const rest of ["", "/ready", "/config"]) {
    const noModel = "Request for unknown model: 'nobody' is not found";
    isError(await get(`/v2/models/nobody${rest}`), 404, noModel);
    isError(await get(`/v2/models/nobody/versions/1${rest}`), 404, noModel);
    const noVersion = "Request for unknown model: 'ladder' version 3 is not found";
    isError(await get(`/v2/models/ladder/versions/3${rest}`), 404, noVersion);
  }
});

test("a version beyond 64 bits is refused before the model is looked for", async () => {
  const version = "9223372036854775808";
  const why =
    `failed to get model version from specified version string '${version}' (details: stol), ` +
    "version should be an integral value > 0";
  for (const rest of ["", "/ready", "/config", "/stats"]) {
    isError(await get(`/v2/models/nobody/versions/${version}${rest}`), 400, why);
  }
  isError(await postJson(`/v2/models/nobody/versions/${version}/infer`, "{}"), 400, why);
  for (const unknown of ["0", "00", "9007199254740993", "9223372036854775807"]) {
    const number = BigInt(unknown);
    const text = `Request for unknown model: 'ladder' version ${number} is not found`;
    for (const rest of ["", "/ready", "/config"]) {
      isError(await get(`/v2/models/ladder/versions/${unknown}${rest}`), 404, text);
    }
    isError(await postJson(`/v2/models/ladder/versions/${unknown}/infer`, "{}"), 404, text);
    const stats = await get(`/v2/models/ladder/versions/${unknown}/stats`);
    isError(stats, 400, "requested model version is not available for model 'ladder'");
  }
});

test("errors escape as answers do", async () => {
  const answer = await get("/v2/models/%1f%7f%22%5C%5Cu00ab%2F%0A%C3%A9/ready");
  const name = '\\u001F\x7f\\"\\\\\\\\u00ab/\\né';
  check.equal(answer.text, `{"error":"Request for unknown model: '${name}' is not found"}`);
});
