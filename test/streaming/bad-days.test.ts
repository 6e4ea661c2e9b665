/**
 * Bad days of models that stream, over SSE and gRPC, inline and in a thread: they throw, die, never
 * end; callers leave in every phase; the server stops meanwhile. Nothing is left of it afterwards.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import type { ServerOptions } from "shoal";
import { type StartedServer, startServer } from "../conformance/server.ts";
import { until } from "../until.ts";
import { batchedInline, faults, fragileInline, fragileInThread } from "./fragile.ts";
import { type Reader, transports } from "./readers.ts";

const models = [fragileInline, fragileInThread, batchedInline];

function serving(options: ServerOptions = {}): Promise<StartedServer> {
  return startServer(models, { allowGrpc: true, grpcPort: 0, allowMetrics: true, ...options });
}

interface Counts {
  readonly success: { readonly count: number };
  readonly fail: { readonly count: number };
}

async function countsOf({ url }: StartedServer, model: string): Promise<Counts> {
  const response = await fetch(`${url}/v2/models/${model}/stats`);
  const { model_stats } = (await response.json()) as {
    readonly model_stats: readonly { readonly inference_stats: Counts }[];
  };
  return model_stats[0]?.inference_stats ?? check.fail();
}

const wrongShape = "output 'K' must be elements of shape [1]; got 5 elements";

for (const [transport, read] of Object.entries(transports)) {
  for (const { name } of [fragileInline, fragileInThread]) {
    const endings: readonly [fault: keyof typeof faults, last: string][] = [
      ["throws", "error: three were enough"],
      ["fails", `error: model '${name}' failed: internal error`],
      ["wrong", `error: model '${name}': ${wrongShape}`],
    ];
    for (const [fault, last] of endings) {
      test(`${transport}, ${name}: ${fault} after three responses`, async () => {
        await using server = await serving();
        check.deepEqual(await read(server, name, faults[fault]).rest(), ["0", "1", "2", last]);
        check.deepEqual(
          await read(server, name, 0).rest(),
          ["0", "1", "2"],
          "the next one is fine",
        );
      });
    }

    test(`${transport}, ${name}: one that never ends is read, and left`, async () => {
      await using server = await serving();
      const reader = read(server, name, faults.neverEnds);
      for (let k = 0; k < 1000; k += 1) check.equal(await reader.next(), String(k));
      reader.leave();
      await until(async () => (await countsOf(server, name)).fail.count === 1);
    });

    test(`${transport}, ${name}: a server that stops finishes what ends, and cuts what does not`, async () => {
      const server = await serving();
      const endless = read(server, name, faults.neverEnds);
      const waiting = read(server, name, faults.waits);
      check.equal(await endless.next(), "0");
      for (const k of ["0", "1", "2"]) check.equal(await waiting.next(), k);
      const closing = server.server.close({ timeoutMs: 100 });
      const [last = ""] = (await waiting.rest()).slice(-1);
      check.match(last, /^error: Server is stopping, and did not finish within 100 ms$/);
      const lines = await endless.rest();
      check.match(lines.at(-1) ?? "", /^error: Server is stopping/);
      await closing;
      check.equal(server.server.state, "stopped");
    });
  }

  test(`${transport}: a thread that dies fails its streams, and another one takes over`, async () => {
    await using server = await serving();
    const { name } = fragileInThread;
    const other = read(server, name, faults.waits);
    check.equal(await other.next(), "0");
    const lines = await read(server, name, faults.exits).rest();
    check.match(lines.at(-1) ?? "", /^error: an instance of model 'fragile-thread' died/);
    const others = await other.rest();
    check.match(others.at(-1) ?? "", /^error: an instance of model 'fragile-thread' died/);
    check.deepEqual(await read(server, name, 0).rest(), ["0", "1", "2"]);
  });

  test(`${transport}: callers leave in every phase`, async () => {
    await using server = await serving();
    const { name } = batchedInline;
    // In the queue: its batch waits for company for a minute.
    const queued = read(server, name, 0);
    await untilPending(server, 1);
    queued.leave();
    await until(async () => (await countsOf(server, name)).fail.count === 1);
    // In a batch that runs: the others go on without it.
    const batch = [faults.waits, faults.waits, 0, 0].map((n) => read(server, name, n));
    const [first, second, ...others] = batch as [Reader, Reader, Reader, Reader];
    for (const reader of batch) check.equal(await reader.next(), "0");
    first.leave();
    await until(async () => (await countsOf(server, name)).fail.count === 2);
    for (const reader of [second, ...others]) check.equal(await reader.next(), "1");
    for (const reader of [second, ...others]) reader.leave();
    await until(async () => (await countsOf(server, name)).fail.count === 5);
    check.equal((await countsOf(server, name)).success.count, 0);
  });
}

/** So many requests wait in the queue of the batching model. */
async function untilPending({ server }: StartedServer, count: number): Promise<void> {
  await until(async () => {
    const text = await (await fetch(`${server.urls.metrics}/metrics`)).text();
    const line = /^nv_inference_pending_request_count\{model="batched-inline".*\} (\d+)$/m.exec(
      text,
    );
    return Number(line?.[1]) === count;
  });
}

/** Streams of every kind, each left after its first response. */
async function abuse(rounds: number): Promise<void> {
  await using server = await serving();
  for (let round = 0; round < rounds; round += 1) {
    const readers = Object.values(transports).flatMap((read) =>
      [fragileInline, fragileInThread].flatMap(({ name }) => [
        read(server, name, faults.throws),
        read(server, name, faults.neverEnds),
        read(server, name, faults.waits),
        read(server, name, 0),
      ]),
    );
    for (const reader of readers) await reader.next();
    for (const reader of readers) reader.leave();
  }
}

test("after all that, nothing is left: no handle, no timer, no memory", async () => {
  await abuse(1); // Whatever is made once.
  const before = resources();
  await abuse(5);
  await until(() => resources().length <= before.length);
  check.deepEqual(resources(), before);
});

/** Kinds of what keeps the event loop alive, but for what a turn of it is made of. */
function resources(): readonly string[] {
  const passing = ["Immediate", "CloseReq", "FSReqCallback", "FSReqPromise"];
  return process
    .getActiveResourcesInfo()
    .filter((kind) => !passing.includes(kind))
    .sort();
}
