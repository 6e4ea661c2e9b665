/**
 * Which error wins: a request with many faults is told the first, in the protocol's order.
 *
 * Each case mends the faults of those before it, and keeps all that come after.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { fp32, model } from "shoal";
import { ask } from "./raw-client.ts";
import { startServer } from "./server.ts";

const echo = model("echo", {
  inputs: { X: fp32(2) },
  outputs: { X: fp32(2) },
  infer: ({ X }) => ({ X }),
});

interface Step {
  readonly what: string;
  /** Replaces what the steps before said. */
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly told: readonly [status: number, error: string];
}

const tooLarge = "9223372036854775808";
const jsonError = (reason: string): readonly [number, string] => [
  500,
  `failed to parse the request JSON buffer: ${reason}`,
];

/** A request whose members each have a fault, from `first` on. */
function faulty(first: number): string {
  const members = [
    first <= 0 ? '"id":7' : '"id":"a"',
    first <= 1 ? '"parameters":{"triton_x":1}' : '"parameters":{}',
    first <= 2 ? '"inputs":[{"name":7}]' : input(first),
    first <= 5 ? '"outputs":[{"name":7}]' : '"outputs":[{"name":"Y"}]',
  ];
  return `{${members.join()}}`;
}

function input(first: number): string {
  const datatype = first <= 3 ? "FP33" : "INT32";
  const surplus = first <= 4 ? "[1,2,3]" : "[1,2]";
  return `"inputs":[{"name":"X","shape":[1,2],"datatype":"${datatype}","data":${surplus}}]`;
}

const steps: readonly Step[] = [
  {
    what: "an unknown path",
    method: "GET",
    path: `/v2/models/nobody/versions/${tooLarge}/infers`,
    headers: { "Content-Encoding": "br", "Inference-Header-Content-Length": "x" },
    body: "",
    told: [404, "Not Found"],
  },
  {
    what: "the method",
    path: `/v2/models/nobody/versions/${tooLarge}/infer`,
    told: [405, "Method Not Allowed"],
  },
  {
    what: "the version's text",
    method: "POST",
    told: [
      400,
      `failed to get model version from specified version string '${tooLarge}' (details: stol), ` +
        "version should be an integral value > 0",
    ],
  },
  {
    what: "the model",
    path: "/v2/models/nobody/versions/2/infer",
    told: [404, "Request for unknown model: 'nobody' is not found"],
  },
  {
    what: "its version",
    path: "/v2/models/echo/versions/2/infer",
    told: [404, "Request for unknown model: 'echo' version 2 is not found"],
  },
  {
    what: "an unknown encoding",
    path: "/v2/models/echo/versions/1/infer",
    told: [501, "Unsupported compression type"],
  },
  {
    what: "nothing to decompress",
    headers: { "Content-Encoding": "gzip", "Inference-Header-Content-Length": "x" },
    told: [400, "nothing to be decompressed"],
  },
  {
    what: "broken compression",
    body: "{",
    told: [400, "the request body is not valid gzip"],
  },
  {
    what: "the length of the JSON",
    body: gzipSync("{"),
    told: [400, "Unable to parse Inference-Header-Content-Length, got: x"],
  },
  {
    what: "the length of the JSON, beyond the body",
    headers: { "Inference-Header-Content-Length": "9" },
    body: "{",
    told: [400, "inference header size should be in range (0, 1), got: 9"],
  },
  {
    what: "JSON above the limit",
    headers: {},
    body: "{".padEnd(1001),
    told: [
      400,
      "request JSON size of 1001 bytes exceeds the maximum allowed input size of 1000 bytes. " +
        "Use --http-max-input-size to increase the limit.",
    ],
  },
  {
    what: "no JSON",
    body: `${faulty(0)}}`,
    told: jsonError(
      `The document root must not be followed by other values. at ${faulty(0).length}`,
    ),
  },
  {
    what: "the id",
    body: faulty(0),
    told: [500, "Unable to parse 'id': attempt to access JSON non-string as string"],
  },
  {
    what: "the parameters",
    body: faulty(1),
    told: [
      400,
      "parameter keys starting with 'triton_' are reserved for Triton usage and should not be " +
        "specified.",
    ],
  },
  {
    what: "an input's source",
    body: faulty(2),
    told: [
      400,
      "Input must set only one of the following fields: 'data', 'binary_data_size' in " +
        "'parameters', 'shared_memory_region' in 'parameters'. But no field is set",
    ],
  },
  { what: "its datatype", body: faulty(3), told: [400, "invalid datatype for input X"] },
  {
    what: "its data",
    body: faulty(4),
    told: [500, "Unable to parse 'data': Shape does not match true shape of 'data' field"],
  },
  {
    what: "the outputs",
    body: faulty(5),
    told: [500, "Unable to parse 'name': attempt to access JSON non-string as string"],
  },
  {
    what: "an output that the model does not have",
    body: faulty(6),
    told: [400, "unexpected inference output 'Y' for model 'echo'"],
  },
  {
    what: "the datatype that the model expects",
    body: faulty(6).replace('"Y"', '"X"'),
    told: [
      400,
      "[request id: a] inference input 'X' data-type is 'INT32', but model 'echo' expects 'FP32'",
    ],
  },
];

test("the first error wins, in the protocol's order", async () => {
  await using started = await startServer(echo, { maxInputBytes: 1000 });
  let request: Step = { what: "", told: [0, ""] };
  for (const step of steps) {
    request = { ...request, ...step };
    const { method = "POST", path = "/", body = "", headers = {} } = request;
    const answer = await ask(started.port, method, path, { body, headers });
    const [status, error] = step.told;
    check.deepEqual([answer.status, JSON.parse(answer.text)], [status, { error }], step.what);
  }
});
