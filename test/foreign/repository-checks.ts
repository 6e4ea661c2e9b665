/**
 * The example repository, managed in Triton and in ours: the same calls one after the other, and the
 * same answers but for what is listed here.
 *
 * Triton's addresses are scripts/foreign.mjs's; its repository is triton-repository.ts's.
 */
import { strict as check } from "node:assert";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { createServer, type Server } from "shoal";
import { createClient } from "shoal/client/grpc";
import { writeExampleRepository } from "../example-repository.ts";
import { until } from "../until.ts";
import { left } from "./triton-repository.ts";

const folder: string = mkdtempSync(join(tmpdir(), "shoal-managed-"));
const triton = {
  http: process.env["FOREIGN_MANAGED_HTTP"] ?? "",
  grpc: process.env["FOREIGN_MANAGED_GRPC"] ?? "",
};
const ours = { http: "", grpc: "" };
let server: Server;
let names: readonly string[];

before(async () => {
  writeExampleRepository(folder);
  rmSync(join(folder, left), { recursive: true });
  names = readdirSync(folder).sort();
  server = createServer([], {
    httpPort: 0,
    grpcPort: 0,
    httpAddress: "127.0.0.1",
    allowMetrics: false,
    logInfo: false,
    logWarning: false,
    logError: false,
    modelRepository: folder,
    modelControlMode: "explicit",
  });
  await server.listen();
  ours.http = server.urls.http ?? "";
  ours.grpc = `grpc://${server.urls.grpc ?? ""}`;
});

after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function ask(base: string, path: string, body?: unknown): Promise<Answer> {
  const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(`${base}/v2/${path}`, sent);
  const text = await response.text();
  return { status: response.status, body: text === "" ? "" : JSON.parse(text) };
}

async function askBoth(path: string, body?: unknown): Promise<readonly [Answer, Answer]> {
  return [await ask(triton.http, path, body), await ask(ours.http, path, body)];
}

type Plain = (body: unknown) => unknown;

/** Both answer the same, and this. */
async function same(path: string, body?: unknown, plain: Plain = (it) => it): Promise<unknown> {
  const [theirs, own] = (await askBoth(path, body)).map(({ status, body }) => {
    return { status, body: status === 200 ? plain(body) : body };
  });
  check.deepEqual(own, theirs, path);
  // The order of fields, too.
  check.equal(JSON.stringify(own), JSON.stringify(theirs), path);
  return own?.body;
}

/** Ours says why behind what Triton says. */
async function sameFailure(path: string, body: unknown): Promise<void> {
  const [theirs, own] = await askBoth(path, body);
  check.ok(theirs.status >= 400);
  check.equal(own.status, theirs.status, path);
  const [text, ownText] = [errorOf(theirs), errorOf(own)];
  check.ok(ownText.startsWith(text), `${ownText}\n${text}`);
}

function errorOf({ body }: Answer): string {
  return String(Reflect.get(Object(body), "error"));
}

const load = (name: string): Promise<unknown> => same(`repository/models/${name}/load`, {});
const unload = (name: string, parameters: object = {}): Promise<unknown> =>
  same(`repository/models/${name}/unload`, { parameters });

interface Entry {
  readonly name: string;
  readonly state?: string;
}

/** When nothing is on its way out any more: an unload is answered before. */
async function sameIndex(body: object = {}): Promise<readonly Entry[]> {
  for (const base of [triton.http, ours.http]) {
    await until(async () => {
      const index = (await ask(base, "repository/index", {})).body as readonly Entry[];
      return index.every(({ state }) => state !== "UNLOADING");
    });
  }
  return (await same("repository/index", body)) as readonly Entry[];
}

const numbers = (
  name: string,
  datatype: string,
  shape: readonly number[],
  data: unknown,
): object => ({ name, datatype, shape, data });
const row = (name: string, ...data: readonly number[]): object =>
  numbers(name, "FP32", [1, data.length], data);
const sixteen = Array.from({ length: 16 }, (_, index) => index);

test("nothing is loaded at first, and the index has names alone", async () => {
  const index = await sameIndex();
  check.deepEqual(
    index,
    names.map((name) => ({ name })),
  );
  await same("repository/index", { ready: true });
  await same("models/bare/infer", { inputs: [row("a", ...sixteen)] });
  await same("models/bare");
  await same("models/bare/config");
});

test("all are loaded, with the versions of their policies", async () => {
  // What an ensemble brought along stays so in Triton, also if it is loaded by name afterwards.
  const ensembles = ["blended", "diamond"];
  const others = names.filter((name) => !ensembles.includes(name));
  await Promise.all(others.map(load));
  for (const name of ensembles) await load(name);
  const index = await sameIndex();
  check.ok(index.every(({ state }) => state === "READY"));
  for (const name of names) await load(name);
  check.deepEqual(await sameIndex(), index);
});

/** What must differ: these models are in Python there. The last is newer than that Triton. */
const unlike = ["platform", "backend", "default_model_filename", "max_inflight_requests"];
/** Their entries come in any order. */
const maps = ["input_map", "output_map", "parameters", "inputs", "priority_queue_policy"];

function comparable(body: unknown): unknown {
  const text = JSON.stringify(body, (name, value: unknown) => {
    if (!maps.includes(name) || Array.isArray(value)) {
      return unlike.includes(name) ? undefined : value;
    }
    const entries = Object.entries(Object(value));
    return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
  });
  return JSON.parse(text);
}

test("configurations and metadata are the same, field by field", async () => {
  for (const name of names) {
    await same(`models/${name}/config`, undefined, comparable);
    await same(`models/${name}`, undefined, comparable);
  }
  for (const version of [1, 2, 3]) {
    await same(`models/versions_chosen/versions/${version}/config`, undefined, comparable);
  }
});

/** An ensemble's outputs come in any order. */
function inOrder(body: unknown): unknown {
  const { outputs, ...others } = body as { readonly outputs: readonly Entry[] };
  const sorted = [...outputs].sort((one, other) => (one.name < other.name ? -1 : 1));
  return { ...others, outputs: sorted };
}

const requests: readonly (readonly [name: string, ...inputs: readonly object[]])[] = [
  ["bare", row("a", ...sixteen), row("b", ...sixteen)],
  ["batched", row("a", ...sixteen), row("b", ...sixteen)],
  ["blend", row("a", 1, 2, 3, 4), row("b", 4, 3, 2, 1)],
  ["blended", row("A", 1, 2, 3, 4), row("B", 4, 3, 2, 1)],
  ["diamond", row("X", 1, 3, 2, 0)],
  ["identity", numbers("INPUT0", "BYTES", [1, 2], ["a", "ø"])],
  ["large", row("x", ...sixteen)],
  ["optional_input", numbers("INPUT0", "INT32", [1], [4]), numbers("INPUT1", "INT32", [1], [5])],
  ["optional_input", numbers("INPUT0", "INT32", [1], [4])],
  ["optional_input"],
  ["other_file", numbers("x", "BOOL", [1, 2], [true, false])],
  ["reshaped", numbers("x", "FP32", [2, 2, 2], [1, 2, 3, 4, 5, 6, 7, 8])],
  ["reshaped", row("x", 1, 2, 3, 4)],
  ["reshaped", numbers("x", "FP32", [5, 2, 2], new Array(20).fill(1))],
  ["scalars", numbers("x", "FP32", [3, 1], [1, 3, 2])],
  ["scalars", numbers("x", "FP32", [3], [1, 3, 2])],
  ["script", row("x", 1, 2, 3, 4)],
  ["typed", row("x", 1, 2, 3, 4)],
  ["strings", numbers("x", "BYTES", [1, 4], ["a", "", "fish", "ø"])],
  ["warmed", row("x", 1, 2, 3, 4)],
  ["versions_all", row("x", 1, 2, 3, 4)],
  ["versions_chosen", row("x", 1, 2, 3, 4)],
  ["versions_chosen/versions/1", row("x", 1, 2, 3, 4)],
  ["versions_chosen/versions/2", row("x", 1, 2, 3, 4)],
  ["repeat_int32", numbers("IN", "INT32", [1], [1])],
  ["nobody", row("x", 1)],
];

test("answers are the same, and refusals", async () => {
  for (const [name, ...inputs] of requests) {
    await same(`models/${name}/infer`, { id: "r", inputs }, inOrder);
  }
});

test("classes are the same: values, numbers and labels", async () => {
  const rows = [
    [1, 3, 2, 0],
    [9, 8, 7, 10],
    [1, 1, 1, 1],
    [1e20, -3.5, 1e-9, 0.1],
    [-0, 0.125, 123_456.789, 1e-7],
  ];
  for (const values of rows) {
    for (const classification of [1, 2, 3, 4, 9]) {
      const parameters = { classification };
      await same("models/classifier/infer", {
        inputs: [row("pixels", ...values)],
        outputs: [{ name: "scores", parameters }],
      });
      await same("models/blended/infer", {
        inputs: [row("A", ...values), row("B", 0, 0, 0, 0)],
        outputs: [{ name: "SCORES", parameters }],
      });
    }
  }
  const picture = new Array(3 * 64).fill(1);
  for (const classification of [1, 5, 1000, 2000]) {
    await same("models/thousand/infer", {
      inputs: [numbers("data_0", "FP32", [1, 3, 8, 8], picture)],
      outputs: [{ name: "scores", parameters: { classification } }],
    });
  }
  for (const classification of [0, -1, "2", 1.5]) {
    const [theirs, own] = await askBoth("models/classifier/infer", {
      inputs: [row("pixels", 1, 2, 3, 4)],
      outputs: [{ name: "scores", parameters: { classification } }],
    });
    check.equal(own.status, theirs.status, JSON.stringify([classification, theirs, own]));
  }
});

test("streams are the same", async () => {
  const answers = await Promise.all(
    [triton.grpc, ours.grpc].map(async (grpc) => {
      const client = createClient(grpc);
      const told: unknown[] = [];
      const repeat = client.model("repeat_int32");
      for await (const { OUT, IDX } of repeat.stream({ IN: [7, 8], DELAY: [1, 0], WAIT: [0] })) {
        told.push([OUT?.toNested(), IDX?.toNested()]);
      }
      for (const IN of [3, 0]) {
        for await (const { OUT } of client.model("square_int32").stream({ IN: [IN] })) {
          told.push(OUT?.toNested());
        }
      }
      client.close();
      return told;
    }),
  );
  check.deepEqual(answers[1], answers[0]);
  check.equal(answers[0]?.length, 5);
});

test("statistics count the same", async () => {
  const figures = (body: unknown): unknown => {
    const text = JSON.stringify(body, (name, value: unknown) => {
      return name === "last_inference" || name === "ns" || name === "memory_usage" ? 0 : value;
    });
    return JSON.parse(text);
  };
  for (const name of ["blended", "blend", "classifier", "scalars", "versions_chosen"]) {
    const both = async (): Promise<readonly unknown[]> =>
      (await askBoth(`models/${name}/stats`)).map(({ body }) => figures(body));
    // They count when they have answered.
    for (let tries = 0; tries < 100 && !isDeepStrictEqual(...pair(await both())); tries += 1);
    check.deepEqual(...pair(await both()));
  }
});

function pair([theirs, own]: readonly unknown[]): [own: unknown, theirs: unknown] {
  return [own, theirs];
}

test("loads that fail do so in the same way", async () => {
  const bytes = Buffer.from("x").toString("base64");
  const cases: readonly (readonly [name: string, parameters: object])[] = [
    ["nobody", {}],
    ["bare", { config: "no JSON" }],
    ["bare", { config: '{"max_batch_sise":1}' }],
    ["bare", { config: '{"name":"other"}' }],
    ["bare", { config: '{"backend":"python","max_batch_size":-1}' }],
    ["bare", { config: 1 }],
    ["bare", { konfig: "{}" }],
    ["up", { "file:1/model.py": bytes }],
    ["up", { config: "{}", "file:../x": bytes }],
    ["up", { config: "{}", "file:1/../../x": bytes }],
  ];
  for (const [name, parameters] of cases) {
    await sameFailure(`repository/models/${name}/load`, { parameters });
  }
  await sameIndex();
  const chosen = '{"version_policy":{"specific":{"versions":[9]}},"backend":"BACKEND"}';
  const [theirs, own] = await Promise.all(
    [triton.http, ours.http].map((base, index) => {
      const config = chosen.replace("BACKEND", ["python", "onnxruntime"][index] ?? "");
      return ask(base, "repository/models/bare/load", { parameters: { config } });
    }),
  );
  check.deepEqual(own, theirs);
  check.ok((await sameIndex()).every(({ state }) => state === "READY"));
});

test("an override holds until the model is unloaded", async () => {
  const changed = async (): Promise<void> => {
    for (const base of [triton.http, ours.http]) {
      const { body } = await ask(base, "models/warmed/config");
      const config = JSON.stringify({ ...Object(body), max_batch_size: 8, model_warmup: [] });
      const path = "repository/models/warmed/load";
      check.deepEqual(await ask(base, path, { parameters: { config } }), { status: 200, body: "" });
    }
  };
  const shown = (): Promise<unknown> => same("models/warmed/config", undefined, comparable);
  const before = await shown();
  await changed();
  check.equal(Reflect.get(Object(await shown()), "max_batch_size"), 8);
  await load("warmed");
  check.equal(Reflect.get(Object(await shown()), "max_batch_size"), 8);
  await unload("warmed");
  await sameIndex();
  await load("warmed");
  check.deepEqual(await shown(), before);
});

test("unloads: a model, a step of ensembles, an ensemble with its steps", async () => {
  await unload("nobody");
  await unload("versions_all");
  await sameIndex();
  await same("models/versions_all/infer", { inputs: [row("x", 1, 2, 3, 4)] });
  await same("models/versions_all/versions/1/infer", { inputs: [row("x", 1, 2, 3, 4)] });
  for (const path of ["models/versions_all", "models/versions_all/config"]) await same(path);
  await unload("blend");
  const index = await sameIndex();
  const gone = index.filter(({ state }) => state !== "READY").map(({ name }) => name);
  check.deepEqual([...new Set(gone)], ["blend", "blended", "diamond", "versions_all"]);
  await same("models/blended/infer", { inputs: [row("A", 1, 2, 3, 4), row("B", 1, 2, 3, 4)] });
  await load("blend");
  await sameIndex();
  await unload("blended", { unload_dependents: true });
  await sameIndex();
  for (const name of names) await unload(name);
  await sameIndex();
  await load("diamond");
  await sameIndex();
  await unload("diamond", { unload_dependents: true });
  await sameIndex();
  await same("repository/index", { ready: true });
});
