/** Instance threads before anybody listens: what they said is kept, and so is their end. */
import { strict as check } from "node:assert";
import test from "node:test";
import { withModule } from "../testing/module-file.ts";
import { WorkerWatch } from "../testing/worker-watch.ts";
import { InstanceThread, type ThreadListener } from "./instance-thread.ts";

class Notes implements ThreadListener {
  readonly lines: string[] = [];

  heard({ type }: Parameters<ThreadListener["heard"]>[0]): void {
    this.lines.push(type);
  }

  exited(error: Parameters<ThreadListener["exited"]>[0]): void {
    this.lines.push(error?.message ?? "exited");
  }
}

type Use = (thread: InstanceThread, watch: WorkerWatch) => Promise<void>;

/** A thread whose model has this `setup`, in a module that goes on like this. */
async function withThread(setup: string, use: Use, below = ""): Promise<void> {
  const text = `
    import { fp32, model, serve } from "shoal";
    const m = model("m", {
      inputs: { x: fp32(1) },
      outputs: { y: fp32(1) },
      setup: ({ log }) => { ${setup} },
      infer: ({ x }) => ({ y: x }),
    });
    ${below}`;
  await withModule("m.mjs", text, async (module) => {
    using watch = new WorkerWatch();
    const thread = new InstanceThread({
      name: "m",
      version: 1,
      module,
      onnx: undefined,
      index: 0,
      device: "cpu",
      maxRequests: 1,
      concurrency: 1,
    });
    await watch.started(1);
    await use(thread, watch);
  });
}

test("what it said is told to whoever listens, in order", async () => {
  await withThread('log.info("hello")', async (thread, watch) => {
    check.equal(await thread.loaded, undefined, "a function describes itself by its types");
    const notes = new Notes();
    thread.listen(notes);
    check.deepEqual(notes.lines, ["log", "loaded"]);
    thread.post({ type: "stop" });
    await watch.workers[0]?.exit;
    check.deepEqual(notes.lines, ["log", "loaded", "ended", "exited"]);
  });
});

test("it has died meanwhile", async () => {
  await withThread("setImmediate(() => process.exit(3))", async (thread, watch) => {
    await watch.workers[0]?.exit;
    const notes = new Notes();
    thread.listen(notes);
    const died = "an instance of model 'm' died: its thread exited with code 3";
    check.deepEqual(notes.lines, ["loaded", died]);
  });
});

test("it has failed to load", async () => {
  await withThread('throw new Error("no weights")', async (thread, watch) => {
    const message = "setup of model 'm' failed: no weights";
    await check.rejects(thread.loaded, { code: "INTERNAL", message });
    await watch.workers[0]?.exit;
    const notes = new Notes();
    thread.listen(notes);
    check.deepEqual(notes.lines, ["ended", "exited"]);
  });
});

test("abandoned, it tells nobody anything", async () => {
  await withThread('log.info("hello")', async (thread, watch) => {
    await thread.loaded;
    thread.abandon();
    const notes = new Notes();
    thread.listen(notes);
    check.equal(await watch.workers[0]?.exit, 1, "terminated");
    check.deepEqual(notes.lines, []);
  });
});

test("abandoned while it loads, it has not loaded", async () => {
  await withThread("for (;;);", async (thread) => {
    thread.abandon();
    await check.rejects(thread.loaded, { message: "it was abandoned" });
  });
});

test("a module that serves its model itself: the thread takes the model, and serves nothing", async () => {
  const loads = async (thread: InstanceThread, watch: WorkerWatch): Promise<void> => {
    await thread.loaded;
    thread.post({ type: "stop" });
    check.equal(await watch.workers[0]?.exit, 0);
  };
  await withThread("", loads, 'await serve(m); throw new Error("below serve()");');
});
