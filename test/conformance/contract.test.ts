/**
 * One table of cases, sent over HTTP and over gRPC: the same outputs, the same errors, word for
 * word, with the statuses of the same code. So the two cannot drift apart.
 *
 * What only one of them can say (JSON that is none, contents of the wrong kind) has tests of its own.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import type { ServiceError } from "@grpc/grpc-js";
import { type ErrorCode, errorCodes } from "../../dist/protocol/errors.js";
import { GrpcClient, type inference } from "./grpc-client.ts";
import { post, type StartedServer, startServer } from "./server.ts";

interface CaseInput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

interface Case {
  readonly what: string;
  readonly model: string;
  readonly version?: string;
  readonly id?: string;
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
  readonly inputs: readonly CaseInput[];
  readonly outputs?: readonly string[];
  /** Names of the outputs, or the error. */
  readonly told: readonly string[] | readonly [ErrorCode, string];
}

/** What came back, however it came. */
interface Outcome {
  readonly model?: string;
  readonly version?: string;
  readonly id?: string;
  readonly outputs?: readonly unknown[];
  readonly status?: number;
  readonly error?: string;
}

function fp32(name: string, shape: readonly number[], ...values: readonly number[]): CaseInput {
  const bytes = new Uint8Array(Float32Array.from(values).buffer);
  return { name, datatype: "FP32", shape, bytes };
}

function int32(name: string, rows: number, width = 16): CaseInput {
  const bytes = new Uint8Array(Int32Array.from({ length: rows * width }, (_, at) => at).buffer);
  return { name, datatype: "INT32", shape: [rows, width], bytes };
}

function packed(...bytes: readonly number[]): CaseInput {
  return { name: "TEXT", datatype: "BYTES", shape: [1, 2], bytes: Uint8Array.from(bytes) };
}

const pair = [int32("INPUT0", 1), int32("INPUT1", 1)];
const two = fp32("X", [1, 2], 1, 2);
const note =
  "NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to be " +
  "prepended to each input shape. If you want to specify the full shape including the batch dim " +
  "in your input dims config, try setting max_batch_size to zero. See the model configuration " +
  "docs for more info on max_batch_size.";
const unknown = "[request id: <id_unknown>] ";

const cases: readonly Case[] = [
  { what: "a batch", model: "add_sub", inputs: pair, told: ["OUTPUT0", "OUTPUT1"] },
  { what: "an id", model: "whole", id: "seven", inputs: [two], told: ["X"] },
  { what: "a version", model: "whole", version: "1", inputs: [two], told: ["X"] },
  {
    what: "one output",
    model: "add_sub",
    inputs: [int32("INPUT1", 3), int32("INPUT0", 3)],
    outputs: ["OUTPUT1"],
    told: ["OUTPUT1"],
  },
  {
    what: "parameters",
    model: "whole",
    parameters: { priority: 0, timeout: 5, mine: "x", flag: true },
    inputs: [two],
    told: ["X"],
  },
  { what: "no elements", model: "whole", inputs: [fp32("X", [0, 2])], told: ["X"] },
  {
    what: "strings",
    model: "mixed",
    inputs: [int32("INPUT0", 1, 2), packed(1, 0, 0, 0, 255, 0, 0, 0, 0)],
    told: ["OUTPUT0", "TEXT"],
  },
  {
    what: "an unknown model",
    model: "nobody",
    inputs: [],
    told: ["NOT_FOUND", "Request for unknown model: 'nobody' is not found"],
  },
  {
    what: "an unknown version",
    model: "whole",
    version: "9",
    inputs: [],
    told: ["NOT_FOUND", "Request for unknown model: 'whole' version 9 is not found"],
  },
  {
    what: "version 0",
    model: "whole",
    version: "0",
    inputs: [],
    told: ["NOT_FOUND", "Request for unknown model: 'whole' version 0 is not found"],
  },
  {
    what: "a version beyond 64 bits",
    model: "whole",
    version: "9223372036854775808",
    inputs: [],
    told: [
      "INVALID_ARGUMENT",
      "failed to get model version from specified version string '9223372036854775808' " +
        "(details: stol), version should be an integral value > 0",
    ],
  },
  {
    what: "an unknown output",
    model: "whole",
    inputs: [two],
    outputs: ["Y"],
    told: ["INVALID_ARGUMENT", "unexpected inference output 'Y' for model 'whole'"],
  },
  {
    what: "an output twice",
    model: "whole",
    id: "a",
    inputs: [two],
    outputs: ["X", "X"],
    told: ["INVALID_ARGUMENT", "[request id: a] output 'X' already exists in request"],
  },
  {
    what: "an input twice",
    model: "whole",
    inputs: [two, two],
    told: ["INVALID_ARGUMENT", `${unknown}input 'X' already exists in request`],
  },
  {
    what: "a missing input",
    model: "add_sub",
    id: "a",
    inputs: pair.slice(0, 1),
    told: [
      "INVALID_ARGUMENT",
      "[request id: a] expected 2 inputs but got 1 inputs for model 'add_sub'. Got input(s) " +
        "['INPUT0'], but missing required input(s) ['INPUT1']. Please provide all required input(s).",
    ],
  },
  {
    what: "an input of another name",
    model: "whole",
    inputs: [{ ...two, name: "Y" }],
    told: ["INVALID_ARGUMENT", "unexpected inference input 'Y' for model 'whole'"],
  },
  {
    what: "no batch dimension",
    model: "exact",
    inputs: [{ name: "X", datatype: "INT64", shape: [], bytes: new Uint8Array(8) }],
    told: [
      "INVALID_ARGUMENT",
      `${unknown}input 'X' has no shape but model requires batch dimension for 'exact'`,
    ],
  },
  {
    what: "rows that differ",
    model: "add_sub",
    inputs: [int32("INPUT0", 1), int32("INPUT1", 2)],
    told: [
      "INVALID_ARGUMENT",
      `${unknown}input 'INPUT1' batch size does not match other inputs for 'add_sub'`,
    ],
  },
  {
    what: "too many rows",
    model: "add_sub",
    inputs: [int32("INPUT0", 9), int32("INPUT1", 9)],
    told: ["INVALID_ARGUMENT", `${unknown}inference request batch-size must be <= 8 for 'add_sub'`],
  },
  {
    what: "another datatype",
    model: "whole",
    inputs: [{ ...two, datatype: "INT32" }],
    told: [
      "INVALID_ARGUMENT",
      `${unknown}inference input 'X' data-type is 'INT32', but model 'whole' expects 'FP32'`,
    ],
  },
  {
    what: "a datatype that is none",
    model: "whole",
    inputs: [{ ...two, datatype: "FP33" }],
    told: ["INVALID_ARGUMENT", "invalid datatype for input X"],
  },
  {
    what: "another shape",
    model: "add_sub",
    inputs: [int32("INPUT0", 1, 17), int32("INPUT1", 1)],
    told: [
      "INVALID_ARGUMENT",
      `${unknown}unexpected shape for input 'INPUT0' for model 'add_sub'. Expected [-1,16], got ` +
        `[1,17]. ${note}`,
    ],
  },
  {
    what: "too few bytes",
    model: "whole",
    inputs: [fp32("X", [1, 2], 1)],
    told: [
      "INVALID_ARGUMENT",
      `${unknown}input byte size mismatch for input 'X' for model 'whole'. Expected 8, got 4`,
    ],
  },
  {
    what: "too many elements to count",
    model: "whole",
    inputs: [fp32("X", [2 ** 52, 2 ** 52], 1)],
    told: [
      "INVALID_ARGUMENT",
      `invalid shape for input 'X': shape [${2 ** 52},${2 ** 52}] causes total element count to ` +
        "exceed maximum size of 9223372036854775807",
    ],
  },
  {
    what: "a string that is cut off",
    model: "mixed",
    inputs: [int32("INPUT0", 1, 2), packed(0, 0, 0, 0, 9, 0, 0, 0, 1)],
    told: [
      "INVALID_ARGUMENT",
      "incomplete string data for inference input 'TEXT', expecting string of length 9 but only " +
        "1 bytes available",
    ],
  },
  {
    what: "a string too few",
    model: "mixed",
    inputs: [int32("INPUT0", 1, 2), packed(0, 0, 0, 0)],
    told: [
      "INVALID_ARGUMENT",
      `${unknown}expected 2 string elements for inference input 'TEXT' for model 'mixed', got 1`,
    ],
  },
  {
    what: "an error that the model means for its caller",
    model: "throws",
    inputs: [fp32("X", [1, 1], -1)],
    told: ["INVALID_ARGUMENT", "X must not be negative"],
  },
];

test("HTTP and gRPC answer alike", async (context) => {
  await using started = await startServer(undefined, { allowGrpc: true });
  using client = new GrpcClient(started.server.urls.grpc ?? "");
  for (const each of cases) {
    await context.test(each.what, async () => {
      const [first] = each.told;
      const isError = first !== undefined && Object.hasOwn(errorCodes, first);
      const overHttp = await askHttp(started, each);
      const overGrpc = await askGrpc(client, each);
      if (isError) {
        const [code, error] = each.told as readonly [ErrorCode, string];
        check.deepEqual(overHttp, { status: errorCodes[code].http, error });
        check.deepEqual(overGrpc, { status: errorCodes[code].grpc, error });
      } else {
        check.deepEqual(overGrpc, overHttp);
        const names = overGrpc.outputs?.map((output) => (output as { name: string }).name);
        check.deepEqual(names, each.told);
      }
    });
  }
});

interface JsonOutput {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly parameters?: { readonly binary_data_size: number };
}

async function askHttp({ url }: StartedServer, each: Case): Promise<Outcome> {
  const { model, version, id, parameters, inputs, outputs } = each;
  const json = JSON.stringify({
    id,
    parameters: { ...parameters, binary_data_output: true },
    inputs: inputs.map(({ bytes, ...input }) => ({
      ...input,
      parameters: { binary_data_size: bytes.byteLength },
    })),
    outputs: outputs?.map((name) => ({ name, parameters: { binary_data: true } })),
  });
  const path = `/v2/models/${model}${version === undefined ? "" : `/versions/${version}`}/infer`;
  const response = await fetch(`${url}${path}`, {
    method: "POST",
    headers: { "Inference-Header-Content-Length": String(Buffer.byteLength(json)) },
    body: Buffer.concat([Buffer.from(json), ...inputs.map(({ bytes }) => bytes)]),
  });
  const body = Buffer.from(await response.arrayBuffer());
  if (response.status !== 200) {
    return { status: response.status, error: JSON.parse(body.toString()).error };
  }
  // An answer without bytes is nothing but JSON.
  const length = response.headers.get("Inference-Header-Content-Length") ?? body.byteLength;
  const headerLength = Number(length);
  const head = JSON.parse(body.subarray(0, headerLength).toString());
  let offset = headerLength;
  const read = ({ name, datatype, shape, parameters: size }: JsonOutput) => {
    const start = offset;
    offset += size?.binary_data_size ?? 0;
    return { name, datatype, shape, bytes: [...body.subarray(start, offset)] };
  };
  return {
    model: head.model_name,
    version: head.model_version,
    id: head.id ?? "",
    outputs: head.outputs.map(read),
  };
}

async function askGrpc(client: GrpcClient, each: Case): Promise<Outcome> {
  const { model, version = "", id = "", parameters = {}, inputs, outputs = [] } = each;
  const request: inference.ModelInferRequest.$Properties = {
    modelName: model,
    modelVersion: version,
    id,
    parameters: Object.fromEntries(
      Object.entries(parameters).map(([key, value]) => [key, toParameter(value)]),
    ),
    inputs: inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: [...shape] })),
    outputs: outputs.map((name) => ({ name })),
    rawInputContents: inputs.map(({ bytes }) => bytes),
  };
  try {
    const response = await client.infer(request);
    return {
      model: response.modelName,
      version: response.modelVersion,
      id: response.id,
      outputs: response.outputs.map(({ name, datatype, shape }, index) => ({
        name,
        datatype,
        shape: shape.map(Number),
        bytes: [...(response.rawOutputContents[index] ?? [])],
      })),
    };
  } catch (error) {
    const { code, details } = error as ServiceError;
    return { status: code, error: details };
  }
}

function toParameter(value: string | number | boolean): inference.InferParameter.$Properties {
  if (typeof value === "string") return { stringParam: value };
  return typeof value === "boolean" ? { boolParam: value } : { int64Param: value };
}

test("metadata, configuration, statistics and index are the same", async () => {
  await using started = await startServer(undefined, { allowGrpc: true });
  using client = new GrpcClient(started.server.urls.grpc ?? "");
  const asked = { name: "add_sub" };
  const get = async (path: string): Promise<Record<string, unknown>> => {
    return (await (await fetch(`${started.url}${path}`)).json()) as Record<string, unknown>;
  };
  const server = await client.call("ServerMetadata", {});
  check.deepEqual({ ...server }, await get("/v2"));
  const { inputs, outputs, ...model } = await client.call("ModelMetadata", asked);
  const tensors = (list: typeof inputs) =>
    list.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map(Number) }));
  const metadata = { ...model, inputs: tensors(inputs), outputs: tensors(outputs) };
  check.deepEqual(metadata, await get("/v2/models/add_sub"));
  const index = await client.call("RepositoryIndex", {});
  const overHttp = await post(`${started.url}/v2/repository/index`, "");
  check.deepEqual(
    index.models.map(({ name, version, state }) => ({ name, version, state })),
    JSON.parse(overHttp.text),
  );
});
