/**
 * One copy in, none out, seen from both ends: what a model returned is what is written to the
 * socket, and what is sent to a thread or back is gone where it came from.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, request } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type TestContext, test } from "node:test";
import type { TransferListItem, Worker } from "node:worker_threads";
import { createServer, type Model } from "shoal";
import { quietLoopback } from "../conformance/server.ts";
import {
  notesItsMemory,
  returnsWhatItGot,
  seen,
  tellsOfItsArrays,
  width,
} from "./transferred-models.ts";

const rowBytes = 4 * width;

interface Wire {
  readonly port: number;
  /** Memory of all that was written to sockets. */
  readonly written: readonly ArrayBufferLike[];
}

for (const [model, isBorrowed] of [
  [notesItsMemory, false],
  [returnsWhatItGot, true],
] as const) {
  test(`inline, ${model.name}: what is written is what the model returned`, async (t) => {
    const { port, written } = await serve(t, model);
    const values = Float32Array.from({ length: width }, (_, index) => index);
    const { y } = await infer(port, model.name, values);
    check.deepEqual(y, isBorrowed ? values : values.map((value) => -value));
    const { got, returned } = seen.at(-1) ?? check.fail("it was not called");
    check.ok(written.includes(returned as ArrayBuffer));
    check.equal(written.includes(got as ArrayBuffer), isBorrowed);
  });
}

test("a thread: sent memory is gone, and what comes back is what is written", async (t) => {
  const threads = observeThreads(t);
  const { port, written } = await serve(t, tellsOfItsArrays);
  for (const count of [1, 2, 3]) {
    const values = new Float32Array(width).fill(count);
    const { y, left } = await infer(port, tellsOfItsArrays.name, values);
    check.deepEqual(y, new Float32Array(width).fill(-count));
    // Of the batch before: its input went to the collector or back, its output to the socket.
    check.deepEqual(left, Float32Array.of(...(count === 1 ? [-1, -1] : [width, 0])));
  }
  const [thread] = threads;
  check.ok(thread !== undefined && threads.length === 1);
  check.equal(thread.sent.length, 3);
  for (const { transferred, byteLengths, before } of thread.sent) {
    check.deepEqual([before, byteLengths], [[rowBytes], [0]]);
    check.equal(transferred.length, 1);
  }
  check.equal(thread.received.length, 3);
  for (const buffers of thread.received) {
    const [output] = buffers.filter(({ byteLength }) => byteLength === rowBytes);
    check.ok(output !== undefined && written.includes(output));
  }
});

test("the answers of one batch are views of what came back", async (t) => {
  const threads = observeThreads(t);
  const { server } = await serve(t, tellsOfItsArrays);
  // Two in one turn of the loop, so that they leave together.
  const name = tellsOfItsArrays.name;
  const answers = await Promise.all(
    [1, 2].map((value) => {
      return server.infer({ model: name, inputs: { x: [new Array(width).fill(value)] } });
    }),
  );
  const buffers = answers.map(({ outputs }) => outputs["y"]?.bytes.buffer);
  const [received] = threads[0]?.received ?? [];
  check.ok(received?.includes(buffers[0] as ArrayBuffer));
  check.equal(buffers[0], buffers[1]);
});

async function serve(
  t: TestContext,
  model: Model,
): Promise<Wire & { readonly server: ReturnType<typeof createServer> }> {
  const server = createServer(model, quietLoopback);
  await server.ready;
  const written: ArrayBufferLike[] = [];
  const httpServer = createHttpServer(server.handler);
  httpServer.on("connection", (socket) => noteWrites(socket, written));
  httpServer.listen(0, "127.0.0.1");
  await once(httpServer, "listening");
  t.after(async () => {
    await server.close();
    httpServer.close();
  });
  return { server, written, port: (httpServer.address() as AddressInfo).port };
}

function noteWrites(socket: Socket, written: ArrayBufferLike[]): void {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean;
  socket.write = (chunk: Uint8Array | string, ...rest: unknown[]) => {
    if (typeof chunk !== "string") written.push(chunk.buffer);
    return write(chunk, ...rest);
  };
}

/** A request of one row, binary in and out. */
async function infer(
  port: number,
  model: string,
  x: Float32Array,
): Promise<Readonly<Record<string, Float32Array>>> {
  const parameters = { binary_data_size: x.byteLength };
  const json = JSON.stringify({
    inputs: [{ name: "x", shape: [1, width], datatype: "FP32", parameters }],
    parameters: { binary_data_output: true },
  });
  const path = `/v2/models/${model}/infer`;
  const sent = request({ port, host: "127.0.0.1", method: "POST", path, agent: false });
  sent.setHeader("Inference-Header-Content-Length", json.length);
  // At a multiple of 4 in the body, so that numbers can be read where they lie.
  sent.end(Buffer.concat([Buffer.from(json), new Uint8Array(x.buffer)]));
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  const body = Buffer.concat(await response.toArray());
  check.equal(response.statusCode, 200, body.toString());
  const headLength = Number(response.headers["inference-header-content-length"]);
  const { outputs } = JSON.parse(body.toString("utf8", 0, headLength)) as {
    outputs: readonly { name: string; parameters: { binary_data_size: number } }[];
  };
  let start = headLength;
  return Object.fromEntries(
    outputs.map(({ name, parameters: { binary_data_size: size } }) => {
      start += size;
      return [name, new Float32Array(new Uint8Array(body.subarray(start - size, start)).buffer)];
    }),
  );
}

interface Sent {
  readonly transferred: readonly ArrayBuffer[];
  readonly before: readonly number[];
  /** Afterwards. */
  readonly byteLengths: readonly number[];
}

interface ObservedThread {
  /** Messages with memory. */
  readonly sent: Sent[];
  readonly received: (readonly ArrayBuffer[])[];
}

/** What threads that are started from now on are sent, and send. */
function observeThreads(t: TestContext): readonly ObservedThread[] {
  const threads: ObservedThread[] = [];
  const observe = (worker: Worker): void => {
    const thread: ObservedThread = { sent: [], received: [] };
    threads.push(thread);
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message: unknown, list: readonly TransferListItem[] = []) => {
      const transferred = list as readonly ArrayBuffer[];
      const before = transferred.map(({ byteLength }) => byteLength);
      post(message, list);
      const byteLengths = transferred.map(({ byteLength }) => byteLength);
      if (list.length > 0) thread.sent.push({ transferred, before, byteLengths });
    };
    worker.prependListener("message", (message: unknown) => {
      const buffers = new Set<ArrayBuffer>();
      collectBuffers(message, buffers);
      if (buffers.size > 0) thread.received.push([...buffers]);
    });
  };
  process.on("worker", observe);
  t.after(() => process.off("worker", observe));
  return threads;
}

function collectBuffers(value: unknown, buffers: Set<ArrayBuffer>): void {
  if (ArrayBuffer.isView(value)) buffers.add(value.buffer as ArrayBuffer);
  else if (typeof value === "object" && value !== null) {
    for (const part of Object.values(value)) collectBuffers(part, buffers);
  }
}
