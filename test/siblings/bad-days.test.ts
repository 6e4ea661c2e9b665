/**
 * Models that call others when something goes wrong: callers who leave, time that is over, queues
 * that are full, threads that die, servers that stop. Who is called is held by the test.
 */
import { strict as check } from "node:assert";
import { type TestContext, test } from "node:test";
import { createServer, fp32, type InferenceError, model, type Server } from "shoal";
import { quietLoopback } from "../conformance/server.ts";
import { HeldCalls, heldModel } from "../held-model.ts";
import { until } from "../until.ts";
import { called, callers, type Kind, kinds, relays } from "./calling-models.ts";

interface Stage {
  readonly server: Server;
  /** What the models "held" and "bell" are in. */
  readonly calls: HeldCalls;
  readonly bell: HeldCalls;
}

const one = [[1]];

async function start(t: TestContext, ...others: Parameters<typeof createServer>[0][]) {
  const calls = new HeldCalls();
  const bell = new HeldCalls();
  const ringing = model("bell", {
    inputs: { x: fp32(-1) },
    outputs: { x: fp32(-1) },
    infer: async ({ x }, { rows, requests, signal }) => {
      await new Promise<void>((release, fail) => {
        bell.add({ rows, ids: requests.map(({ id }) => id), signal, release, fail });
      });
      return { x };
    },
  });
  const held = heldModel("held", calls, { maxBatchSize: 1, limits: { maxWaitingRequests: 1 } });
  const all = [held, ringing, callers.inline, callers.thread, ...others.flat()];
  const server = createServer(all, quietLoopback);
  t.after(() => server.close({ timeoutMs: 0 }));
  await server.ready;
  return { server, calls, bell } satisfies Stage;
}

interface Asking {
  readonly from: Kind;
  readonly does: string;
  readonly signal?: AbortSignal;
  readonly deadlineMs?: number;
  readonly id?: string;
}

/** Its answer, or its error, as text. */
async function ask(
  { server }: Stage,
  { from, does, id = "", ...options }: Asking,
): Promise<string> {
  const request = {
    model: callers[from].name,
    id,
    inputs: { x: one },
    parameters: { does, to: "held" },
  };
  return await server.infer(request, options).then(
    ({ outputs }) => JSON.stringify(outputs["y"]?.toNested()),
    ({ code, message }: InferenceError) => `${code} ${message}`,
  );
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}

for (const from of kinds) {
  test(`from ${from}: when the last caller has gone, so has the call`, async (t) => {
    const stage = await start(t);
    const leaving = new AbortController();
    const asked = ask(stage, { from, does: "askHeld", signal: leaving.signal, id: "r1" });
    const call = await stage.calls.next();
    check.deepEqual([call.ids, call.signal.aborted], [["r1"], false]);
    leaving.abort();
    await fired(call.signal);
    check.equal(await asked, "CANCELLED Request cancelled");
    call.release();
    // Its instance serves others again.
    const next = ask(stage, { from, does: "askHeld" });
    (await stage.calls.next()).release();
    check.equal(await next, "[[1]]");
  });

  test(`from ${from}: a signal of the model's own cancels its call`, async (t) => {
    const stage = await start(t);
    check.equal(await ask(stage, { from, does: "askByHand" }), "UNKNOWN CANCELLED");
  });

  test(`from ${from}: a deadline that is over, of the call and of its batch`, async (t) => {
    const stage = await start(t);
    check.equal(await ask(stage, { from, does: "askTooLate" }), "UNKNOWN DEADLINE_EXCEEDED");
    check.deepEqual(stage.calls.seen, []);
    const deadlineMs = performance.now() + 50;
    const asked = ask(stage, { from, does: "askHeld", deadlineMs });
    const call = await stage.calls.next();
    await fired(call.signal);
    check.equal(await asked, "DEADLINE_EXCEEDED Deadline Exceeded");
  });

  test(`from ${from}: a call that is left open ends with its batch`, async (t) => {
    const stage = await start(t);
    const asked = ask(stage, { from, does: "forget" });
    const call = await stage.calls.next();
    (await stage.bell.next()).release();
    check.equal(await asked, "[[1]]");
    await fired(call.signal);
    check.equal(await ask(stage, { from, does: "own" }), `UNKNOWN calling-${from}/1`);
  });

  test(`from ${from}: a full queue refuses a call like a client's`, async (t) => {
    const stage = await start(t);
    const { server, calls } = stage;
    const direct = (): Promise<unknown> => server.infer({ model: "held", inputs: { X: one } });
    const running = direct();
    const inside = await calls.next();
    const waiting = direct();
    const told = "UNAVAILABLE [request id: r9] Exceeds maximum queue size";
    check.equal(await ask(stage, { from, does: "askHeld", id: "r9" }), told);
    inside.release();
    (await calls.next()).release();
    await Promise.all([running, waiting]);
  });

  test(`from ${from}: an instance has so many calls open, and no more`, async (t) => {
    const stage = await start(t, heldModel("crowd", new HeldCalls()));
    const request = {
      model: callers[from].name,
      inputs: { x: one },
      parameters: { does: "flood", to: "crowd" },
    };
    const told = stage.server.infer(request);
    await check.rejects(told, {
      code: "UNKNOWN",
      message: `model 'calling-${from}' has 1024 calls of other models open: await some before more`,
    });
  });

  test(`from ${from}: a server that stops lets a batch that runs call others to its end`, async (t) => {
    const stage = await start(t, called.doubling.thread);
    const { server, calls, bell } = stage;
    const request = {
      model: callers[from].name,
      inputs: { x: one },
      parameters: { does: "ringThenAsk", to: "doubling-thread" },
    };
    const asked = server.infer(request);
    const rung = await bell.next();
    const closing = server.close();
    // Models without anything to do stay, for whoever may call them.
    await check.rejects(server.infer({ model: "held", inputs: { X: one } }), {
      code: "UNAVAILABLE",
      message: /Server is stopping, scheduler for model has stopped accepting/,
    });
    rung.release();
    check.deepEqual((await asked).outputs["y"]?.toNested(), [[2]]);
    await closing;
    check.deepEqual([server.state, calls.seen.length], ["stopped", 0]);
  });

  test(`from ${from}: a server that cannot wait cancels what is called`, async (t) => {
    const stage = await start(t);
    const asked = ask(stage, { from, does: "askHeld" });
    const call = await stage.calls.next();
    await stage.server.close({ timeoutMs: 0 });
    check.equal(call.signal.aborted, true);
    check.match(await asked, /^UNAVAILABLE Server is stopping, and did not finish within 0 ms/);
  });

  test(`from ${from}: a model that is taken out refuses who still calls it`, async (t) => {
    const stage = await start(t, called.doubling.inline);
    const { server, bell } = stage;
    const request = {
      model: callers[from].name,
      inputs: { x: one },
      parameters: { does: "ringThenAsk", to: "doubling-inline" },
    };
    const asked = server.infer(request);
    const rung = await bell.next();
    await server.unbind("doubling-inline");
    rung.release();
    const message = /'doubling-inline' has no available versions/;
    await check.rejects(asked, { code: "NOT_FOUND", message });
  });

  test(`from ${from}: who leaves a stream of a stream leaves both`, async (t) => {
    let hasEnded = false;
    const endless = model("endless", {
      inputs: { x: fp32(-1) },
      outputs: { y: fp32(-1) },
      *infer() {
        try {
          for (;;) yield { y: one };
        } finally {
          hasEnded = true;
        }
      },
    });
    const stage = await start(t, relays[from], endless);
    const request = {
      model: relays[from].name,
      inputs: { x: one },
      parameters: { to: "endless" },
    };
    for await (const _ of stage.server.stream(request)) break;
    await until(() => hasEnded);
  });
}

test("a thread that dies takes its calls with it, and the next one calls again", async (t) => {
  const stage = await start(t);
  const asked = ask(stage, { from: "thread", does: "dieCalling" });
  const call = await stage.calls.next();
  (await stage.bell.next()).release();
  check.match(
    await asked,
    /^INTERNAL an instance of model 'calling-thread' died: its thread exited/,
  );
  await fired(call.signal);
  call.release();
  const next = ask(stage, { from: "thread", does: "askHeld" });
  (await stage.calls.next()).release();
  check.equal(await next, "[[1]]");
});
