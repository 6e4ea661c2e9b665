/**
 * What becomes of a model whose threads fail: each request gets its error, another thread takes
 * over, the queue goes on, and readiness tells the truth. With the real core, on the real clock.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { setFlagsFromString } from "node:v8";
import type { ModelLimits } from "../core/model-config.ts";
import type { ModelOptions } from "../protocol/model-options.ts";
import { type Act, closeGate, mortal, setupVariable } from "../testing/mortal-model.ts";
import { RunningCore } from "../testing/running-core.ts";
import { WorkerWatch } from "../testing/worker-watch.ts";

/** Pauses that a test can wait for, and limits that only a thread in trouble exceeds. */
const limits: Partial<ModelLimits> = { restartBackoffMs: 10, executionTimeoutMs: 500 };

class MortalCore extends RunningCore {
  readonly watch: WorkerWatch = new WorkerWatch();

  async start(options: ModelOptions = {}, changes: Partial<ModelLimits> = {}): Promise<void> {
    const model = { ...mortal, options: { ...mortal.options, maxBatchSize: 1, ...options } };
    await this.load(model, { ...limits, ...changes });
  }

  /** Resolves with the thread that answered. */
  async tell(act: Act, signal?: AbortSignal): Promise<unknown> {
    const options = signal === undefined ? {} : { signal };
    return (await this.infer(mortal, { act: [[act]] }, options))[0];
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    await Promise.all(this.watch.workers.map(({ exit }) => exit));
    this.watch[Symbol.dispose]();
  }
}

const died = "an instance of model 'mortal' died: its thread";

/** Ways to die, and what the callers of the running batch hear. */
const deaths: readonly [act: Act, message: string][] = [
  ["end its thread", `${died} exited with code 7`],
  ["end its thread in peace", `${died} exited with code 0`],
  ["throw in a timer", `${died} threw where nobody caught it`],
  ["reject, unheard", `${died} threw where nobody caught it`],
];

for (const [act, message] of deaths) {
  test(`${act}: its batch fails, another thread goes on with the queue`, async () => {
    await using core = new MortalCore();
    await core.start();
    const first = await core.tell("answer");
    const running = core.tell(act);
    const waiting = [core.tell("answer"), core.tell("answer")];
    await check.rejects(running, { code: "INTERNAL", reason: "BACKEND", message });
    check.deepEqual([core.isReady("mortal"), core.core.isReady()], [false, false]);
    const [second, third] = await Promise.all(waiting);
    check.notEqual(second, first);
    check.equal(third, second);
    check.deepEqual([core.isReady("mortal"), core.core.isReady()], [true, true]);
    check.equal(core.watch.workers.length, 2);
    check.ok(
      core.host.lines.includes("error: instance 0 of model 'mortal' is lost and starts again"),
    );
  });
}

test("eat all memory: the thread dies, the process does not", async () => {
  await using core = new MortalCore();
  setFlagsFromString("--max-old-space-size=64");
  await core.start({}, { executionTimeoutMs: 60_000 });
  setFlagsFromString("--max-old-space-size=0");
  await check.rejects(core.tell("eat all memory"), {
    code: "INTERNAL",
    message: `${died} ran out of memory`,
  });
  await core.tell("answer");
});

/** What the model may do without harm to its thread. */
const survived: readonly [act: Act, code: string, message: string][] = [
  ["throw an error", "INTERNAL", "model 'mortal' failed: internal error"],
  ["refuse the request", "INVALID_ARGUMENT", "too blue"],
  [
    "return too few rows",
    "INTERNAL",
    "model 'mortal': output 'thread' must be of shape [1,1]; got [0,1]",
  ],
];

test("an error of the model is that of its batch alone", async () => {
  await using core = new MortalCore();
  await core.start();
  const first = await core.tell("answer");
  for (const [act, code, message] of survived) {
    await check.rejects(core.tell(act), { code, message });
    check.equal(core.isReady("mortal"), true);
  }
  check.equal(await core.tell("answer"), first);
});

test("the pause before a restart doubles while nothing succeeds", async () => {
  await using core = new MortalCore();
  await core.start({}, { restartBackoffMs: 60, maxRestartBackoffMs: 100 });
  const crashes = [
    core.tell("end its thread"),
    core.tell("end its thread"),
    core.tell("end its thread"),
  ];
  const answer = core.tell("answer");
  await Promise.allSettled(crashes);
  await answer;
  const { workers } = core.watch;
  const pausesMs = workers.slice(1).map(({ startedAtMs }, index) => {
    return startedAtMs - (workers[index]?.exitedAtMs ?? Number.NaN);
  });
  check.equal(pausesMs.length, 3);
  // The exit is noted after the core has heard of it.
  for (const [index, least] of [60, 100, 100].entries()) {
    check.ok((pausesMs[index] ?? 0) > least - 5, `${index}: ${pausesMs[index]} ms`);
  }
});

for (const act of ["loop", "hang"] as const) {
  test(`${act}: within the limit its batch fails, the thread is ended, another one answers`, async () => {
    await using core = new MortalCore();
    await core.start();
    const first = await core.tell("answer");
    const running = core.tell(act);
    const waiting = core.tell("answer");
    await check.rejects(running, {
      code: "DEADLINE_EXCEEDED",
      message: "model 'mortal' did not answer within 500 ms (limits.executionTimeoutMs)",
    });
    check.equal(core.isReady("mortal"), false);
    check.notEqual(await waiting, first);
    await core.watch.workers[0]?.exit;
    check.equal(core.watch.livingCount, 1);
  });
}

test("the third one that hangs takes the model out of service", async () => {
  closeGate();
  await using core = new MortalCore();
  await core.start({}, { executionTimeoutMs: 200 });
  for (const act of ["loop", "hang"] as const) {
    await check.rejects(core.tell(act), { code: "DEADLINE_EXCEEDED" });
  }
  const waiting = [core.tell("wait for the gate"), core.tell("answer")];
  const message =
    /^model 'mortal' is out of service: more than 2 of its instances hang; .* within 200 ms/;
  for (const answer of waiting) await check.rejects(answer, { code: "UNAVAILABLE", message });
  await check.rejects(core.tell("answer"), { code: "UNAVAILABLE", message });
  check.deepEqual([core.isReady("mortal"), core.core.isReady()], [false, false]);
  await Promise.all(core.watch.workers.map(({ exit }) => exit));
  check.equal(core.watch.workers.length, 3);
});

for (const act of ["loop", "hang"] as const) {
  test(`${act}, in the setup of a restart: it is given up, and the next one is tried`, async () => {
    await using core = new MortalCore();
    await core.start({}, { loadTimeoutMs: 1000 });
    process.env[setupVariable] = act;
    const running = core.tell("end its thread");
    const waiting = core.tell("answer");
    await check.rejects(running, { code: "INTERNAL" });
    await core.watch.started(2);
    delete process.env[setupVariable];
    await waiting;
    await core.watch.workers[1]?.exit;
    check.equal(core.watch.workers.length, 3);
    check.equal(core.isReady("mortal"), true);
  });

  test(`${act}, in the first setup: the load fails within its limit`, async () => {
    await using core = new MortalCore();
    process.env[setupVariable] = act;
    const loading = core.start({}, { loadTimeoutMs: 300 });
    await core.watch.started(1);
    delete process.env[setupVariable];
    const message = "model 'mortal' did not load within 300 ms (limits.loadTimeoutMs)";
    await check.rejects(loading, { code: "DEADLINE_EXCEEDED", message });
    const [entry] = core.core.index();
    check.deepEqual(
      [entry?.state, entry?.reason],
      ["UNAVAILABLE", `Deadline exceeded: ${message}`],
    );
    await core.watch.workers[0]?.exit;
  });
}

const loadFailures: readonly [act: Act, code: string, message: string][] = [
  ["throw an error", "INTERNAL", "setup of model 'mortal' failed: secret"],
  ["refuse the request", "INVALID_ARGUMENT", "too blue"],
  ["give up", "INTERNAL", "setup of model 'mortal' failed: the licence has run out"],
  ["end its thread", "INTERNAL", `${died} exited with code 7`],
  ["throw in a timer", "INTERNAL", `${died} threw where nobody caught it`],
];

for (const [act, code, message] of loadFailures) {
  test(`${act}, in the first setup: the load fails, and says why`, async () => {
    await using core = new MortalCore();
    process.env[setupVariable] = act;
    const loading = core.start();
    await core.watch.started(1);
    delete process.env[setupVariable];
    await check.rejects(loading, { code, message });
    check.equal(core.watch.workers.length, 1, "nobody tries again");
  });
}

test("give up: the model is out of service at once, and nothing restarts it", async () => {
  await using core = new MortalCore();
  await core.start({ instances: 2 });
  await check.rejects(core.tell("give up"), {
    code: "INTERNAL",
    message: "model 'mortal' failed: internal error",
  });
  await check.rejects(core.tell("answer"), { code: "UNAVAILABLE" });
  check.equal(core.core.isReady(), false);
  await Promise.all(core.watch.workers.map(({ exit }) => exit));
  check.equal(core.watch.workers.length, 2);
});

test("give up, in the setup of a restart: out of service, with its reason", async () => {
  await using core = new MortalCore();
  await core.start();
  process.env[setupVariable] = "give up";
  const running = core.tell("end its thread");
  const waiting = core.tell("answer");
  await check.rejects(running, { code: "INTERNAL" });
  await core.watch.started(2);
  delete process.env[setupVariable];
  const message = "setup of model 'mortal' failed: the licence has run out";
  await check.rejects(waiting, { code: "UNAVAILABLE", message });
  await check.rejects(core.tell("answer"), { code: "UNAVAILABLE", message });
  check.equal(core.watch.workers.length, 2);
});

test("several instances: one hangs, the others go on", async () => {
  await using core = new MortalCore();
  await core.start({ instances: 3 });
  const hanging = core.tell("loop");
  const answers = await Promise.all(Array.from({ length: 20 }, () => core.tell("answer")));
  check.equal(new Set(answers).size, 2);
  check.equal(core.isReady("mortal"), true);
  await check.rejects(hanging, { code: "DEADLINE_EXCEEDED" });
});

test("a caller goes: code that runs without a pause can see it, and so can code that waits", async () => {
  await using core = new MortalCore();
  await core.start({}, { executionTimeoutMs: 60_000 });
  const first = await core.tell("answer");
  for (const act of ["loop until the caller has gone", "wait until the caller has gone"] as const) {
    const controller = new AbortController();
    const gone = core.tell(act, controller.signal);
    const next = core.tell("answer whoever waits");
    controller.abort();
    await check.rejects(gone, { code: "CANCELLED" });
    check.equal(await next, first);
  }
});

test("unloaded while busy: what runs and what waits is finished first", async () => {
  const openGate = closeGate();
  await using core = new MortalCore();
  await core.start({}, { executionTimeoutMs: 60_000 });
  const events: string[] = [];
  const answers = [core.tell("wait for the gate"), core.tell("answer")].map(async (answer) => {
    await answer;
    events.push("answered");
  });
  const unloaded = core.core.unload("mortal").then(() => events.push("unloaded"));
  await check.rejects(core.tell("answer"), { code: "NOT_FOUND" });
  check.deepEqual(events, []);
  openGate();
  await Promise.all([...answers, unloaded]);
  check.deepEqual(events, ["answered", "answered", "unloaded"]);
  check.deepEqual(
    core.watch.workers.map(({ exitCode }) => exitCode),
    [0],
  );
});
