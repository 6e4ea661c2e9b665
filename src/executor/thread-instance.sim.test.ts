/**
 * Simulation of an instance in a thread: whatever the core asks and the thread says, in whatever
 * order, each batch ends at most once and nothing is heard after the end.
 *
 * The thread is scripted, in place of a worker of Node; what drives it is drawn by fast-check,
 * which shrinks a failure to the shortest script. The expectation is kept beside it, in `Expected`.
 */
import { strict as check } from "node:assert";
import { EventEmitter } from "node:events";
import { syncBuiltinESMExports } from "node:module";
import { after, before, test } from "node:test";
import workerThreads, { type Worker } from "node:worker_threads";
import fc from "fast-check";
import type { ModelConfig } from "../core/model-config.ts";
import { wireTensor } from "../protocol/tensor.ts";
import { batchOf, numbers } from "../testing/batch-fixture.ts";
import { modelConfig } from "../testing/core-fixture.ts";
import { hostOptions } from "../testing/executor-fixture.ts";
import { InstanceProbe } from "../testing/instance-probe.ts";
import { instanceKey } from "./inside-instance.ts";
import { ThreadHost } from "./instance-hosts.ts";
import {
  endingFlag,
  endings,
  type FromInstance,
  slotFlags,
  type ThreadStart,
  type ToInstance,
} from "./messages.ts";

/** In the place of a thread: says what it is told to, and notes what is asked of it. */
class ScriptedWorker extends EventEmitter {
  static last: ScriptedWorker | undefined;
  readonly flags: Int32Array;
  readonly posted: ToInstance[] = [];
  isTerminated = false;
  isRef = true;

  constructor(_url: URL, { workerData }: { workerData: Record<string, ThreadStart> }) {
    super();
    this.flags = new Int32Array(workerData[instanceKey]?.flags ?? check.fail("no start"));
    ScriptedWorker.last = this;
  }

  postMessage(message: ToInstance, transfer: readonly ArrayBuffer[]): void {
    this.posted.push(structuredClone(message, { transfer: [...transfer] }));
  }

  terminate(): Promise<number> {
    this.isTerminated = true;
    return Promise.resolve(1);
  }

  unref(): void {
    this.isRef = false;
  }

  says(message: FromInstance): void {
    this.emit("message", { [instanceKey]: message });
  }
}

const { Worker: RealWorker } = workerThreads;

function install(worker: typeof Worker): void {
  workerThreads.Worker = worker;
  syncBuiltinESMExports();
}

before(() => install(ScriptedWorker as unknown as typeof Worker));
after(() => install(RealWorker));

/** What the core asks, and what the thread does. Each is left out where it cannot be. */
type Step =
  | { readonly kind: "execute"; readonly requests: number }
  | { readonly kind: "abort"; readonly index: number }
  | {
      readonly kind:
        | "stop"
        | "abandon"
        | "loads native code"
        | "loaded"
        | "done"
        | "done wrongly"
        | "failed"
        | "logs"
        | "posts nonsense"
        | "ends"
        | "ends in vain"
        | "exits"
        | "throws";
    }
  | { readonly kind: "turn" };

const maxRequests = 3;

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("execute" as const),
      requests: fc.integer({ min: 1, max: maxRequests }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("abort" as const), index: fc.nat(maxRequests - 1) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("loaded" as const, "done" as const, "failed" as const, "turn" as const),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "stop" as const,
        "abandon" as const,
        "loads native code" as const,
        "done wrongly" as const,
        "logs" as const,
        "posts nonsense" as const,
        "ends" as const,
        "ends in vain" as const,
        "exits" as const,
        "throws" as const,
      ),
    }),
  },
);

const config: ModelConfig = modelConfig({ options: { maxBatchSize: maxRequests } });

/** An instance, its scripted thread, and what both are expected to have said and heard. */
class Run {
  readonly #options = hostOptions();
  readonly #worker: ScriptedWorker;
  readonly #probe: InstanceProbe;
  /** What the core is to hear. */
  readonly #expected: string[] = [];
  readonly #expectedPosts: string[] = [];
  #expectedLines = 0;
  /** Of the batch that runs. */
  #aborted: Set<number> | undefined = undefined;
  #isListening = false;
  /** Said before anybody listened. */
  #kept: string[] = [];
  #isReady = false;
  #hasStopped = false;
  #isAbandoned = false;
  #hasEnded = false;
  #hasExited = false;
  #isNative = false;

  constructor() {
    const plan = {
      name: "m",
      version: 1,
      module: "file:///m.js",
      onnx: undefined,
      device: "cpu" as const,
      maxRequests,
      concurrency: 1,
    };
    const host = new ThreadHost(config, plan, this.#options);
    this.#probe = new InstanceProbe(host);
    this.#worker = ScriptedWorker.last ?? check.fail("no thread was started");
  }

  /** Nobody has listened yet before the first turn of the loop. */
  take(step: Exclude<Step, { kind: "turn" }>): void {
    if (step.kind === "execute") this.#execute(step.requests);
    else if (step.kind === "abort") this.#abort(step.index);
    else this.#plainSteps[step.kind]();
    this.#verify();
  }

  async turn(): Promise<void> {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    this.#listens();
    this.#verify();
  }

  #verify(): void {
    check.deepEqual(this.#probe.said, this.#expected);
    check.deepEqual(this.#probe.faults, []);
    const posted = this.#worker.posted.map(({ type }) => type).filter((type) => type !== "abort");
    check.deepEqual(posted, this.#expectedPosts);
    check.equal(this.#options.lines.length, this.#expectedLines);
    const isTerminated = this.#isAbandoned && !this.#isNative;
    check.equal(this.#worker.isTerminated, isTerminated, "terminated if that is safe, else never");
    check.equal(this.#worker.isRef, !this.#isAbandoned);
    if (this.#aborted === undefined) return;
    for (let index = 0; index < this.#requestCount; index += 1) {
      const flag = Atomics.load(this.#worker.flags, slotFlags(0, maxRequests).abort + 2 * index);
      // Whatever waits in one that is abandoned hears that nobody waits for it.
      check.equal(flag, this.#aborted.has(index) || this.#isAbandoned ? 1 : 0);
    }
  }

  /** Of the batch that was handed over last. */
  get #requestCount(): number {
    const last = this.#worker.posted.findLast((message) => message.type === "execute");
    return last?.requests.length ?? 0;
  }

  #listens(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    if (this.#isAbandoned) return;
    this.#expected.push(...this.#kept);
    this.#isReady = this.#expected.includes("ready");
  }

  #execute(count: number): void {
    const isFree = this.#isReady && this.#aborted === undefined && !this.#hasStopped;
    if (!isFree || this.#isAbandoned || this.#probe.said.includes("exited")) return;
    const requests = Array.from({ length: count }, () => [numbers("x", [1, 1], [1])]);
    this.#aborted = new Set();
    this.#expectedPosts.push("execute");
    void this.#probe.execute(batchOf(...requests));
  }

  #abort(index: number): void {
    this.#aborted?.add(index);
    this.#probe.abort(index);
    if (this.#aborted !== undefined) check.equal(this.#worker.posted.at(-1)?.type, "abort");
  }

  /** The core hears this, now or when it listens. */
  #hears(what: string): void {
    if (this.#isAbandoned) return;
    if (this.#isListening) this.#expected.push(what);
    else this.#kept.push(what);
  }

  readonly #plainSteps: Readonly<
    Record<Exclude<Step["kind"], "execute" | "abort" | "turn">, () => void>
  > = {
    stop: () => {
      if (!this.#hasStopped) this.#expectedPosts.push("stop");
      this.#hasStopped = true;
      this.#probe.instance.stop();
    },

    abandon: () => {
      const wasAbandoned = this.#isAbandoned;
      if (!wasAbandoned && this.#isNative) this.#expectedPosts.push("stop");
      this.#isAbandoned = true;
      check.equal(this.#probe.instance.abandon(), this.#isNative);
    },

    "loads native code": () => {
      const { free, native } = endings;
      const before = Atomics.compareExchange(this.#worker.flags, endingFlag, free, native);
      this.#isNative ||= before === free;
      check.equal(before === endings.terminated, this.#worker.isTerminated, "one of both sees it");
    },

    loaded: () => {
      const hasLoaded = this.#expected.includes("ready") || this.#kept.includes("ready");
      if (hasLoaded || this.#isOver()) return;
      this.#hears("ready");
      this.#isReady = this.#isListening && !this.#isAbandoned;
      this.#worker.says({ type: "loaded", description: undefined });
    },

    done: () => this.#end("done", "y"),
    "done wrongly": () => this.#end("done", "z"),
    failed: () => this.#end("failed", "y"),

    logs: () => {
      if (this.#isOver() || !this.#isListening) return;
      if (!this.#isAbandoned) this.#expectedLines += 1;
      this.#worker.says({ type: "log", level: "info", message: "says something" });
    },

    "posts nonsense": () => {
      for (const nonsense of [null, undefined, 5, [], { type: "done" }]) {
        this.#worker.emit("message", nonsense);
      }
    },

    ends: () => this.#sayEnd(false),
    "ends in vain": () => this.#sayEnd(true),
    exits: () => this.#exit(),

    throws: () => {
      if (this.#hasExited) return;
      this.#worker.emit("error", new Error("nobody caught this"));
      this.#exit();
    },
  };

  #end(type: "done" | "failed", output: string): void {
    if (this.#isOver()) return;
    const count = this.#requestCount;
    // What ends nothing is not heard.
    if (this.#aborted !== undefined)
      this.#hears(type === "done" && output === "y" ? type : "failed");
    this.#aborted = undefined;
    const times = { computeInputEndMs: 0, computeOutputStartMs: 0 };
    if (type === "failed") {
      const error = {
        code: "INTERNAL",
        message: "",
        reason: "BACKEND",
        retryAfterS: undefined,
        causes: [],
      } as const;
      this.#worker.says({ type, slot: 0, times, error });
    } else {
      const bytes = new Uint8Array(4 * count);
      const y = wireTensor({ name: output, datatype: "FP32", shape: [count, 1] }, bytes);
      this.#worker.says({ type, slot: 0, times, outputs: [y], copiedBytes: 0 });
    }
  }

  #sayEnd(isFinal: boolean): void {
    if (this.#isOver()) return;
    this.#hasEnded = true;
    this.#worker.says({ type: "ended", error: undefined, isFinal });
  }

  #exit(): void {
    if (this.#hasExited) return;
    this.#hasExited = true;
    this.#aborted = undefined;
    this.#hears("exited");
    this.#worker.emit("exit", 0);
  }

  #isOver(): boolean {
    return this.#hasEnded || this.#hasExited;
  }
}

test("whatever happens in whatever order", async () => {
  const script = fc.array(anyStep, { minLength: 1, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(script, async (steps) => {
      const run = new Run();
      for (const step of steps) {
        if (step.kind === "turn") await run.turn();
        else run.take(step);
      }
      run.take({ kind: "exits" });
      await run.turn();
    }),
    { numRuns: 1000 },
  );
});
