/** Questions that our server has no answer to: messages of other servers, and what HTTP would say. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { inference } from "../protocol/generated/messages.js";
import { Calls } from "./calls.ts";
import { Client } from "./client.ts";
import type { Connection, Question } from "./connection.ts";
import { callOf } from "./grpc-questions.ts";

/** As it arrives, and is answered. */
function asked(question: Question, answer: object = {}) {
  const { name, request, read } = callOf(question);
  const Request = inference[`${name}Request`] as unknown as {
    encode(message: object): { finish(): Uint8Array };
    decode(bytes: Uint8Array): object;
  };
  const Response = inference[`${name}Response`] as unknown as typeof Request;
  return {
    name,
    request: Request.decode(Request.encode(request).finish()) as Record<string, unknown>,
    answer: read(Response.decode(Response.encode(answer).finish())),
  };
}

function plain(message: unknown): unknown {
  return JSON.parse(JSON.stringify(message));
}

test("loading: files are bytes", () => {
  const parameters = { config: "{}", "file:1/m.onnx": btoa("abc"), n: 3 };
  const load = asked({ route: "/repository/models/*/load", name: "m", body: { parameters } });
  const { parameters: sent, modelName } =
    load.request as unknown as inference.RepositoryModelLoadRequest;
  check.equal(modelName, "m");
  check.equal(sent["config"]?.stringParam, "{}");
  check.equal(String(sent["file:1/m.onnx"]?.bytesParam), "abc");
  check.equal(Number(sent["n"]?.int64Param), 3);
  check.equal(load.answer, undefined);
  const dependents = { parameters: { unload_dependents: true } };
  const unload = asked({ route: "/repository/models/*/unload", name: "m", body: dependents });
  check.equal(unload.name, "RepositoryModelUnload");
  check.deepEqual(plain(unload.request["parameters"]), { unload_dependents: { boolParam: true } });
});

test("files are sent without a configuration, too: the server says what it misses", async () => {
  const seen: Question[] = [];
  const connection = { ask: (question: Question) => Promise.resolve(seen.push(question)) };
  const calls = new Calls({ maxInFlight: 1, maxWaiting: 0, headers: () => Promise.resolve({}) });
  const limits = { requestTimeoutMs: 1e6, totalTimeoutMs: 1e6, maxRetries: 0, signal: undefined };
  const client = new Client({
    connection: connection as unknown as Connection,
    calls,
    models: new Map(),
    limitsOf: () => limits,
  });
  await client.load("m", { files: { "1/m.onnx": Uint8Array.of(97) } });
  await client.load("m");
  check.deepEqual(seen, [
    {
      route: "/repository/models/*/load",
      name: "m",
      body: { parameters: { "file:1/m.onnx": btoa("a") } },
    },
    { route: "/repository/models/*/load", name: "m", body: { parameters: {} } },
  ]);
});

test("log settings", () => {
  const settings = { log_info: { boolParam: false }, log_verbose_level: { uint32Param: 0 } };
  const body = { log_info: true, log_verbose_level: 2, log_format: "default" };
  const { request, answer } = asked({ route: "/logging", body }, { settings });
  check.deepEqual(plain(request["settings"]), {
    log_info: { boolParam: true },
    log_verbose_level: { uint32Param: 2 },
    log_format: { stringParam: "default" },
  });
  check.deepEqual(answer, { log_info: false, log_verbose_level: 0 });
});

test("trace settings", () => {
  const settings = {
    trace_level: { value: ["TIMESTAMPS"] },
    trace_rate: { value: ["1000"] },
    trace_file: { value: [] },
  };
  const body = { trace_level: ["TIMESTAMPS", "TENSORS"], trace_rate: 5, log_frequency: null };
  const { request, answer } = asked(
    { route: "/models/*/trace/setting", name: "m", body },
    { settings },
  );
  check.equal(request["modelName"], "m");
  check.deepEqual(plain(request["settings"]), {
    trace_level: { value: ["TIMESTAMPS", "TENSORS"] },
    trace_rate: { value: ["5"] },
    log_frequency: { value: [] },
  });
  check.deepEqual(answer, { trace_level: ["TIMESTAMPS"], trace_rate: "1000", trace_file: "" });
});

test("shared memory", () => {
  const body = { key: "/k", offset: 8, byte_size: 2 ** 40 };
  const { request } = asked({ route: "/systemsharedmemory/region/*/register", name: "r", body });
  const { name, key, offset, byteSize } = request;
  check.deepEqual([name, key, Number(offset), Number(byteSize)], ["r", "/k", 8, 2 ** 40]);
  const region = { name: "r", key: "/k", byteSize: 64 };
  check.deepEqual(
    asked({ route: "/systemsharedmemory/status" }, { regions: { r: region } }).answer,
    [{ name: "r", key: "/k", offset: 0, byte_size: 64 }],
  );
  check.equal(
    asked({ route: "/systemsharedmemory/region/*/unregister", name: "r", body: {} }).request[
      "name"
    ],
    "r",
  );
});

test("a configuration: what is not set is left out, enums are names, if they are known", () => {
  const config = {
    name: "m",
    input: [{ name: "X", dataType: inference.DataType.TYPE_FP32, dims: [-1], format: 99 }],
    parameters: { camelCase: { stringValue: "v" } },
    sequenceBatching: {
      maxSequenceIdleMicroseconds: { low: 1, high: 0x200000, unsigned: true },
      controlInput: [{ name: "S", control: [{ kind: 1, int32FalseTrue: [0, 1] }] }],
    },
  };
  const { answer } = asked({ route: "/models/*/config", name: "m", version: 1 }, { config });
  const read = answer as Record<string, unknown>;
  check.equal("dynamic_batching" in read, false);
  check.deepEqual(read["parameters"], { camelCase: { string_value: "v" } });
  const [input] = read["input"] as Record<string, unknown>[];
  check.deepEqual(
    [input?.["data_type"], input?.["dims"], input?.["format"]],
    ["TYPE_FP32", [-1], 99],
  );
  check.deepEqual(read["sequence_batching"], {
    max_sequence_idle_microseconds: 2n ** 53n + 1n,
    control_input: [
      {
        name: "S",
        control: [
          {
            kind: "CONTROL_SEQUENCE_READY",
            int32_false_true: [0, 1],
            fp32_false_true: [],
            bool_false_true: [],
            data_type: "TYPE_INVALID",
          },
        ],
      },
    ],
    state: [],
    iterative_sequence: false,
  });
});
