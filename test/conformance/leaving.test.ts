/**
 * A caller who leaves, in every phase of his request: what waited never runs, what runs alone is
 * aborted, what shares its batch lets the others have their answer, and each is counted once.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { promisify } from "node:util";
import { createServer, fp32, type Models, model, type Server } from "shoal";
import { HeldCalls, heldModel } from "../held-model.ts";
import { MetricsPage } from "../prometheus-text.ts";
import { until } from "../until.ts";
import { RawClient, requestBytes } from "./raw-client.ts";
import { type MountedServer, mount, quietLoopback } from "./server.ts";

interface Stage extends AsyncDisposable {
  readonly server: Server;
  readonly mounted: MountedServer;
  /** A client of it, for one connection. */
  connect(): Promise<RawClient>;
  connectionCount(): Promise<number>;
  /** Of the only model: a figure of the metrics page. */
  figure(name: string, labels?: Readonly<Record<string, string>>): Promise<number | undefined>;
}

async function stage(models: Models, options: Parameters<typeof mount>[1] = {}): Promise<Stage> {
  const server = createServer(models, { ...quietLoopback, allowHttp: false, allowMetrics: true });
  await server.listen();
  await server.ready;
  const mounted = await mount(server, options);
  const { httpServer } = mounted;
  return {
    server,
    mounted,
    connect: () => RawClient.connect(mounted.port),
    connectionCount: promisify(httpServer.getConnections.bind(httpServer)),
    figure: async (name, labels) => {
      const response = await fetch(`${server.urls.metrics}/metrics`);
      return new MetricsPage(await response.text()).value(name, labels);
    },
    [Symbol.asyncDispose]: async () => {
      await mounted[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

const heldPath = "/v2/models/held/infer";

function heldRequest(id: string): Buffer {
  const inputs = '[{"name":"X","shape":[1,1],"datatype":"FP32","data":[1]}]';
  return requestBytes("POST", heldPath, { body: `{"id":"${id}","inputs":${inputs}}` });
}

const pending = "nv_inference_pending_request_count";
const failure = "nv_inference_request_failure";
const canceled = { reason: "CANCELED" };

test("in the head: nothing has begun, and nothing is left", async () => {
  const calls = new HeldCalls();
  await using on = await stage(heldModel("held", calls));
  const client = await on.connect();
  client.send("POST /v2/models/held/infer HTTP/1.1\r\nHost: te");
  await until(async () => (await on.connectionCount()) === 1);
  client.leave();
  await until(async () => (await on.connectionCount()) === 0);
  check.equal(calls.seen.length, 0);
});

test("in the body: the request never was", async () => {
  const calls = new HeldCalls();
  await using on = await stage(heldModel("held", calls));
  let hasArrived = false;
  on.mounted.httpServer.on("request", () => {
    hasArrived = true;
  });
  const client = await on.connect();
  client.send(heldRequest("a").subarray(0, -5));
  await until(() => hasArrived);
  client.leave();
  await until(async () => (await on.connectionCount()) === 0);
  check.equal(calls.seen.length, 0);
  check.equal(await on.figure(failure, canceled), 0);
});

test("in the queue: it leaves the queue, is counted, and never runs", async () => {
  const calls = new HeldCalls();
  await using on = await stage(heldModel("held", calls));
  const [first, second] = [await on.connect(), await on.connect()];
  first.send(heldRequest("first"));
  const call = await calls.next();
  second.send(heldRequest("second"));
  await until(async () => (await on.figure(pending)) === 1);
  second.leave();
  await until(async () => (await on.figure(failure, canceled)) === 1);
  check.equal(await on.figure(pending), 0);
  call.release();
  check.equal((await first.answer()).status, 200);
  check.deepEqual(
    calls.seen.map(({ ids }) => ids),
    [["first"]],
  );
  first.leave();
});

test("of a batch that runs: the others get their answer, and the model goes on", async () => {
  const calls = new HeldCalls();
  await using on = await stage(heldModel("held", calls));
  const clients = [await on.connect(), await on.connect(), await on.connect()] as const;
  const [first, second, third] = clients;
  first.send(heldRequest("first"));
  const before = await calls.next();
  second.send(heldRequest("second"));
  await until(async () => (await on.figure(pending)) === 1);
  third.send(heldRequest("third"));
  await until(async () => (await on.figure(pending)) === 2);
  before.release();
  const batch = await calls.next();
  check.deepEqual(batch.ids, ["second", "third"]);
  second.leave();
  await until(async () => (await on.figure(failure, canceled)) === 1);
  check.equal(batch.signal.aborted, false);
  batch.release();
  check.equal(JSON.parse((await third.answer()).text).id, "third");
  check.equal(await on.figure("nv_inference_request_success"), 2);
  first.leave();
  third.leave();
});

test("when nobody in the batch is left, the model's signal fires", async () => {
  const calls = new HeldCalls();
  await using on = await stage(heldModel("held", calls));
  const clients = [await on.connect(), await on.connect(), await on.connect()] as const;
  clients[0].send(heldRequest("first"));
  const before = await calls.next();
  for (const client of clients.slice(1)) client.send(heldRequest("later"));
  await until(async () => (await on.figure(pending)) === 2);
  before.release();
  const batch = await calls.next();
  check.equal(batch.rows, 2);
  for (const client of clients.slice(1)) client.leave();
  await until(() => batch.signal.aborted);
  await until(async () => (await on.figure(failure, canceled)) === 2);
  batch.release();
  check.equal((await clients[0].answer()).status, 200);
  clients[0].leave();
});

test("a connection takes all its requests with it, running and waiting", async () => {
  const calls = new HeldCalls();
  await using on = await stage(heldModel("held", calls, { maxBatchSize: 1 }));
  const client = await on.connect();
  client.send(heldRequest("a"), heldRequest("b"), heldRequest("c"));
  const call = await calls.next();
  await until(async () => (await on.figure(pending)) === 2);
  client.leave();
  await until(async () => (await on.figure(failure, canceled)) === 3);
  check.equal(call.signal.aborted, true);
  call.release();
  check.equal(calls.seen.length, 1);
});

test("while the answer is written: it was answered, and the server lives on", async () => {
  const large = model("large", {
    batching: false,
    inputs: { X: fp32(1) },
    outputs: { Y: fp32(-1) },
    infer: () => ({ Y: new Float32Array(8 * 1024 * 1024) }),
  });
  await using on = await stage(large);
  const input = '{"name":"X","shape":[1],"datatype":"FP32","data":[1]}';
  for (const isBinary of [true, false]) {
    const body = `{"inputs":[${input}],"parameters":{"binary_data_output":${isBinary}}}`;
    const client = await on.connect();
    client.send(requestBytes("POST", "/v2/models/large/infer", { body }));
    await until(() => client.socket.readableLength > 0);
    client.leave();
    await until(async () => (await on.connectionCount()) === 0);
  }
  check.equal(await on.figure("nv_inference_request_success"), 2);
  check.equal(await on.figure(failure, canceled), 0);
  const next = await on.connect();
  next.send(requestBytes("GET", "/v2/health/ready"));
  check.equal((await next.answer()).status, 200);
  next.leave();
});

test("after the answer nothing is left to cancel", async () => {
  const calls = new HeldCalls();
  await using on = await stage(heldModel("held", calls));
  const client = await on.connect();
  client.send(heldRequest("a"));
  (await calls.next()).release();
  check.equal((await client.answer()).status, 200);
  client.leave();
  await until(async () => (await on.connectionCount()) === 0);
  check.equal(await on.figure(failure, canceled), 0);
});

/** The server's own listener: a caller may half-close. */
async function listening(calls: HeldCalls): Promise<Server> {
  const options = { ...quietLoopback, allowMetrics: true };
  const server = createServer(heldModel("held", calls), options);
  await server.listen();
  await server.ready;
  return server;
}

function portOf({ urls }: Server): number {
  return Number(new URL(urls.http ?? "").port);
}

test("a caller who half-closes gets his answer, however long it takes", async () => {
  const calls = new HeldCalls();
  await using server = await listening(calls);
  const client = await RawClient.connect(portOf(server));
  client.send(heldRequest("a"));
  client.halfClose();
  const call = await calls.next();
  // The server has looked whether he is still there.
  await until(() => client.socket.readableLength > 0);
  check.equal(call.signal.aborted, false);
  call.release();
  const answer = await client.answer();
  check.deepEqual([answer.status, JSON.parse(answer.text).id], [200, "a"]);
  check.ok(answer.interimCount >= 1);
  check.equal(await client.rest(), "");
});

test("a caller who half-closes and then leaves is noticed", async () => {
  const calls = new HeldCalls();
  await using server = await listening(calls);
  const client = await RawClient.connect(portOf(server));
  client.send(heldRequest("a"));
  client.halfClose();
  const call = await calls.next();
  client.leave();
  await until(() => call.signal.aborted);
  call.release();
  const page = new MetricsPage(await (await fetch(`${server.urls.metrics}/metrics`)).text());
  check.equal(page.value(failure, canceled), 1);
});

const impatient = { connectionsCheckingInterval: 10, headersTimeout: 40, requestTimeout: 80 };

test("who is slow to send is let go, in the head as in the body", async () => {
  const calls = new HeldCalls();
  await using on = await stage(heldModel("held", calls), impatient);
  for (const slow of [heldRequest("a").subarray(0, 30), heldRequest("a").subarray(0, -5)]) {
    const client = await on.connect();
    client.send(slow);
    check.match(await client.rest(), /^HTTP\/1\.1 408 /);
    await until(async () => (await on.connectionCount()) === 0);
  }
  check.equal(calls.seen.length, 0);
});

test("who waits long for an answer is not", async () => {
  const calls = new HeldCalls();
  await using on = await stage(heldModel("held", calls), impatient);
  const [client, slow] = [await on.connect(), await on.connect()];
  client.send(heldRequest("a"));
  const call = await calls.next();
  slow.send("GET");
  check.match(await slow.rest(), /^HTTP\/1\.1 408 /);
  call.release();
  check.equal((await client.answer()).status, 200);
  client.leave();
});
