/**
 * Hosts: what they start and what a model is told of it, where the thread that read an ONNX graph
 * goes, and a machine on which no thread can be started.
 */
import { strict as check } from "node:assert";
import { syncBuiltinESMExports } from "node:module";
import test, { type TestContext } from "node:test";
import workerThreads, { type Worker } from "node:worker_threads";
import { onnx } from "../definition/onnx-model.ts";
import { InferenceError } from "../protocol/errors.ts";
import { batchOf, contentsOf, numbers } from "../testing/batch-fixture.ts";
import { contractModels } from "../testing/contract-models.ts";
import { hostOptions, inline, resolve } from "../testing/executor-fixture.ts";
import { InstanceProbe } from "../testing/instance-probe.ts";
import { withModelFile } from "../testing/onnx-fixture.ts";
import { identityGraph } from "../testing/onnx-graphs.ts";
import { talkative } from "../testing/talkative-model.ts";

for (const [kind, model] of [
  ["inline", inline(talkative)],
  ["thread", talkative],
] as const) {
  test(`${kind}: each instance is told who it is, and its lines are in the log`, async () => {
    const options = hostOptions();
    const { host } = await resolve(model, options);
    const probes = [0, 1].map((index) => new InstanceProbe(host, index));
    for (const probe of probes) {
      await probe.isReady;
      const { answers } = await probe.execute(batchOf([numbers("x", [1, 1], [5])]));
      const [answer] = answers;
      check.ok(answer !== undefined && !(answer instanceof Error));
      check.deepEqual(contentsOf(answer), [["y", [1, 1], [5]]]);
      probe.instance.stop();
      await probe.exit;
    }
    check.deepEqual(
      [...options.lines].sort(),
      [0, 1]
        .flatMap((index) => [
          `error: infer of instance ${index}, {"model":"talkative","version":3,"instance":${index}}`,
          `info: setup of instance ${index} of talkative 3 on cpu, {"model":"talkative","version":3,"instance":${index}}`,
          `warning: infer of instance ${index}, {"model":"talkative","version":3,"instance":${index}}`,
        ])
        .sort(),
    );
  });
}

test("the thread that reads an ONNX graph becomes the first instance", async (t) => {
  const threads = observeThreads(t);
  await withModelFile(identityGraph("FP32"), async (path) => {
    const { host, config } = await resolve(onnx("m", { path }));
    check.equal(threads.length, 1);
    check.deepEqual(
      [config.name, config.maxBatchSize, config.platform],
      ["m", 32, "onnxruntime_onnx"],
    );
    const probes = [0, 1].map((index) => new InstanceProbe(host, index));
    await turnOfTheLoop();
    check.equal(threads.length, 2);
    await Promise.all(probes.map(({ isReady }) => isReady));
    for (const probe of probes) probe.instance.stop();
    const exits = await Promise.all(probes.map(({ exit }) => exit));
    check.deepEqual(
      exits,
      [0, 1].map(() => ({ error: undefined, isFinal: false })),
    );
    check.deepEqual(
      probes.map(({ said, faults }) => [said, faults]),
      [0, 1].map(() => [["ready", "exited"], []]),
    );
  });
});

test("a graph that nobody wants any more: its thread ends, and the reason is told", async (t) => {
  const threads = observeThreads(t);
  await withModelFile(identityGraph("FP32"), async (path) => {
    const giveUp = new AbortController();
    const resolving = resolve(onnx("m", { path }), hostOptions(), giveUp.signal);
    await turnOfTheLoop();
    const ended = exitOf(threads[0] ?? check.fail("no thread"));
    const reason = new InferenceError("UNAVAILABLE", "unloaded early");
    giveUp.abort(reason);
    await check.rejects(resolving, reason);
    await ended;
  });
});

test("a graph that is resolved, and not wanted any more: its thread ends", async (t) => {
  const threads = observeThreads(t);
  await withModelFile(identityGraph("FP32"), async (path) => {
    const giveUp = new AbortController();
    await resolve(onnx("m", { path }), hostOptions(), giveUp.signal);
    const ended = exitOf(threads[0] ?? check.fail("no thread"));
    giveUp.abort(new Error("unloaded early"));
    await ended;
  });
});

test("a graph that cannot be served: its thread ends", async (t) => {
  const threads = observeThreads(t);
  await withModelFile(identityGraph("FP32", [1]), async (path) => {
    const resolving = resolve(onnx("m", { path, maxBatchSize: 4 }));
    await turnOfTheLoop();
    const ended = exitOf(threads[0] ?? check.fail("no thread"));
    await check.rejects(resolving, { code: "INVALID_ARGUMENT", message: /^autofill failed/ });
    check.equal(await ended, 0);
  });
});

test("a graph that is not read in time", async () => {
  await withModelFile(identityGraph("FP32"), async (path) => {
    const limits = { loadTimeoutMs: 1 };
    await check.rejects(resolve(onnx("m", { path, limits })), {
      code: "DEADLINE_EXCEEDED",
      message: "model 'm' did not load within 1 ms (limits.loadTimeoutMs)",
    });
  });
});

test("no thread can be started: told as an exit, when start has returned", async (t) => {
  const { host } = await resolve(contractModels.echoes);
  withoutThreads(t);
  const probe = new InstanceProbe(host);
  check.deepEqual(probe.said, []);
  const { error, isFinal } = await probe.exit;
  check.ok(error instanceof InferenceError);
  check.deepEqual(
    [error.code, error.message, error.cause, isFinal],
    ["UNAVAILABLE", "no thread could be started for model 'echoes'", noThread, false],
  );
  probe.instance.stop();
  check.deepEqual([probe.said, probe.faults], [["exited"], []]);
});

test("no thread can be started, and the instance is abandoned before that is told", async (t) => {
  const { host } = await resolve(contractModels.echoes);
  withoutThreads(t);
  const probe = new InstanceProbe(host);
  check.equal(probe.instance.abandon(), false);
  await turnOfTheLoop();
  check.deepEqual(probe.said, []);
});

const noThread = new Error("ERR_WORKER_INIT_FAILED: EAGAIN");

/** As on a machine that has too many: Node throws where the thread is made. */
function withoutThreads(t: TestContext): void {
  const { Worker: RealWorker } = workerThreads;
  const install = (worker: typeof Worker): void => {
    workerThreads.Worker = worker;
    syncBuiltinESMExports();
  };
  class NoWorker {
    constructor() {
      throw noThread;
    }
  }
  install(NoWorker as unknown as typeof Worker);
  t.after(() => install(RealWorker));
}

/** Those that are started from now on, in their order. */
function observeThreads(t: TestContext): readonly Worker[] {
  const threads: Worker[] = [];
  const note = (worker: Worker): void => void threads.push(worker);
  process.on("worker", note);
  t.after(() => process.off("worker", note));
  return threads;
}

/** Also of one that no longer keeps the process alive. */
async function exitOf(thread: Worker): Promise<number> {
  let exitCode: number | undefined;
  thread.once("exit", (code) => {
    exitCode = code;
  });
  while (exitCode === undefined) await turnOfTheLoop();
  return exitCode;
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
