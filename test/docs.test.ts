/**
 * The documents: their code runs, what they list is what there is, both languages say the same.
 *
 *   code     each block is carried out as its reader would do it (documents/page-run.ts)
 *   lists    error codes, options, flags, routes, metrics: none is missing, and none made up
 *   twins    a Chinese page has the sections, the tables and the code of the English one
 *   links    lead somewhere, and files that are named exist
 */
import { strict as check } from "node:assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { createServer, fp32, type ModelOptions, model } from "shoal";
import { createClient } from "shoal/client";
import { type OnnxOptions, onnx } from "shoal/onnx";
import { checkCommand } from "../dist/cli/check.js";
import { type Flag, serveFlags } from "../dist/cli/flag-table.js";
import { inferCommand } from "../dist/cli/infer.js";
import { modelsCommand } from "../dist/cli/models.js";
import { newCommand } from "../dist/cli/new.js";
import { typesCommand } from "../dist/cli/types.js";
import { endpointGroups, groupNames } from "../dist/frontends/endpoint-groups.js";
import { type Route, routeOf } from "../dist/frontends/http/routes.js";
import { errorCodes } from "../dist/protocol/errors.js";
import { optionDefaults } from "../dist/protocol/model-options.js";
import { serverOptionSpecs } from "../dist/server/server-options.js";
import { fieldStatuses } from "./documents/config-fields.ts";
import {
  anchorOf,
  codeSpans,
  docsPages,
  pageTwins,
  readPage,
  relativeLinks,
  rootPages,
  sectionOf,
  tableRows,
} from "./documents/page.ts";
import { PageRun, type Unchecked } from "./documents/page-run.ts";
import { definitionOptions, modelOptionPaths } from "./documents/refusal.ts";
import { filesUnder, readJson, readText, root } from "./repository.ts";

/** All that is printed as code and not carried out. */
const unchecked: Unchecked = {
  commands: {
    "npm install shoal": "needs a registry",
    "npm install shoal onnxruntime-node": "needs a registry",
    "ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node": "needs a registry",
    "npm install sharp": "needs a registry",
    "npx shoal infer http://localhost:8000 resnet --input image=@cat.jpg --scale imagenet":
      "cli/pictures.test.ts asks such models",
    "node scripts/ready.mjs": "whoever runs this has done so",
    "node examples/ocr/read-invoice.mjs": "onnx-examples.test.ts runs it, with its models",
  },
  pictures: {
    "clients: curl, fetch, tritonclient, ...": "a drawing",
    "cli ──> server ──> frontends ─┐": "a drawing",
    "repository/": "a drawing",
    "config.pbtxt, or JSON of a client ──> WrittenConfig ──> polled ──> versions, by the policy":
      "a drawing",
    "load                     unload                 all is answered": "a drawing",
    "1.00  INVOICE   No. 2026-1123": "onnx-examples.test.ts checks what the example prints",
  },
};

const englishPages = [...rootPages, ...docsPages];
const chinesePages = pageTwins.map(([, chinese]) => chinese);
const everyPage = [...englishPages, ...chinesePages];

for (const path of englishPages) {
  test(`${path}: its code blocks run`, async () => {
    const run = new PageRun(readPage(path), unchecked);
    try {
      await run.run();
    } finally {
      await run.close();
    }
  });
}

test("what is listed as not run stands in some page", () => {
  const blocks = englishPages.flatMap((path) => readPage(path).blocks.map(({ code }) => code));
  for (const text of [...Object.keys(unchecked.commands), ...Object.keys(unchecked.pictures)]) {
    check.ok(
      blocks.some((code) => code.includes(text)),
      text,
    );
  }
});

test("errors.md has each code, with its statuses", () => {
  const page = readPage("docs/errors.md");
  const sections = page.headings.map(({ text }) => text).filter((text) => /^[A-Z_]+$/.test(text));
  check.deepEqual(sections.sort(), Object.keys(errorCodes).sort());
  for (const [code, { http, grpc }] of Object.entries(errorCodes)) {
    const [first] = sectionOf(page, code).trim().split("\n");
    check.equal(first, `HTTP ${http}, gRPC ${grpc}.`, code);
  }
});

test("server.md has each option, with flag, environment and default", () => {
  const rows = tableRows(sectionOf(readPage("docs/server.md"), "Options"));
  const documented = rows.map((cells) => cells.slice(0, 4).map(plain).join(" "));
  const flags = new Map<string | undefined, string>(
    serveFlags.map(({ option, flag }) => [option, flag]),
  );
  const actual = Object.entries(serverOptionSpecs).map(([name, spec]) => {
    const flag = flags.get(name) ?? "";
    const environment = `SHOAL_${flag.toUpperCase().replaceAll("-", "_")}`;
    return [name, `--${flag}`, environment, shownDefault(name, spec.default)].join(" ");
  });
  check.deepEqual(documented.sort(), actual.sort());
});

/** As the table writes it. */
function shownDefault(name: string, value: unknown): string {
  if (name === "security") return "";
  if (name === "maxWaitingBytes") return "1/4 of memory, at most 1 GiB";
  if (name === "metricsAddress" || name === "grpcAddress") return "as httpAddress";
  const mib = Number(value) / 2 ** 20;
  return Number.isInteger(mib) && mib > 0 ? `${mib} MiB` : String(value);
}

function plain(cell: string): string {
  return cell.replaceAll("`", "");
}

const otherCommands = [inferCommand, typesCommand, modelsCommand, checkCommand, newCommand];

/** Of the commands beside `shoal serve`. */
function flagsOf(command: ReturnType<typeof inferCommand>): readonly string[] {
  return command.options.map(({ long }) => long ?? "");
}

test("command-line.md has each flag of the other commands", () => {
  for (const command of otherCommands.map((make) => make())) {
    const section = sectionOf(readPage("docs/command-line.md"), `shoal ${command.name()}`);
    const documented = tableRows(section).flatMap(([names = ""]) =>
      codeSpans(names).flatMap((name) => (name.startsWith("--") ? name.split(" ", 1) : [])),
    );
    check.deepEqual(documented.sort(), [...flagsOf(command)].sort());
  }
});

test("from-tritonserver.md has each flag, and the reason of what is accepted or refused", () => {
  const rows = tableRows(sectionOf(readPage("docs/from-tritonserver.md"), "Flags"));
  const mapped = rows.filter(([names = ""]) => !names.startsWith("`"));
  const set = mapped.flatMap(([, names = ""]) => codeSpans(names));
  const others = rows.filter((row) => !mapped.includes(row));
  const told = others.flatMap(([names = "", second = "", third = ""]) => {
    const passed = codeSpans(second);
    return codeSpans(names).map((name) => {
      const value = passed.find((span) => span.startsWith(`${name}=`)) ?? "";
      return [name, value, third === "" ? second : third].join(" ");
    });
  });
  const isOption = ({ status }: Flag): boolean => status === "option";
  const options = serveFlags.filter(isOption).map(({ flag }) => `--${flag}`);
  check.deepEqual(set.sort(), options.sort());
  const actual = serveFlags.filter((flag) => !isOption(flag)).map(toldFlag);
  check.deepEqual(told.sort(), actual.sort());
});

/** As the tables write it. */
function toldFlag({ flag, status, default: value, means }: Flag): string {
  const passed = value === undefined ? "" : `--${flag}=${String(value)}`;
  return [`--${flag}`, passed, status === "refused" ? `never: ${means}` : means].join(" ");
}

test("model-repository.md has each field of a configuration, and what becomes of it", () => {
  const rows = tableRows(sectionOf(readPage("docs/model-repository.md"), "Fields"));
  const documented = new Map(
    rows.flatMap(([names = "", status = ""]) => codeSpans(names).map((name) => [name, status])),
  );
  const actual = fieldStatuses();
  const isAbove = (name: string, path: string): boolean => `${path}.`.startsWith(`${name}.`);
  for (const [path, status] of actual) {
    const said = [...documented].filter(([name]) => isAbove(name, path));
    check.deepEqual(
      said.map(([, each]) => each),
      [status],
      path,
    );
  }
  for (const name of documented.keys()) {
    check.ok(
      [...actual.keys()].some((path) => isAbove(name, path)),
      name,
    );
  }
});

test("no page makes up a flag", () => {
  const ofServe = serveFlags.map(({ flag }) => `--${flag}`);
  const others = otherCommands.flatMap((make) => flagsOf(make()));
  const all = [...ofServe, ...others, "--help"];
  for (const path of everyPage.filter((name) => name !== "CONTRIBUTING.md")) {
    const flags = codeSpans(readPage(path).prose.join("\n")).filter((span) =>
      /^--[a-z]/.test(span),
    );
    const invented = flags.filter((span) => !all.includes(span.split(/[ =]/, 1)[0] ?? ""));
    check.deepEqual(invented, [], path);
  }
});

test("client.md has each option of a client and of a call", async () => {
  using client = createClient("http://localhost:8000");
  const stranger: object = { qqqqqqqqqq: 1 };
  const told = async (call: () => unknown): Promise<string> => {
    try {
      return String(await call());
    } catch (error) {
      return error instanceof Error ? error.message : "";
    }
  };
  for (const [name, refusal] of [
    ["Options", await told(() => createClient("http://localhost:8000", stranger))],
    ["Inference", await told(() => client.model("m").infer({}, stranger))],
  ] as const) {
    const rows = tableRows(sectionOf(readPage("docs/client.md"), name));
    const documented = rows.flatMap(([names = ""]) => codeSpans(names));
    const options = documented.filter((option) => !option.includes("("));
    const actual = /\(there are ([^)]*)\)/.exec(refusal)?.[1]?.split(", ");
    check.deepEqual(options.sort(), actual?.sort(), name);
  }
});

/** Public methods of InferenceServerClient, over HTTP and gRPC, and of what goes in and comes out. */
const tritonclient =
  "async_infer async_stream_infer close generate_request_body get_cuda_shared_memory_status " +
  "get_inference_statistics get_log_settings get_model_config get_model_metadata " +
  "get_model_repository_index get_server_metadata get_system_shared_memory_status " +
  "get_trace_settings infer is_model_ready is_server_live is_server_ready load_model " +
  "parse_response_body plugin register_cuda_shared_memory register_plugin " +
  "register_system_shared_memory start_stream stop_stream stream_infer unload_model " +
  "unregister_cuda_shared_memory unregister_plugin unregister_system_shared_memory " +
  "update_log_settings update_trace_settings set_data_from_numpy set_shared_memory as_numpy " +
  "get_output get_response";

test("client.md has each method of tritonclient", () => {
  const section = sectionOf(readPage("docs/client.md"), "From tritonclient");
  const named = codeSpans(section).flatMap((span) => /^[a-z_]+/.exec(span) ?? []);
  const missing = tritonclient.split(" ").filter((method) => !named.includes(method));
  check.deepEqual(missing, []);
});

test("protocol.md has each route, with its method", () => {
  const rows = tableRows(sectionOf(readPage("docs/protocol.md"), "Routes"));
  const documented = rows.map(([method = "", path = ""]): Route["name"] => {
    const route = routeOf(plain(path).replaceAll(/\{\w+\}/g, "m"));
    check.ok(route !== undefined, `there is no route ${path}`);
    check.equal(route.method, method, path);
    return route.name;
  });
  const source = readText("src/frontends/http/routes.ts");
  const union = /type RouteName =([^;]*);/.exec(source)?.[1] ?? "";
  const names = Array.from(union.matchAll(/"([^"]+)"/g), ([, name]) => name);
  check.ok(names.length > 10, "the list of routes has moved");
  check.deepEqual([...new Set<string>(documented)].sort(), names.sort());
});

test("security.md has each group, with its routes and calls", () => {
  const rows = tableRows(sectionOf(readPage("docs/security.md"), "Groups"));
  const documented = rows.map(([group = "", http = "", grpc = ""]) => {
    const routes = codeSpans(http).map((path) => routeOf(path)?.name ?? path);
    return [plain(group), [...routes].sort(), [...codeSpans(grpc)].sort()];
  });
  const actual = groupNames.map((group) => {
    const { routes, calls } = endpointGroups[group];
    // The load and unload of a repository with a name are refused in any case.
    const shown = routes.filter((route) => route !== "named repository");
    const names = new Set(calls.map((call) => call.split("/").at(-1) ?? ""));
    return [group, [...shown].sort(), [...names].sort()];
  });
  check.deepEqual(documented.sort(), actual.sort());
});

test("metrics.md has each metric, with its type and labels", async () => {
  const page = readPage("docs/metrics.md");
  const sections = ["Names that Triton has too", "Names of our own"];
  const rows = sections.flatMap((name) => tableRows(sectionOf(page, name)));
  const documented = rows.map(([name = "", type = ""]) => `${plain(name)} ${type}`);
  const text = await metricsPage();
  const actual = Array.from(text.matchAll(/^# TYPE (\S+) (\S+)$/gm), ([, name, type]) => {
    return `${name} ${type}`;
  });
  check.deepEqual(documented.sort(), actual.sort());
  for (const label of ["reason", "why", "state"]) {
    const values = new Set(
      Array.from(text.matchAll(new RegExp(`\\b${label}="(\\w+)"`, "g")), ([, value]) => value),
    );
    const row = rows.find(([, , means]) => means?.includes(`\`${label}\``))?.[2] ?? "";
    check.deepEqual(codeSpans(row).slice(1), [...values], label);
  }
});

test("no page makes up a metric", async () => {
  const text = await metricsPage();
  for (const path of everyPage) {
    for (const name of readText(path).match(/\b(nv|shoal)_[a-z_]+/g) ?? []) {
      const family = name.replace(/_(bucket|sum|count)$/, "");
      const isThere = text.includes(`# TYPE ${name} `) || text.includes(`# TYPE ${family} `);
      check.ok(isThere || ["nv_", "shoal_"].includes(name), `${path}: ${name}`);
    }
  }
});

/** Of a server with one model. */
async function metricsPage(): Promise<string> {
  const options = {
    allowHttp: false,
    allowGrpc: false,
    metricsPort: 0,
    metricsAddress: "127.0.0.1",
    logInfo: false,
  };
  const server = createServer(define({}), options);
  try {
    await server.ready;
    await server.listen();
    return await (await fetch(`${server.urls.metrics}/metrics`)).text();
  } finally {
    await server.close();
  }
}

function define(options: ModelOptions): ReturnType<typeof model> {
  const x = fp32(1);
  return model("m", {
    inputs: { x },
    outputs: { y: x },
    infer: (given) => ({ y: given.x }),
    ...options,
  });
}

const optionTables = [
  ["docs/models.md", "A function as a model"],
  ["docs/models.md", "Instances"],
  ["docs/models.md", "Limits"],
  ["docs/batching.md", "Options"],
  ["docs/cache.md", "Options"],
  ["docs/warm-up.md", "Options"],
] as const;

/** Options of models in these tables, each with its default. */
function optionRows(): readonly (readonly [name: string, byDefault: string])[] {
  const rows = optionTables.flatMap(([path, name]) => tableRows(sectionOf(readPage(path), name)));
  const options = /^(maxBatchSize|batching|instances|limits|cache|singleFlight|warmup)(\.\w+)*$/;
  return rows.flatMap(([names = "", second = ""]) =>
    codeSpans(names)
      .filter((name) => options.test(name))
      .map((name) => [name, second] as const),
  );
}

test("models.md and batching.md have each option of a model", () => {
  const names = new Set(optionRows().map(([name]) => name));
  const actual = modelOptionPaths().filter(
    (path) => !["batching.priorities", "limits"].includes(path) || names.has(path),
  );
  check.ok(actual.length > 15, "options are told in another way");
  check.deepEqual([...names].sort(), actual.sort());
});

test("defaults of options that are numbers are those of the code", () => {
  for (const [option, value] of Object.entries(optionDefaults)) {
    const rows = optionRows().filter(([name]) => name.split(".").at(-1) === option);
    const shown = rows.map(([, cell]) => cell).filter((cell) => /^\d+$/.test(cell));
    check.deepEqual([...new Set(shown)], [String(value)], option);
  }
});

test("models.md has what only function models and only ONNX models take", () => {
  const shared = modelOptionPaths();
  const ofFunctions = definitionOptions((options) => model("m", options as never));
  const ofOnnx = definitionOptions((options) => onnx("m", options as OnnxOptions));
  const page = readPage("docs/models.md");
  for (const [section, options] of [
    ["A function as a model", ofFunctions],
    ["An ONNX file as a model", ofOnnx],
  ] as const) {
    check.ok(options.length > shared.filter((path) => !path.includes(".")).length);
    const names = tableRows(sectionOf(page, section)).flatMap(([name = ""]) => codeSpans(name));
    check.deepEqual(names.sort(), [...options].sort(), section);
  }
});

test("batching.md: every refused combination is refused", () => {
  const rows = tableRows(sectionOf(readPage("docs/batching.md"), "Refused combinations"));
  check.ok(rows.length > 5);
  for (const [cell = ""] of rows) {
    const literal = plain(cell);
    const options = new Function(`return {${literal}}`)() as ModelOptions;
    check.throws(() => refuse(options), `${literal} is not refused`);
  }
});

/** In the definition, or else when the model is loaded. */
function refuse(options: ModelOptions): void {
  if (JSON.stringify(options).includes("cuda")) {
    check.match(readText("src/core/resolve-model-config.ts"), /only threads have one/);
    throw new Error("refused when it is loaded");
  }
  define(options);
}

test("batching.md: names of config.pbtxt are those of the configuration", async () => {
  const rows = tableRows(sectionOf(readPage("docs/batching.md"), "Names in config.pbtxt"));
  const queue = { maxSize: 9, timeoutMs: 9, allowTimeoutOverride: true } as const;
  const priorities = { levels: 2, default: 1, queues: { 2: { maxSize: 5 } } };
  const config = await configOf({ cache: true, batching: { queue, priorities } });
  for (const [ours = "", theirs = ""] of rows) {
    check.ok(modelOptionPaths().includes(plain(ours)), ours);
    const [path = ""] = codeSpans(theirs);
    const value = path.split(".").reduce<unknown>((at, key) => (at as never)?.[key], config);
    check.notEqual(value, undefined, path);
  }
});

async function configOf(options: ModelOptions): Promise<unknown> {
  const address = {
    httpPort: 0,
    httpAddress: "127.0.0.1",
    allowGrpc: false,
    allowMetrics: false,
    logInfo: false,
  };
  const server = createServer(define(options), address);
  try {
    await server.ready;
    await server.listen();
    return await (await fetch(`${server.urls.http}/v2/models/m/config`)).json();
  } finally {
    await server.close();
  }
}

for (const [english, chinese] of pageTwins) {
  test(`${chinese} says what ${english} says`, () => {
    const [one, other] = [readPage(english), readPage(chinese)];
    check.deepEqual(
      other.blocks.map(({ language, code }) => ({ language, code })),
      one.blocks.map(({ language, code }) => ({ language, code })),
    );
    const levels = (page: typeof one): readonly number[] => page.headings.map(({ level }) => level);
    check.deepEqual(levels(other), levels(one));
    const rows = (page: typeof one): number => tableRows(page.prose.join("\n")).length;
    check.equal(rows(other), rows(one), "rows of tables");
    const numbers = (page: typeof one): readonly string[] =>
      [...new Set(page.prose.join("\n").match(/\d+(?:[.,]\d+)*/g))].sort();
    check.deepEqual(numbers(other), numbers(one), "numbers");
    const spans = (page: typeof one): readonly string[] =>
      [...new Set(codeSpans(page.prose.join("\n")))].sort();
    check.deepEqual(spans(other), spans(one), "code in the text");
  });

  test(`${chinese} breaks its lines where no space shows`, () => {
    const { prose } = readPage(chinese);
    const han = /\p{Script=Han}$/u;
    const broken = prose.filter((line, index) => {
      const next = prose[index + 1] ?? "";
      return han.test(line) && /^\s*\p{Script=Han}/u.test(next) && !/^[#|]/.test(line);
    });
    check.deepEqual(broken, []);
  });
}

for (const path of everyPage) {
  test(`${path}: links lead somewhere, lines are short`, () => {
    const page = readPage(path);
    for (const link of relativeLinks(page)) {
      check.ok(existsSync(join(root, link.path)), link.target);
      if (link.anchor === undefined) continue;
      const anchors = readPage(link.path).headings.map(({ text }) => anchorOf(text));
      check.ok(anchors.includes(link.anchor), link.target);
    }
    const long = page.prose.filter((line) => line.length > 120 && !line.startsWith("|"));
    check.deepEqual(long, []);
  });
}

test("each page is one step from the README of its language", () => {
  for (const [english, chinese] of pageTwins.slice(1)) {
    for (const [start, path] of [
      ["README.md", english],
      ["README.zh-CN.md", chinese],
    ] as const) {
      const isLinked = relativeLinks(readPage(start)).some((link) => link.path === path);
      check.ok(isLinked, `${start} has no link to ${path}`);
    }
  }
});

test("files and scripts that the documents name exist", () => {
  const files = ["src", "test", "scripts", "bench"].flatMap((folder) => {
    return filesUnder(folder).map((path) => `${folder}/${path}`);
  });
  const scripts = readJson("package.json")["scripts"] as Readonly<Record<string, string>>;
  for (const path of ["ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"]) {
    for (const span of codeSpans(readPage(path).prose.join("\n"))) {
      if (/^[\w./-]+\.(ts|json|mjs)$/.test(span) && !/^name\./.test(span)) {
        check.ok(
          files.some((file) => `/${file}`.endsWith(`/${span}`)),
          `${path}: ${span}`,
        );
      } else if (/^(\w+\/)+$/.test(span)) {
        const isFolder = ["", "src/"].some((base) => existsSync(join(root, base, span)));
        check.ok(isFolder, `${path}: ${span}`);
      }
      const script = /npm run (\S+)/.exec(span)?.[1];
      if (script !== undefined) check.ok(script in scripts, `${path}: ${span}`);
    }
  }
});
