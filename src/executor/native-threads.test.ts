/**
 * Threads inside native code are never terminated, nor is the process ended around them: that would
 * abort it, with exit code 134. With runs of onnxruntime that take some half a second.
 */
import { strict as check } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { type OnnxOptions, onnx } from "../definition/onnx-model.ts";
import { withModule } from "../testing/module-file.ts";
import { withModelFile } from "../testing/onnx-fixture.ts";
import { slowGraph } from "../testing/onnx-graphs.ts";
import { RunningCore } from "../testing/running-core.ts";
import { WorkerWatch } from "../testing/worker-watch.ts";
import { InstanceThread } from "./instance-thread.ts";

const width = 512;

/** Rows of zeros, which stay so. */
function rows(count: number): { readonly x: Float32Array } {
  return { x: new Float32Array(count * width) };
}

async function withSlowModel(
  options: Partial<OnnxOptions>,
  use: (infer: (count: number) => Promise<number>, watch: WorkerWatch) => Promise<void>,
): Promise<void> {
  await withModelFile(slowGraph(width), async (path) => {
    using watch = new WorkerWatch();
    await using core = new RunningCore();
    const slow = onnx("slow", { maxBatchSize: 2048, ...options, path });
    await core.load(slow, { restartBackoffMs: 10 });
    await use(async (count) => (await core.infer(slow, rows(count))).length / width, watch);
  });
}

test("past its limit a run goes on, another thread takes over, and the old one ends by itself", async () => {
  await withSlowModel({ limits: { executionTimeoutMs: 100 } }, async (infer, watch) => {
    check.equal(await infer(1), 1);
    const slow = infer(2048);
    const waiting = infer(1);
    await check.rejects(slow, { code: "DEADLINE_EXCEEDED", message: /within 100 ms/ });
    check.equal(watch.workers[0]?.exitCode, undefined);
    check.equal(await waiting, 1);
    check.equal(watch.workers.length, 2);
    check.equal(await watch.workers[0]?.exit, 0, "as asked to, not terminated");
  });
});

test("two instances run at once", async () => {
  await withSlowModel({ instances: 2 }, async (infer, watch) => {
    const counts = await Promise.all([infer(1500), infer(1500), infer(3)]);
    check.deepEqual(counts, [1500, 1500, 3]);
    check.equal(watch.workers.length, 2);
  });
});

test("it may be inside while it loads, has a batch, or ends; and not in between", async () => {
  await withModelFile(slowGraph(width), async (path) => {
    using watch = new WorkerWatch();
    const plan = { name: "slow", version: 1, module: undefined, index: 0, device: "cpu" } as const;
    const slow = onnx("slow", { path });
    const thread = new InstanceThread({ ...plan, onnx: slow, maxRequests: 1 });
    check.equal(thread.isInsideNative, false, "no native code is loaded yet");
    await thread.loaded;
    check.equal(thread.isInsideNative, false);
    thread.post({ type: "stop" });
    check.equal(thread.isInsideNative, true);
    await watch.workers[0]?.exit;
    check.equal(thread.isInsideNative, false);
  });
});

interface End {
  readonly code: number | null;
  readonly wasKilled: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a program ends that has a run of the model `slow` going on in a thread. */
interface Case {
  /** Without one the run is waited for. */
  readonly limitMs?: number;
  /** Goes on from here: `server` serves `slow`, whose `answer` is on its way. */
  readonly program: string;
  readonly stdout: string;
  readonly stderr?: RegExp;
  /** Killed, or else ended with code 0. */
  readonly wasKilled: boolean;
}

const pastLimit = "await answer.catch(({ code }) => console.log(code));";

const cases: Readonly<Record<string, Case>> = {
  "closed past the limit: it waits for the run, and ends by itself": {
    limitMs: 50,
    program: `${pastLimit} await server.close(); console.log("closed");`,
    stdout: "DEADLINE_EXCEEDED\nclosed\n",
    wasKilled: false,
  },
  "closed in the middle: the caller waits no longer, the process does": {
    program: `
      answer.catch(({ code }) => console.log(code));
      await server.close({ timeoutMs: 20 });
      console.log("closed");`,
    stdout: "UNAVAILABLE\nclosed\n",
    wasKilled: false,
  },
  "process.exit past the limit": {
    limitMs: 50,
    program: `${pastLimit} process.exit(0);`,
    stdout: "DEADLINE_EXCEEDED\n",
    wasKilled: true,
  },
  "an error that nobody catches": {
    limitMs: 50,
    program: `${pastLimit} throw new Error("nobody catches this");`,
    stdout: "DEADLINE_EXCEEDED\n",
    stderr: /^Uncaught Error: nobody catches this$/m,
    wasKilled: true,
  },
  "process.exit when the run is over": {
    program: "await answer; process.exit(0);",
    stdout: "",
    wasKilled: false,
  },
};

test("the end of a process", { concurrency: 3 }, async (t) => {
  const guarded = t.test(
    "native code that never comes back: it is killed after a while",
    async () => {
      const guard = JSON.stringify(new URL("./exit-guard.js", import.meta.url).href);
      const end = await endOf(`
      import { guardAgainstExit } from ${guard};
      guardAgainstExit({ isInsideNative: true });`);
      check.equal(end.wasKilled, true);
    },
  );

  await withModelFile(slowGraph(width), async (path) => {
    const subtests = Object.entries(cases).map(([what, { limitMs, ...expected }]) =>
      t.test(what, async () => {
        const limits = { executionTimeoutMs: limitMs ?? 60_000 };
        const slow = { path, maxBatchSize: 2048, limits };
        const end = await endOf(`
          import { createServer } from "shoal";
          import { onnx } from "shoal/onnx";
          const slow = onnx("slow", ${JSON.stringify(slow)});
          const server = createServer(slow, { allowHttp: false, allowMetrics: false, logInfo: false });
          await server.ready;
          const answer = server.infer({ model: slow, inputs: { x: new Float32Array(2048 * ${width}) } });
          ${expected.program}`);
        const { stdout, wasKilled, stderr = /^/ } = expected;
        check.deepEqual({ stdout: end.stdout, wasKilled: end.wasKilled }, { stdout, wasKilled });
        check.equal(end.code, wasKilled ? null : 0, end.stderr);
        check.match(end.stderr, stderr);
      }),
    );
    await Promise.all([...subtests, guarded]);
  });
});

async function endOf(program: string): Promise<End> {
  return await withModule("program.mjs", program, async (url) => {
    const child = spawn(process.execPath, [fileURLToPath(url)]);
    const end = { stdout: "", stderr: "" };
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      end.stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      end.stderr += text;
    });
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    return { ...end, code, wasKilled: signal === "SIGKILL" };
  });
}
