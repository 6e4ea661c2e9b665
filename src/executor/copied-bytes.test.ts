/**
 * One copy in, none out: counted bytes, buffers that are gone after they were sent, and the memory
 * of the thread's answer at the socket. Seen by looking at Node's workers and sockets.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import type { Worker } from "node:worker_threads";
import type { Model } from "../definition/model.ts";
import { createServer } from "../server/server.ts";
import { batchOf, elementsOf, inSlices, numbers } from "../testing/batch-fixture.ts";
import { copyModels } from "../testing/copy-models.ts";
import { hostOptions, type ObservedHostOptions, resolve } from "../testing/executor-fixture.ts";
import { InstanceProbe } from "../testing/instance-probe.ts";
import { WorkerWatch } from "../testing/worker-watch.ts";
import type { FromInstance, ToInstance } from "./messages.ts";

class WatchedThread implements AsyncDisposable {
  readonly options: ObservedHostOptions = hostOptions();
  /** Buffers that were transferred to it, batch by batch. */
  readonly sent: ArrayBuffer[] = [];
  /** Buffers that came back, batch by batch. */
  readonly received: ArrayBufferLike[][] = [];
  #probe: InstanceProbe | undefined = undefined;

  async start(model: Model): Promise<void> {
    const watch = new WorkerWatch();
    const probe = new InstanceProbe((await resolve(model, this.options)).host);
    this.#probe = probe;
    await probe.isReady;
    const [watched] = watch.workers;
    check.ok(watched !== undefined);
    const { worker } = watched;
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message: ToInstance, transfer: readonly ArrayBuffer[] = []) => {
      this.sent.push(...transfer);
      post(message, transfer);
    };
    onAnswer(worker, (buffers) => this.received.push(buffers));
    watch[Symbol.dispose]();
  }

  /** The values of `y` for each request, and the buffers that they lie in. */
  async run(
    ...requests: readonly (readonly number[])[]
  ): Promise<{ values: readonly unknown[]; buffers: (ArrayBufferLike | undefined)[] }> {
    const inputs = requests.map((values) => [
      inSlices(numbers("x", [1, values.length], values), 5),
    ]);
    const { answers, error } = await this.probe.execute(batchOf(...inputs));
    if (error !== undefined) throw error;
    const outputs = answers.map((answer) => {
      check.ok(answer !== undefined && !(answer instanceof Error));
      return answer.outputs[0];
    });
    return {
      values: outputs.map((output) => output && elementsOf(output)),
      buffers: outputs.map((output) => output?.chunks[0]?.buffer),
    };
  }

  get probe(): InstanceProbe {
    check.ok(this.#probe !== undefined);
    return this.#probe;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#probe?.instance.stop();
    await this.#probe?.exit;
  }
}

function onAnswer(worker: Worker, note: (buffers: ArrayBufferLike[]) => void): void {
  worker.on("message", (message: FromInstance) => {
    if (message.type !== "done") return;
    note(message.outputs.flatMap(({ chunks }) => chunks.map(({ buffer }) => buffer)));
  });
}

/** What a model returns, how many of 16 bytes are copied on their way out, and 2 batches' answers. */
const models: readonly [
  name: keyof typeof copyModels,
  outputs: number,
  answers: readonly number[][],
][] = [
  [
    "map",
    0,
    [
      [2, 4],
      [6, 8],
    ],
  ],
  [
    "zeros",
    0,
    [
      [2, 4],
      [6, 8],
    ],
  ],
  [
    "returnsInput",
    0,
    [
      [1, 2],
      [3, 4],
    ],
  ],
  [
    "ownArray",
    16,
    [
      [2, 4],
      [6, 8],
    ],
  ],
  [
    "keepsState",
    16,
    [
      [1, 2],
      [3, 4],
    ],
  ],
];

for (const [name, outputs, answers] of models) {
  test(`${name}: 16 bytes are copied on their way in, ${outputs} on their way out`, async () => {
    await using thread = new WatchedThread();
    await thread.start(copyModels[name]);
    const { values, buffers } = await thread.run([1, 2], [3, 4]);
    check.deepEqual(values, answers);
    check.deepEqual(thread.options.copied, { inputs: 16, outputs });
    check.equal(buffers[0], buffers[1], "the answers are parts of one buffer");
    check.deepEqual(thread.received, [[buffers[0]]], "which is the one that the thread sent");
    check.deepEqual(
      thread.sent.map(({ byteLength }) => byteLength),
      [0],
      "the inputs have left",
    );
  });
}

test("an array that a model keeps and returns stays usable in the model", async () => {
  await using thread = new WatchedThread();
  await thread.start(copyModels.keepsState);
  const sums: unknown[] = [];
  for (const value of [1, 2, 3]) sums.push(...(await thread.run([value, -value])).values);
  check.deepEqual(sums, [
    [1, -1],
    [3, -3],
    [6, -6],
  ]);
  check.equal(new Set(thread.received.flat()).size, 3);
  check.deepEqual(thread.options.copied, { inputs: 24, outputs: 24 });
});

test("an output's memory leaves the thread: nothing is left of it there", async () => {
  await using thread = new WatchedThread();
  await thread.start(copyModels.keepsData);
  check.deepEqual((await thread.run([7, 7])).values, [[1, 1]]);
  check.deepEqual((await thread.run([7, 7])).values, [[0, 0]]);
});

test("a clone of an input is the model's to keep, and to return", async () => {
  await using thread = new WatchedThread();
  await thread.start(copyModels.keepsClone);
  const answers: unknown[] = [];
  for (const value of [1, 2, 3]) answers.push(...(await thread.run([value])).values);
  check.deepEqual(answers, [[1], [1], [2]]);
  check.equal(thread.options.copied.outputs, 0);
});

test("an input that is kept without a clone is an error, not somebody else's numbers", async () => {
  await using thread = new WatchedThread();
  await thread.start(copyModels.keepsInput);
  await thread.run([1]);
  const message = /output 'y': this tensor \(FP32 \[1,1\]\) is gone: it was returned from infer/;
  await check.rejects(thread.run([2]), { code: "INTERNAL", message });
});

test("what is written to the socket is the memory that came from the thread", async () => {
  using watch = new WorkerWatch();
  const options = { allowHttp: false, allowMetrics: false, logInfo: false };
  await using server = createServer(copyModels.map, options);
  await server.ready;
  const [watched] = watch.workers;
  check.ok(watched !== undefined);
  const received: ArrayBufferLike[] = [];
  onAnswer(watched.worker, (buffers) => received.push(...buffers));
  const written: ArrayBufferLike[] = [];
  const values = new Float32Array(50_000).map((_, index) => index);

  const body = await exchange((request, response) => {
    noteWrites(request.socket, written);
    server.handler(request, response);
  }, values);

  check.deepEqual(
    new Float32Array(body),
    values.map((value) => 2 * value),
  );
  check.equal(received.length, 1);
  const [buffer] = received;
  check.equal(buffer?.byteLength, values.byteLength);
  check.equal(written.filter((each) => each === buffer).length, 1);
});

/** Whatever is handed to the socket as bytes. */
function noteWrites(socket: { write: unknown }, written: ArrayBufferLike[]): void {
  const write = socket.write as (chunk: unknown, ...others: unknown[]) => boolean;
  socket.write = (chunk: unknown, ...others: unknown[]): boolean => {
    if (chunk instanceof Uint8Array) written.push(chunk.buffer);
    return write.call(socket, chunk, ...others);
  };
}

/** Posts `x` as binary data to the model 'map', and returns `y`, which comes as binary data. */
async function exchange(listener: RequestListener, x: Float32Array): Promise<ArrayBuffer> {
  const server = createHttpServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    const input = {
      name: "x",
      datatype: "FP32",
      shape: [1, x.length],
      parameters: { binary_data_size: x.byteLength },
    };
    const outputs = [{ name: "y", parameters: { binary_data: true } }];
    const json = Buffer.from(JSON.stringify({ inputs: [input], outputs }));
    const response = await fetch(`http://127.0.0.1:${port}/v2/models/map/infer`, {
      method: "POST",
      headers: {
        "Accept-Encoding": "identity",
        "Inference-Header-Content-Length": `${json.byteLength}`,
      },
      body: Buffer.concat([json, new Uint8Array(x.buffer)]),
    });
    check.equal(response.status, 200);
    const bytes = await response.arrayBuffer();
    return bytes.slice(Number(response.headers.get("Inference-Header-Content-Length")));
  } finally {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }
}
