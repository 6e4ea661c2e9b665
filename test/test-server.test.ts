/**
 * `shoal/testing`: models on a clock that the test owns. Nothing here waits for real time, although
 * the delays are long.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { fp32, InferenceError, type ModelOptions, model, UnrecoverableError } from "shoal";
import { onnx } from "shoal/onnx";
import { type TestServer, testServer } from "shoal/testing";
import { HeldCalls, heldModel } from "./held-model.ts";

const tensors = { inputs: { x: fp32(1) }, outputs: { y: fp32(1) } } as const;

function negative(options: ModelOptions = {}) {
  return model("negative", {
    ...options,
    ...tensors,
    infer: ({ x }) => ({ y: x.map((value) => -value) }),
  });
}

/** Sends a request of one row for each value. */
function send(server: TestServer, values: readonly number[], more = {}): Promise<number>[] {
  return values.map(async (value) => {
    const request = { model: "negative", inputs: { x: [[value]] }, ...more };
    const { outputs } = await server.infer(request);
    return Number(outputs["y"]?.data[0]);
  });
}

/** Rows of each batch, and when it was handed over. */
function batchesOf(server: TestServer): readonly (readonly [rows: number, atMs: number])[] {
  return server.batches.map(({ rows, atMs }) => [rows, atMs]);
}

const hourMs = 3_600_000;

test("three requests, 5 ms later one batch of three", async () => {
  await using server = await testServer(negative({ batching: { maxQueueDelayMs: 5 } }));
  const answers = send(server, [1, 2, 3]);
  await server.advance(4);
  check.deepEqual(server.batches, []);
  await server.advance(1);
  check.deepEqual(server.batches, [
    { model: "negative", version: 1, rows: 3, requestCount: 3, atMs: 5 },
  ]);
  check.deepEqual(await Promise.all(answers), [-1, -2, -3]);
  check.equal(server.nowMs, 5);
});

test("the delay is that of the oldest request, and time passes in steps or at once", async () => {
  for (const steps of [[30], [1, 4, 5, 10, 10]]) {
    await using server = await testServer(negative({ batching: { maxQueueDelayMs: hourMs } }));
    const first = send(server, [1]);
    await server.advance(hourMs - 10);
    const second = send(server, [2, 3]);
    for (const step of steps) await server.advance(step);
    check.deepEqual(batchesOf(server), [[3, hourMs]]);
    check.deepEqual(await Promise.all([...first, ...second]), [-1, -2, -3]);
    check.equal(server.nowMs, hourMs + 20);
  }
});

test("what has no reason to wait needs no time", async () => {
  await using server = await testServer(negative({ maxBatchSize: 2 }));
  check.deepEqual(await Promise.all(send(server, [1, 2, 3])), [-1, -2, -3]);
  check.deepEqual(await Promise.all(send(server, [4])), [-4]);
  check.deepEqual(batchesOf(server), [
    [2, 0],
    [1, 0],
    [1, 0],
  ]);
  check.equal(server.nowMs, 0);
});

test("a full batch does not wait, a preferred one neither", async () => {
  const batching = { maxQueueDelayMs: hourMs, preferredBatchSizes: [2] };
  await using server = await testServer(negative({ maxBatchSize: 4, batching }));
  await Promise.all(send(server, [1, 2]));
  const rest = send(server, [1]);
  await server.advance(hourMs);
  await Promise.all(rest);
  check.deepEqual(batchesOf(server), [
    [2, 0],
    [1, hourMs],
  ]);
});

test("priorities, and several models", async () => {
  const batching = { priorities: { levels: 2, default: 2 } };
  const calls = new HeldCalls();
  const held = heldModel("held", calls, { maxBatchSize: 1, batching });
  await using server = await testServer([held, negative()]);
  const infer = (id: string, priority: number) =>
    server.infer({ model: held, inputs: { X: [[1]] }, id, priority });
  const answers = [infer("first", 2), infer("late", 2), infer("urgent", 1)];
  const order: unknown[] = [];
  for (const _answer of answers) {
    const call = await calls.next();
    order.push(...call.ids);
    call.release();
  }
  check.deepEqual((await Promise.all(answers)).length, 3);
  // They came together, so the most urgent one was first.
  check.deepEqual(order, ["urgent", "first", "late"]);
  await Promise.all(send(server, [1]));
  check.deepEqual(
    server.batches.map(({ model: name }) => name),
    ["held", "held", "held", "negative"],
  );
});

for (const instances of [2, { count: 2, kind: "thread" }] as const) {
  test(`the number of instances is kept: ${JSON.stringify(instances)}`, async () => {
    const calls = new HeldCalls();
    const held = heldModel("held", calls, { instances, maxBatchSize: 1 });
    await using server = await testServer(held);
    const infer = () => server.infer({ model: held, inputs: { X: [[1]] } });
    const answers = [infer(), infer(), infer()];
    await server.advance(0);
    check.equal(calls.seen.length, 2);
    for (const _answer of answers) (await calls.next()).release();
    await Promise.all(answers);
  });
}

test("a model with a module of its own runs here all the same", async () => {
  const elsewhere = model("negative", {
    ...tensors,
    module: "file:///nowhere.js",
    infer: ({ x }) => ({ y: x }),
  });
  await using server = await testServer(elsewhere);
  check.deepEqual(await Promise.all(send(server, [1])), [1]);
});

for (const [what, queue, request] of [
  ["the model's timeout", { timeoutMs: 10 }, {}],
  ["a timeout of its own", { allowTimeoutOverride: true }, { timeoutMs: 10 }],
] as const) {
  test(`who waits too long in the queue, by ${what}`, async () => {
    const calls = new HeldCalls();
    const held = heldModel("held", calls, { batching: { queue } });
    await using server = await testServer(held);
    const infer = () => server.infer({ model: held, inputs: { X: [[1]] }, ...request });
    const running = infer();
    const call = await calls.next();
    let end = "waits";
    const waiting = infer().catch(({ code, message }: InferenceError) => {
      end = `${code}: ${message}`;
    });
    await server.advance(10);
    check.equal(end, "waits");
    await server.advance(0.5);
    check.equal(end, "UNAVAILABLE: Request timeout expired");
    await waiting;
    call.release();
    await running;
    check.equal(server.batches.length, 1);
  });
}

test("a deadline counts on this clock, for waiting and computing together", async () => {
  const calls = new HeldCalls();
  const held = heldModel("held", calls);
  await using server = await testServer(held);
  await server.advance(hourMs);
  const ends: string[] = [];
  const infer = (name: string, deadlineMs: number) =>
    server.infer({ model: held, inputs: { X: [[1]] } }, { deadlineMs }).catch(({ code }) => {
      ends.push(`${name} ${code} at ${Math.floor(server.nowMs) - hourMs}`);
    });
  const running = infer("running", hourMs + 20);
  const call = await calls.next();
  const all = [running, infer("waiting", hourMs + 10), infer("late", hourMs - 1)];
  await server.advance(5);
  check.deepEqual(ends, ["late DEADLINE_EXCEEDED at 0"]);
  await server.advance(hourMs);
  await Promise.all(all);
  check.equal(call.signal.aborted, true);
  check.deepEqual(ends.slice(1), [
    "waiting DEADLINE_EXCEEDED at 10",
    "running DEADLINE_EXCEEDED at 20",
  ]);
  call.release();
});

test("a signal cancels", async () => {
  await using server = await testServer(negative({ batching: { maxQueueDelayMs: 5 } }));
  const controller = new AbortController();
  const request = { model: "negative", inputs: { x: [[1]] } };
  const left = server.infer(request, { signal: controller.signal });
  const other = server.infer(request);
  controller.abort();
  await check.rejects(left, { code: "CANCELLED" });
  await server.advance(5);
  await other;
  check.deepEqual(batchesOf(server), [[1, 5]]);
});

test("an infer that throws: its caller hears what a client would, with the cause", async () => {
  const thrown = new Error("the root of it");
  let next: Error = thrown;
  const failing = model("negative", {
    ...tensors,
    infer: () => {
      throw next;
    },
  });
  await using server = await testServer(failing);
  const infer = () => server.infer({ model: failing, inputs: { x: [[1]] } });
  await check.rejects(infer(), {
    name: "InferenceError",
    code: "INTERNAL",
    message: "model 'negative' failed: internal error",
    cause: thrown,
  });
  next = new InferenceError("NOT_FOUND", "there is no such customer");
  await check.rejects(infer(), { code: "NOT_FOUND", message: "there is no such customer" });
  next = new UnrecoverableError("the device is gone");
  const message = "model 'negative' cannot go on and is out of service: internal error";
  await check.rejects(infer(), { code: "INTERNAL", message });
  await check.rejects(infer(), { code: "UNAVAILABLE", message });
  check.equal(server.batches.length, 3);
});

test("an infer that hangs ends at its limit", async () => {
  const calls = new HeldCalls();
  const held = heldModel("held", calls, { limits: { executionTimeoutMs: hourMs } });
  await using server = await testServer(held);
  const answer = server.infer({ model: held, inputs: { X: [[1]] } });
  await calls.next();
  const [end] = await Promise.allSettled([answer, server.advance(hourMs)]);
  check.ok(end.status === "rejected");
  check.equal(end.reason.code, "DEADLINE_EXCEEDED");
  check.match(end.reason.message, /^model 'held' did not answer within 3600000 ms/);
});

test("statistics count on this clock", async () => {
  await using server = await testServer(negative({ batching: { maxQueueDelayMs: 5 } }));
  const answers = send(server, [1, 2]);
  await server.advance(5);
  await Promise.all(answers);
  const [statistics] = server.statistics("negative", 1);
  const { inferenceCount, executionCount, success, queue } = statistics!;
  check.deepEqual([inferenceCount, executionCount, success.count], [2, 1, 2]);
  check.equal(queue.ns, 10_000_000);
});

const refused: readonly [what: string, models: unknown, error: object][] = [
  ["no model", {}, { name: "TypeError", message: /^expected a model, made by model\(\)/ }],
  ["the same twice", [negative(), negative()], { message: /'negative' is there twice/ }],
  [
    "an ONNX model",
    onnx("graph", { path: "graph.onnx" }),
    {
      name: "TypeError",
      message: "model 'graph' is no function: it needs a thread, and real time",
    },
  ],
  [
    "a model whose setup fails",
    model("negative", {
      ...tensors,
      setup: () => Promise.reject(new Error("no weights")),
      infer: ({ x }) => ({ y: x }),
    }),
    { code: "INTERNAL", message: "setup of model 'negative' failed: no weights" },
  ],
];

for (const [what, models, error] of refused) {
  test(`refused: ${what}`, async () => {
    await check.rejects(testServer(models as never), error);
  });
}

for (const durationMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, "5"]) {
  test(`time cannot pass by ${durationMs}`, async () => {
    await using server = await testServer(negative());
    await check.rejects(server.advance(durationMs as number), {
      name: "TypeError",
      message: `advance(): expected a number of milliseconds, 0 or more; got ${durationMs}`,
    });
    check.equal(server.nowMs, 0);
  });
}

test("close() answers what waits, and lets the time pass that this takes", async () => {
  const server = await testServer(negative({ batching: { maxQueueDelayMs: hourMs } }));
  const answers = send(server, [1, 2]);
  await server.close();
  check.deepEqual(await Promise.all(answers), [-1, -2]);
  check.deepEqual(batchesOf(server), [[2, hourMs]]);
  check.equal(server.nowMs, hourMs);
  await server.close();
  await check.rejects(Promise.all(send(server, [3])), { code: "UNAVAILABLE" });
});

test("close() does not wait for what hangs: its limit passes", async () => {
  const calls = new HeldCalls();
  const held = heldModel("held", calls);
  const server = await testServer(held);
  const answer = server.infer({ model: held, inputs: { X: [[1]] } });
  await calls.next();
  const [end] = await Promise.allSettled([answer, server.close()]);
  check.ok(end.status === "rejected");
  check.equal(end.reason.code, "DEADLINE_EXCEEDED");
});

test("a model that calls another waits on this clock, and close() for both", async () => {
  const minuteMs = 60_000;
  const slow = negative({ batching: { maxQueueDelayMs: minuteMs } });
  const caller = model("caller", {
    ...tensors,
    infer: async ({ x }, context) => {
      const { y } = await context.model(slow).infer({ x });
      return { y };
    },
  });
  await using server = await testServer([slow, caller]);
  const request = { model: caller, inputs: { x: [[1]] } } as const;
  const late = server.infer(request, { deadlineMs: minuteMs / 2 });
  const answer = server.infer({ ...request, inputs: { x: [[2]] } });
  const refused = check.rejects(late, { code: "DEADLINE_EXCEEDED" });
  await server.close();
  check.deepEqual((await answer).outputs.y.toNested(), [[-2]]);
  await refused;
  check.equal(server.nowMs, minuteMs);
});

test("await using closes it", async () => {
  const servers: TestServer[] = [];
  {
    await using server = await testServer(negative());
    servers.push(server);
  }
  await check.rejects(Promise.all(send(servers[0]!, [1])), { code: "UNAVAILABLE" });
});
