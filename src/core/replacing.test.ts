/**
 * A version that is loaded anew while it serves: no request is lost, what comes takes over, and what
 * fails changes nothing. On a virtual clock; each load is told apart by the number that it answers.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { InferenceError } from "../protocol/errors.ts";
import { wireTensor } from "../protocol/tensor.ts";
import { sha256Digest } from "../server/sha256-digest.ts";
import { inferRequest, modelConfig, passTo } from "../testing/core-fixture.ts";
import type { InstanceScript } from "../testing/instance-script.ts";
import { SimulatedHost } from "../testing/simulated-instance.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { InferenceCore } from "./inference-core.ts";
import type { PreparedLoad } from "./model-loads.ts";
import type { ModelSource } from "./model-source.ts";

const x = wireTensor({ name: "x", datatype: "FP32", shape: [1, 1] }, new Uint8Array(4));

interface Load {
  /** What it answers. */
  readonly value: number;
  /** How long its instance loads; Infinity: for ever. */
  readonly loadMs?: number;
  readonly executionMs?: number;
  readonly failure?: string;
}

class World {
  readonly clock = new VirtualClock();
  readonly stopped: number[] = [];
  readonly outOfService: string[] = [];
  readonly core: InferenceCore = new InferenceCore({
    clock: this.clock,
    log: { error() {}, warning() {}, info() {}, verbose() {} } as never,
    metadata: { name: "test", version: "0", extensions: [] },
    maxWaitingBytes: 1e6,
    cacheBytes: 1e6,
    digest: sha256Digest,
    onOutOfService: (_, error) => this.outOfService.push(error.message),
  });

  source({ value, loadMs = 0, executionMs = 0, failure }: Load): ModelSource {
    const error = { code: "INTERNAL", message: failure ?? "", reason: "BACKEND" } as const;
    const script = (): InstanceScript => {
      const atMs = this.clock.nowMs() + loadMs;
      return {
        load:
          failure === undefined
            ? { kind: "ready", atMs }
            : { kind: "exit", atMs, error, isFinal: false },
        crash: undefined,
        heedsAborts: false,
        talksOn: false,
        endsWhenAbandoned: true,
        execute: (requestCount, nowMs) => {
          const times = { computeInputEndMs: nowMs, computeOutputStartMs: nowMs };
          const answers = Array.from({ length: requestCount }, () => "response" as const);
          return [{ kind: "done", atMs: nowMs + executionMs, times, answers }];
        },
        onAbort: () => [],
        onCredit: () => [],
        stopsAtMs: (nowMs) => {
          this.stopped.push(value);
          return nowMs;
        },
      };
    };
    const bytes = new Uint8Array(Float32Array.of(value).buffer);
    const outputs = [wireTensor({ name: "y", datatype: "FP32", shape: [1, 1] }, bytes)];
    const host = new SimulatedHost({
      clock: this.clock,
      scriptFor: script,
      respondTo: () => ({ outputs, parameters: {} }),
    });
    const config = modelConfig({ options: { cache: value === 8 } });
    return { name: "m", version: 1, resolve: () => Promise.resolve({ config, host }) };
  }

  infer(): Promise<number> {
    return new Promise((resolve, reject) => {
      const options = { deadlineMs: Number.POSITIVE_INFINITY };
      const respond = ({ outputs }: { outputs: readonly { chunks: readonly Uint8Array[] }[] }) => {
        const [bytes = new Uint8Array(4)] = outputs[0]?.chunks ?? [];
        resolve(new DataView(bytes.buffer, bytes.byteOffset).getFloat32(0, true));
      };
      const request = inferRequest({ inputs: [x] });
      this.core.infer(request, { respond, fail: reject }, options as never);
    });
  }

  until(ms: number): Promise<void> {
    return passTo(this.clock, ms);
  }
}

async function loaded(load: Load): Promise<World> {
  const world = new World();
  world.core.setRunning();
  const loading = world.core.load(world.source(load));
  await world.until(0);
  await loading;
  return world;
}

/** Until 51 ms a request runs in what has been replaced. */
async function replacedWhileBusy() {
  const world = await loaded({ value: 1, executionMs: 50 });
  const begun = world.infer();
  await world.until(1);
  const replacing = world.core.replace(world.source({ value: 2 }));
  await world.until(2);
  await replacing;
  return { world, begun };
}

const states = ({ core }: World): readonly string[] => {
  return core.index().map(({ state, reason }) => `${state} ${reason}`.trim());
};

test("the other one serves until what comes is ready, and finishes what it has", async () => {
  const world = await loaded({ value: 1, executionMs: 30 });
  const replacing = world.core.replace(world.source({ value: 2, loadMs: 10 }));
  await world.until(5);
  const begun = world.infer();
  check.deepEqual(states(world), ["READY"]);
  check.equal(world.core.isReady(), true);
  await world.until(10);
  await replacing;
  const next = world.infer();
  await world.until(20);
  check.equal(await next, 2);
  check.deepEqual(world.stopped, []);
  await world.until(35);
  check.equal(await begun, 1);
  check.deepEqual(world.stopped, [1]);
});

test("where it fails the other one serves on, and says nothing of it", async () => {
  const world = await loaded({ value: 1 });
  const replacing = world.core.replace(world.source({ value: 2, loadMs: 10, failure: "no graph" }));
  await Promise.all([world.until(10), check.rejects(replacing, { message: "no graph" })]);
  check.deepEqual([states(world), world.outOfService], [["READY"], []]);
  const answer = world.infer();
  await world.until(11);
  check.equal(await answer, 1);
  const again = world.core.replace(world.source({ value: 3 }));
  await world.until(12);
  await again;
});

test("what does not serve is loaded", async () => {
  const world = new World();
  world.core.setRunning();
  const failing = world.core.replace(world.source({ value: 1, failure: "no graph" }));
  await Promise.all([world.until(0), check.rejects(failing, { message: "no graph" })]);
  check.deepEqual(states(world), ["UNAVAILABLE Internal: no graph"]);
  const loading = world.core.replace(world.source({ value: 2 }));
  await world.until(1);
  await loading;
  check.deepEqual(states(world), ["READY"]);
});

test("two at a time are one too many", async () => {
  const world = await loaded({ value: 1 });
  const first = world.core.replace(world.source({ value: 2, loadMs: 10 }));
  const second = world.core.replace(world.source({ value: 3 }));
  await check.rejects(second, { code: "ALREADY_EXISTS" });
  await world.until(10);
  await first;
  const answer = world.infer();
  await world.until(11);
  check.equal(await answer, 2);
});

test("unloaded meanwhile, neither is left", async () => {
  const world = await loaded({ value: 1 });
  const replacing = world.core.replace(world.source({ value: 2, loadMs: 10 }));
  const refused = check.rejects(replacing, /was unloaded while it was loading/);
  await world.until(5);
  const unloading = world.core.unload("m");
  await world.until(20);
  await Promise.all([unloading, refused]);
  check.deepEqual(states(world), ["UNAVAILABLE unloaded"]);
  check.deepEqual([...world.stopped].sort(), [1, 2]);
});

test("an unload waits for what has been replaced, too", async () => {
  const { world, begun } = await replacedWhileBusy();
  const ended: string[] = [];
  const unloading = world.core.unload("m").then(() => ended.push("unloaded"));
  await world.until(40);
  check.deepEqual([ended, states(world)], [[], ["UNLOADING"]]);
  await world.until(60);
  check.equal(await begun, 1);
  await unloading;
  check.deepEqual([...world.stopped].sort(), [1, 2]);
});

test("a server that stops finishes both, and loads none anew", async () => {
  const { world, begun } = await replacedWhileBusy();
  const draining = world.core.drain();
  await check.rejects(world.core.replace(world.source({ value: 3 })), { code: "UNAVAILABLE" });
  await world.until(100);
  check.equal(await begun, 1);
  await draining;
  check.equal(world.core.state, "stopped");
});

test("abandoned, what has been replaced fails what it has", async () => {
  const world = await loaded({ value: 1, executionMs: 1e6 });
  const begun = world.infer();
  const failed = check.rejects(begun, { message: "enough" });
  await world.until(1);
  const replacing = world.core.replace(world.source({ value: 2 }));
  await world.until(2);
  await replacing;
  world.core.abandon(new InferenceError("UNAVAILABLE", "enough"));
  await failed;
});

test("answers that are kept are not those of what was before", async () => {
  const world = await loaded({ value: 8 });
  for (const expected of [8, 8]) {
    const answer = world.infer();
    await world.until(world.clock.nowMs() + 1);
    check.equal(await answer, expected);
  }
  const replacing = world.core.replace(world.source({ value: 9 }));
  await world.until(world.clock.nowMs() + 1);
  await replacing;
  const answer = world.infer();
  await world.until(world.clock.nowMs() + 1);
  check.equal(await answer, 9);
});

test("what is prepared takes over when it is told to, or goes", async () => {
  const world = await loaded({ value: 1 });
  const answered = async (): Promise<number> => {
    const answer = world.infer();
    await world.until(world.clock.nowMs() + 1);
    return await answer;
  };
  const prepare = async (value: number): Promise<PreparedLoad> => {
    const preparing = world.core.prepare(world.source({ value }));
    await world.until(world.clock.nowMs() + 1);
    return await preparing;
  };
  const second = await prepare(2);
  check.equal(await answered(), 1);
  await check.rejects(world.core.prepare(world.source({ value: 3 })), { code: "ALREADY_EXISTS" });
  const gone = second.discard();
  await world.until(world.clock.nowMs() + 1);
  await gone;
  check.deepEqual([await answered(), world.stopped], [1, [2]]);
  (await prepare(4)).commit();
  check.equal(await answered(), 4);
  const fifth = await prepare(5);
  const unloading = world.core.unload("m");
  await world.until(world.clock.nowMs() + 1);
  await unloading;
  check.throws(() => fifth.commit(), /was unloaded while it was loading/);
  check.deepEqual(states(world), ["UNAVAILABLE unloaded"]);
  check.deepEqual([...world.stopped].sort(), [1, 2, 4, 5]);
});
