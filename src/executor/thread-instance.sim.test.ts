/**
 * Simulation of an instance in a thread: whatever the core asks and the thread says, in whatever
 * order and of whichever of its batches, each batch ends at most once and nothing is heard after the
 * end, nor by another batch.
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
import type {
  ExecutionBatch,
  ExecutionEmitter,
  ExecutionTimes,
  Instance,
  InstanceEvents,
  ModelAnswer,
  ModelResponse,
} from "../core/instance.ts";
import type { ModelConfig } from "../core/model-config.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import { batchOf, numbers } from "../testing/batch-fixture.ts";
import { modelConfig } from "../testing/core-fixture.ts";
import { hostOptions } from "../testing/executor-fixture.ts";
import { instanceKey } from "./inside-instance.ts";
import { ThreadHost } from "./instance-hosts.ts";
import {
  endingFlag,
  endings,
  type FromInstance,
  type ResponseItem,
  slotFlags,
  type ThreadStart,
  type ToInstance,
  waitingFlag,
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
  | { readonly kind: "abort"; readonly place: number; readonly index: number }
  | {
      readonly kind: "credit";
      readonly place: number;
      readonly index: number;
      readonly count: number;
    }
  | { readonly kind: EndKind; readonly slot: number }
  | { readonly kind: "responds"; readonly items: readonly Said[] }
  | { readonly kind: keyof Plain }
  | { readonly kind: "turn" };

type EndKind = "done" | "done wrongly" | "failed";

/** What a thread says of a batch before its end. Slot and index may be nobody's. */
interface Said {
  readonly slot: number;
  /** Undefined: to all. */
  readonly index: number | undefined;
  readonly what: "response" | "last response" | "wrong response" | "end" | "failure";
}

const maxRequests = 3;
const concurrency = 3;

const anySlot = fc.nat(concurrency);
const anyPlace = fc.nat(concurrency - 1);
const anyIndex = fc.nat(maxRequests - 1);

const someIndex = fc.integer({ min: -1, max: maxRequests });

const anySaid: fc.Arbitrary<Said> = fc.oneof(
  fc.record({
    slot: anySlot,
    index: fc.option(someIndex, { nil: undefined }),
    what: fc.constantFrom("response", "last response", "wrong response", "end"),
  }),
  // Who fails is always one.
  fc.record({ slot: anySlot, index: someIndex, what: fc.constant("failure") }),
);

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant("execute" as const),
      requests: fc.integer({ min: 1, max: maxRequests }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("abort" as const),
      place: anyPlace,
      index: anyIndex,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant("credit" as const),
      place: anyPlace,
      index: anyIndex,
      count: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("responds" as const),
      items: fc.array(anySaid, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constantFrom("done" as const, "failed" as const, "done wrongly" as const),
      slot: anySlot,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constantFrom("loaded", "turn", "waits", "takes credit"),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        "stop",
        "abandon",
        "loads native code",
        "logs",
        "posts nonsense",
        "ends",
        "ends in vain",
        "exits",
        "throws",
      ),
    }),
  },
);

const config: ModelConfig = modelConfig({ options: { maxBatchSize: maxRequests } });

/** A batch that the thread has, as it is expected to be. */
class Batch implements ExecutionEmitter {
  readonly batch: ExecutionBatch;
  readonly slot: number;
  readonly heard: string[] = [];
  readonly expected: string[] = [];
  readonly aborted = new Set<number>();
  readonly #over = new Set<number>();
  readonly #credits: number[];

  constructor(slot: number, count: number) {
    const requests = Array.from({ length: count }, () => [numbers("x", [1, 1], [1])]);
    this.batch = batchOf(...requests);
    this.slot = slot;
    this.#credits = requests.map(() => 0);
  }

  get size(): number {
    return this.batch.requests.length;
  }

  respond(index: number, { outputs }: ModelResponse, isFinal: boolean): void {
    const shapes = outputs.map(({ name, shape }) => `${name}[${shape}]`);
    this.heard.push(`${index} ${shapes.join()}${isFinal ? "." : ""}`);
  }

  fail(index: number): void {
    this.heard.push(`${index} fails`);
  }

  done(_times: ExecutionTimes, answers: readonly ModelAnswer[]): void {
    this.heard.push(`done ${answers.map((answer) => (answer === undefined ? "." : "y")).join("")}`);
  }

  failed(): void {
    this.heard.push("failed");
  }

  expectAnswer({ index, what }: Said): void {
    const all = [...this.batch.requests.keys()];
    const meant = all.filter((other) => index === undefined || index === other);
    for (const one of meant.filter((other) => this.#isOpen(other))) {
      const ends = { response: " y[1,1]", "last response": " y[1,1].", end: " ." };
      if (what === "failure" || what === "wrong response") this.expected.push(`${one} fails`);
      else this.expected.push(`${one}${ends[what]}`);
      if (what !== "response") this.#over.add(one);
      // What the thread does not know yet.
      if (what === "wrong response") this.aborted.add(one);
    }
  }

  credit(index: number, count: number): void {
    this.#credits[index] = (this.#credits[index] ?? 0) + count;
  }

  checkFlags(flags: Int32Array, isAbandoned: boolean): void {
    const places = slotFlags(this.slot, maxRequests);
    for (const [index, credit] of this.#credits.entries()) {
      // Whatever waits in one that is abandoned hears that nobody waits for it.
      const isAborted = this.aborted.has(index) || isAbandoned;
      check.equal(Atomics.load(flags, places.abort + 2 * index), isAborted ? 1 : 0);
      check.equal(Atomics.load(flags, places.credit + 2 * index), credit);
    }
  }

  takeCredits(flags: Int32Array): void {
    const { credit } = slotFlags(this.slot, maxRequests);
    for (const [index, expected] of this.#credits.entries()) {
      check.equal(Atomics.exchange(flags, credit + 2 * index, 0), expected);
      this.#credits[index] = 0;
    }
  }

  #isOpen(index: number): boolean {
    return !this.aborted.has(index) && !this.#over.has(index);
  }
}

/** An instance, its scripted thread, and what both are expected to have said and heard. */
class Run implements InstanceEvents {
  readonly #options = hostOptions();
  readonly #isDecoupled: boolean;
  readonly #worker: ScriptedWorker;
  readonly #instance: Instance;
  readonly #heard: string[] = [];
  /** What the core is to hear of the instance. */
  readonly #expected: string[] = [];
  readonly #expectedPosts: string[] = [];
  readonly #batches: Batch[] = [];
  #running: readonly Batch[] = [];
  #expectedLines = 0;
  #isListening = false;
  /** Said before anybody listened. */
  readonly #kept: string[] = [];
  #isReady = false;
  #hasStopped = false;
  #isAbandoned = false;
  #hasEnded = false;
  #hasExited = false;
  #isNative = false;
  /** The thread wants to be told of credit. */
  #isWaiting = false;

  constructor(isDecoupled: boolean) {
    const plan = {
      name: "m",
      version: 1,
      module: "file:///m.js",
      onnx: undefined,
      devices: ["cpu"] as const,
      maxRequests,
      concurrency,
    };
    this.#isDecoupled = isDecoupled;
    const host = new ThreadHost({ ...config, isDecoupled, concurrency }, plan, this.#options);
    this.#instance = host.start(0, this);
    this.#worker = ScriptedWorker.last ?? check.fail("no thread was started");
  }

  ready(): void {
    this.#heard.push("ready");
  }

  exited(): void {
    this.#heard.push("exited");
  }

  /** Nobody has listened yet before the first turn of the loop. */
  take(step: Exclude<Step, { kind: "turn" }>): void {
    switch (step.kind) {
      case "execute":
        this.#execute(step.requests);
        break;
      case "abort":
        this.#abort(this.#batchAt(step.place), step.index);
        break;
      case "credit":
        this.#credit(this.#batchAt(step.place), step);
        break;
      case "responds":
        this.#respond(step.items);
        break;
      case "done":
      case "done wrongly":
      case "failed":
        this.#end(step.kind, step.slot);
        break;
      default:
        this.#plainSteps[step.kind]();
    }
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
    check.deepEqual(this.#heard, this.#expected);
    for (const { heard, expected } of this.#batches) check.deepEqual(heard, expected);
    const posted = this.#worker.posted.map(({ type }) => type).filter((type) => type !== "abort");
    check.deepEqual(posted, this.#expectedPosts);
    check.equal(this.#options.lines.length, this.#expectedLines);
    const isTerminated = this.#isAbandoned && !this.#isNative;
    check.equal(this.#worker.isTerminated, isTerminated, "terminated if that is safe, else never");
    check.equal(this.#worker.isRef, !this.#isAbandoned);
    const { flags } = this.#worker;
    for (const batch of this.#running) batch.checkFlags(flags, this.#isAbandoned);
    check.equal(Atomics.load(flags, waitingFlag), this.#isWaiting ? 1 : 0);
  }

  #batchAt(place: number): Batch | undefined {
    return this.#running[place];
  }

  #batchIn(slot: number): Batch | undefined {
    return this.#running.find((batch) => batch.slot === slot);
  }

  #listens(): void {
    if (this.#isListening) return;
    this.#isListening = true;
    if (this.#isAbandoned) return;
    this.#expected.push(...this.#kept);
    this.#isReady = this.#expected.includes("ready");
  }

  #execute(count: number): void {
    const isFree = this.#isReady && this.#running.length < concurrency && !this.#hasStopped;
    if (!isFree || this.#isAbandoned || this.#heard.includes("exited")) return;
    const slots = Array.from({ length: concurrency }, (_, slot) => slot);
    const slot = slots.find((other) => this.#batchIn(other) === undefined) ?? check.fail("no slot");
    const batch = new Batch(slot, count);
    this.#batches.push(batch);
    this.#running = [...this.#running, batch];
    this.#expectedPosts.push("execute");
    this.#instance.execute(batch.batch, batch);
    const last = this.#worker.posted.at(-1);
    check.deepEqual([last?.type, last?.type === "execute" && last.slot], ["execute", slot]);
  }

  #abort(batch: Batch | undefined, index: number): void {
    if (batch === undefined || index >= batch.size) return;
    batch.aborted.add(index);
    this.#instance.abort(batch.batch, index);
    check.equal(this.#worker.posted.at(-1)?.type, "abort");
  }

  #credit(batch: Batch | undefined, { index, count }: { index: number; count: number }): void {
    if (batch === undefined || index >= batch.size) return;
    batch.credit(index, count);
    if (this.#isWaiting) this.#expectedPosts.push("credit");
    this.#isWaiting = false;
    this.#instance.credit(batch.batch, index, count);
  }

  #respond(items: readonly Said[]): void {
    if (this.#isOver() || !this.#isReady) return;
    for (const said of items) {
      if (!this.#isAbandoned) this.#batchIn(said.slot)?.expectAnswer(said);
    }
    const sizeOf = (slot: number): number => this.#batchIn(slot)?.size ?? 1;
    const messages = items.map((said) => itemOf(said, sizeOf(said.slot)));
    this.#worker.says({ type: "responses", items: messages });
  }

  /** The core hears this, now or when it listens. */
  #hears(what: string): void {
    if (this.#isAbandoned) return;
    if (this.#isListening) this.#expected.push(what);
    else this.#kept.push(what);
  }

  readonly #plainSteps: Plain = {
    stop: () => {
      if (!this.#hasStopped) this.#expectedPosts.push("stop");
      this.#hasStopped = true;
      this.#instance.stop();
    },

    abandon: () => {
      const wasAbandoned = this.#isAbandoned;
      if (!wasAbandoned && this.#isNative) this.#expectedPosts.push("stop");
      this.#isAbandoned = true;
      check.equal(this.#instance.abandon(), this.#isNative);
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

    waits: () => {
      this.#isWaiting = true;
      Atomics.store(this.#worker.flags, waitingFlag, 1);
    },

    "takes credit": () => {
      for (const batch of this.#running) batch.takeCredits(this.#worker.flags);
    },

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

  /** What ends nothing is not heard. */
  #end(kind: EndKind, slot: number): void {
    if (this.#isOver()) return;
    const batch = this.#batchIn(slot);
    const count = batch?.size ?? 1;
    if (batch !== undefined && !this.#isAbandoned) batch.expected.push(this.#endOf(kind, count));
    this.#running = this.#running.filter((other) => other !== batch);
    const times = { computeInputEndMs: 0, computeOutputStartMs: 0 };
    if (kind === "failed") this.#worker.says({ type: kind, slot, times, error });
    else {
      const outputs = [output(kind === "done" ? "y" : "z", count)];
      this.#worker.says({ type: "done", slot, times, outputs, copiedBytes: 0 });
    }
  }

  /** A model that streams has no outputs at the end, whatever it says. */
  #endOf(kind: EndKind, count: number): string {
    if (kind === "failed") return "failed";
    if (this.#isDecoupled) return `done ${".".repeat(count)}`;
    return kind === "done" ? `done ${"y".repeat(count)}` : "failed";
  }

  #sayEnd(isFinal: boolean): void {
    if (this.#isOver()) return;
    this.#hasEnded = true;
    this.#worker.says({ type: "ended", error: undefined, isFinal });
  }

  #exit(): void {
    if (this.#hasExited) return;
    this.#hasExited = true;
    this.#running = [];
    this.#hears("exited");
    this.#worker.emit("exit", 0);
  }

  #isOver(): boolean {
    return this.#hasEnded || this.#hasExited;
  }
}

/** Steps that are about the thread as a whole. */
type Plain = Readonly<
  Record<
    | "stop"
    | "abandon"
    | "loads native code"
    | "loaded"
    | "waits"
    | "takes credit"
    | "logs"
    | "posts nonsense"
    | "ends"
    | "ends in vain"
    | "exits"
    | "throws",
    () => void
  >
>;

const error = {
  code: "INTERNAL",
  message: "",
  reason: "BACKEND",
  retryAfterS: undefined,
  causes: [],
} as const;

function itemOf({ slot, index, what }: Said, size: number): ResponseItem {
  if (what === "failure") return { slot, requestIndex: index ?? 0, error };
  const count = index === undefined ? size : 1;
  const response = { slot, requestIndex: index, copiedBytes: 0 };
  if (what === "end") return { ...response, outputs: [], isFinal: true };
  const outputs = [output(what === "wrong response" ? "z" : "y", count)];
  return { ...response, outputs, isFinal: what === "last response" };
}

function output(name: string, count: number): WireTensor {
  return wireTensor({ name, datatype: "FP32", shape: [count, 1] }, new Uint8Array(4 * count));
}

test("whatever happens in whatever order", async () => {
  const script = fc.array(anyStep, { minLength: 1, maxLength: 60, size: "max" });
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.boolean(), script, async (isDecoupled, isEarly, steps) => {
      const run = new Run(isDecoupled);
      if (!isEarly) run.take({ kind: "loaded" });
      if (!isEarly) await run.turn();
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
