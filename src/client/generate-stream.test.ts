/** Streams over /generate_stream: of our own server, and of one that says what Triton says. */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import test, { type TestContext } from "node:test";
import { PlainTensor } from "../definition/plain-tensor.ts";
import type { Client } from "./client.ts";
import type { ModelMetadata, WireRequest } from "./connection.ts";
import { generateBody, generatedAnswer, isGenerable } from "./generate-stream.ts";
import { createClient } from "./node-client.ts";

function metadataOf(datatype: string, shape: readonly number[]): ModelMetadata {
  const tensor = { name: "x", datatype, shape };
  return { name: "m", versions: ["1"], platform: "", inputs: [tensor], outputs: [tensor] };
}

function requestOf(tensor: PlainTensor, more: Partial<WireRequest> = {}): WireRequest {
  const { datatype, shape, bytes } = tensor;
  const inputs = [{ name: "x", datatype, shape, bytes }];
  const nothing = { id: "", parameters: {}, priority: 0, timeoutMs: 0, sequence: undefined };
  return { name: "m", version: undefined, ...nothing, inputs, outputs: [], ...more };
}

test("an element is a value, all else a flat list", () => {
  const scalar = requestOf(PlainTensor.from("INT32", [7]), { id: "a", parameters: { p: 1 } });
  const body = generateBody(scalar, metadataOf("INT32", [1]));
  check.deepEqual(body, { id: "a", parameters: { p: 1 }, x: 7 });
  const texts = requestOf(PlainTensor.from("BYTES", [["a", "b"]]));
  check.deepEqual(generateBody(texts, metadataOf("BYTES", [-1, 2])), { x: ["a", "b"] });
});

test("a shape that would not arrive is refused", () => {
  const square = requestOf(
    PlainTensor.from("INT32", [
      [1, 2],
      [3, 4],
    ]),
  );
  check.throws(() => generateBody(square, metadataOf("INT32", [-1, -1])), {
    name: "ClientError",
    kind: "invalid",
    message: /input 'x'.*\[2,2\] would become \[1,4\]/,
  });
  generateBody(square, metadataOf("INT32", [-1, 2]));
});

test("shapes of answers are derived from the model's", () => {
  const cases: readonly [readonly number[], number, readonly number[]][] = [
    [[1], 1, [1]],
    [[-1], 0, [0]],
    [[-1], 3, [3]],
    [[-1, 2], 4, [2, 2]],
    [[-1, -1], 3, [1, 3]],
    [[-1, 2, -1], 6, [1, 2, 3]],
    [[], 1, []],
  ];
  const request = requestOf(PlainTensor.from("INT32", [1]));
  for (const [dims, count, shape] of cases) {
    const x = count === 1 ? 5 : new Array(count).fill(5);
    const { outputs, parameters, ...answer } = generatedAnswer(
      { id: "a", model_name: "m", model_version: "1", x, extra: true },
      request,
      metadataOf("INT32", dims),
    );
    check.deepEqual(outputs[0]?.shape, shape);
    check.equal(outputs[0]?.bytes.byteLength, 4 * count);
    check.deepEqual(parameters, { extra: true });
    check.deepEqual([answer.id, answer.modelName, answer.modelVersion], ["a", "m", "1"]);
  }
  for (const [dims, count] of [
    [[-1, 2], 3],
    [[2], 3],
    [[0, -1], 1],
  ] as const) {
    const document = { x: new Array(count).fill(5) };
    check.throws(() => generatedAnswer(document, request, metadataOf("INT32", dims)), {
      kind: "answer",
      message: /output 'x'/,
    });
  }
});

test("classes and shared memory cannot be said", () => {
  const tensor = PlainTensor.from("INT32", [1]);
  check.equal(isGenerable(requestOf(tensor)), true);
  const part = { shared_memory_region: "r", shared_memory_byte_size: 4 };
  check.equal(isGenerable(requestOf(tensor, { outputs: [{ name: "x", classes: 1 }] })), false);
  check.equal(isGenerable(requestOf(tensor, { outputs: [{ name: "x", shared: part }] })), false);
});

interface Reply {
  readonly status?: number;
  readonly type?: string;
  readonly body: string;
}

/** A client of a server that answers /infer with 501, and /generate_stream with this. */
async function clientOf(context: TestContext, reply: Reply): Promise<[Client, string[]]> {
  const bodies: string[] = [];
  const server = createServer((request, response) => void answer(request, response));
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = request.url ?? "";
    const sent = await text(request);
    const json = (status: number, document: object): void => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(document));
    };
    if (url.endsWith("/infer")) json(501, { error: "decoupled" });
    else if (url.endsWith("/config")) json(200, { max_batch_size: 0 });
    else if (url.endsWith("/generate_stream")) {
      bodies.push(sent);
      const { status = 200, type = "text/event-stream; charset=utf-8", body } = reply;
      response.writeHead(status, { "content-type": type }).end(body);
    } else json(200, metadataOf("INT64", [1]));
  };
  await once(server.listen(0, "127.0.0.1"), "listening");
  const client = createClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  context.after(() => {
    client.close();
    server.close();
    server.closeAllConnections();
  });
  return [client, bodies];
}

async function read(client: Client): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  for await (const { x } of client.model("m").stream({ x: [2n ** 60n + 1n] })) values.push(x?.data);
  return values;
}

test("a server whose /infer does not stream is asked otherwise", async (context) => {
  const body = 'data: {"model_name":"m","model_version":"1","x":1152921504606846977}\n\n';
  const [client, bodies] = await clientOf(context, { body: body + body });
  const value = BigInt64Array.of(2n ** 60n + 1n);
  check.deepEqual(await read(client), [value, value]);
  check.deepEqual(bodies, ['{"x":1152921504606846977}']);
});

test("its errors: at first, later on, and none that says anything", async (context) => {
  const replies: readonly [Reply, object][] = [
    [
      { status: 400, body: 'data: {"error":"no"}\n\n' },
      { kind: "server", message: "no" },
    ],
    [{ body: 'data: {"x":1}\n\ndata: {"error":"no"}\n\n' }, { kind: "server", message: "no" }],
    [{ body: "data: [1]\n\n" }, { kind: "answer" }],
    [{ type: "text/html", body: "<p>hello" }, { kind: "answer" }],
    [
      { status: 404, body: '{"error":"none"}' },
      // Why it does not stream says more than that it does not generate either.
      { kind: "server", code: "UNIMPLEMENTED" },
    ],
  ];
  for (const [reply, expected] of replies) {
    const [client] = await clientOf(context, reply);
    await check.rejects(read(client), { name: "ClientError", ...expected });
  }
});
