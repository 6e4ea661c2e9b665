/** A dynamic batcher that holds its first requests until enough of them wait: on a virtual clock. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ModelOptions } from "../protocol/model-options.ts";
import { wireTensor } from "../protocol/tensor.ts";
import { sha256Digest } from "../server/sha256-digest.ts";
import { inferRequest, modelConfig, passTo } from "../testing/core-fixture.ts";
import type { InstanceScript } from "../testing/instance-script.ts";
import { SimulatedHost } from "../testing/simulated-instance.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { InferenceCore } from "./inference-core.ts";
import type { PendingRequest } from "./scheduler.ts";

const x = wireTensor({ name: "x", datatype: "FP32", shape: [1, 1] }, new Uint8Array(4));
const whole = wireTensor({ name: "x", datatype: "FP32", shape: [1] }, new Uint8Array(4));

class World {
  readonly clock = new VirtualClock();
  /** Requests of each execution, and when it was. */
  readonly executions: (readonly [atMs: number, requestCount: number])[] = [];
  readonly ends: string[] = [];
  readonly core: InferenceCore;
  readonly #options: ModelOptions;

  constructor(holdUntilWaiting: number, options: ModelOptions = {}) {
    this.#options = options;
    this.core = new InferenceCore({
      clock: this.clock,
      log: { error() {}, warning() {}, info() {}, verbose() {} },
      metadata: { name: "test", version: "0", extensions: [] },
      maxWaitingBytes: 1e6,
      cacheBytes: 0,
      digest: sha256Digest,
      holdUntilWaiting,
    });
  }

  async load(): Promise<this> {
    const script = (): InstanceScript => ({
      load: { kind: "ready", atMs: this.clock.nowMs() },
      crash: undefined,
      heedsAborts: false,
      talksOn: false,
      endsWhenAbandoned: true,
      execute: (requestCount, nowMs) => {
        this.executions.push([nowMs, requestCount]);
        const times = { computeInputEndMs: nowMs, computeOutputStartMs: nowMs };
        const answers = Array.from({ length: requestCount }, () => "response" as const);
        return [{ kind: "done", atMs: nowMs, times, answers }];
      },
      onAbort: () => [],
      onCredit: () => [],
      stopsAtMs: (nowMs) => nowMs,
    });
    const respondTo = () => ({ outputs: [], parameters: {} });
    const host = new SimulatedHost({ clock: this.clock, scriptFor: script, respondTo });
    const config = modelConfig({ options: this.#options });
    const source = { name: "m", version: 1, resolve: () => Promise.resolve({ config, host }) };
    const loading = this.core.load(source);
    await this.until(0);
    await loading;
    this.core.setRunning();
    return this;
  }

  infer(deadlineMs = Number.POSITIVE_INFINITY): PendingRequest {
    const input = this.#options.batching === false ? whole : x;
    const sink = {
      respond: () => void this.ends.push("answered"),
      fail: ({ code }: { readonly code: string }) => void this.ends.push(code),
    };
    return this.core.infer(inferRequest({ inputs: [input] }), sink, { deadlineMs });
  }

  until(ms: number): Promise<void> {
    return passTo(this.clock, ms);
  }
}

test("nothing leaves until so many wait, and once only", async () => {
  const world = await new World(3).load();
  world.infer();
  world.infer();
  await world.until(1000);
  check.deepEqual(world.executions, []);
  world.infer();
  await world.until(1000);
  check.deepEqual(world.executions, [[1000, 3]]);
  world.infer();
  await world.until(2000);
  check.deepEqual(world.executions, [
    [1000, 3],
    [1000, 1],
  ]);
  check.deepEqual(
    world.ends,
    Array.from({ length: 4 }, () => "answered"),
  );
});

test("who is held still goes away, or runs out of time", async () => {
  const world = await new World(3).load();
  world.infer().cancel();
  world.infer(500);
  world.infer();
  await world.until(1000);
  check.deepEqual(world.ends, ["CANCELLED", "DEADLINE_EXCEEDED"]);
  check.deepEqual(world.executions, []);
  world.infer();
  world.infer();
  await world.until(1000);
  check.deepEqual(world.executions, [[1000, 3]]);
});

test("who is held when the server stops is let go", async () => {
  const world = await new World(3).load();
  world.infer();
  world.infer();
  await world.until(100);
  const drained = world.core.drain();
  await world.until(200);
  await drained;
  check.deepEqual(world.executions, [[100, 2]]);
  check.deepEqual(world.ends, ["answered", "answered"]);
});

test("without dynamic batching, or without the hook, nothing is held", async () => {
  for (const world of [new World(3, { batching: false }), new World(0)]) {
    await world.load();
    world.infer();
    await world.until(0);
    check.deepEqual(world.executions, [[0, 1]]);
  }
});
