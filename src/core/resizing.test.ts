/**
 * More instances, or fewer, of a pool that serves. On a virtual clock, with instances that do what
 * the test says.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { InferenceError } from "../protocol/errors.ts";
import { modelConfig } from "../testing/core-fixture.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { InstanceEvents, InstanceHost } from "./instance.ts";
import { InstancePool } from "./instance-pool.ts";
import type { InstanceGroupConfig } from "./model-config.ts";
import { ModelStatistics } from "./model-statistics.ts";

const group = (count: number, isPassive = false): InstanceGroupConfig => {
  return { name: "g", kind: "KIND_CPU", count, gpus: [], isPassive };
};

class World {
  readonly clock = new VirtualClock();
  readonly statistics = new ModelStatistics("m", 1);
  /** By index of the instance. */
  readonly events: InstanceEvents[] = [];
  /** Indexes of those that were told to stop; each ends when the test says so. */
  readonly stopping: number[] = [];
  outOfServiceCount = 0;
  readonly pool: InstancePool;

  constructor(groups: readonly InstanceGroupConfig[]) {
    const host: InstanceHost = {
      start: (index, events) => {
        this.events[index] = events;
        const stop = (): void => void this.stopping.push(index);
        return { execute() {}, abort() {}, credit() {}, stop, abandon: () => false };
      },
    };
    this.pool = new InstancePool({
      config: { ...modelConfig(), instanceGroups: groups },
      host,
      clock: this.clock,
      log: { error() {}, warning() {}, info() {}, verbose() {} },
      statistics: this.statistics,
      onOutOfService: () => {
        this.outOfServiceCount += 1;
      },
    });
  }

  /** Those of these indexes are ready. */
  ready(...indexes: readonly number[]): void {
    for (const index of indexes) this.events[index]?.ready();
  }

  /** Indexes of those that can take a batch. */
  free(): readonly number[] {
    const taken = [];
    for (let one = this.pool.takeFree(); one !== undefined; one = this.pool.takeFree()) {
      taken.push(one);
    }
    for (const one of taken) this.pool.instanceFree(one);
    return taken.map(({ index }) => index).sort((one, other) => one - other);
  }

  get counts(): Readonly<Record<string, number>> {
    return this.statistics.snapshot({ nowMs: 0, wallMs: 0 }).instances;
  }
}

async function loaded(...groups: readonly InstanceGroupConfig[]): Promise<World> {
  const world = new World(groups);
  const loading = world.pool.load();
  world.ready(...world.events.keys());
  await loading;
  return world;
}

const failure = new InferenceError("INTERNAL", "no memory");

test("those that are new serve as soon as they are ready", async () => {
  const world = await loaded(group(1));
  const resizing = world.pool.resize([group(2), group(1)]);
  check.deepEqual(world.free(), [0]);
  world.ready(2);
  check.deepEqual(world.free(), [0, 2]);
  world.ready(1);
  await resizing;
  check.deepEqual(world.free(), [0, 1, 2]);
  check.deepEqual(world.counts, { loading: 0, ready: 3, busy: 0, dead: 0 });
});

test("one that is too many finishes what it runs, and takes nothing new", async () => {
  const world = await loaded(group(3));
  await world.pool.resize([group(1)]);
  check.deepEqual(world.free(), [0]);
  check.deepEqual(world.stopping, [1, 2]);
  check.equal(world.pool.isReady, true);
  world.events[2]?.exited(undefined);
  check.deepEqual(world.counts, { loading: 0, ready: 2, busy: 0, dead: 0 });
  world.events[1]?.exited(undefined);
  const stopped = world.pool.stop();
  world.events[0]?.exited(undefined);
  await stopped;
});

test("one that stops is not counted any more", async () => {
  const world = await loaded(group(2));
  await world.pool.resize([group(1)]);
  check.deepEqual(world.stopping, [1]);
  const resizing = world.pool.resize([group(2)]);
  check.equal(world.events.length, 3);
  world.ready(2);
  await resizing;
  check.deepEqual(world.free(), [0, 2]);
});

test("of those that are too many the dead ones go first", async () => {
  const world = await loaded(group(2));
  world.events[0]?.exited(failure);
  await world.pool.resize([group(1)]);
  check.deepEqual(world.free(), [1]);
  check.deepEqual(world.stopping, []);
  world.clock.advanceTo(1e6);
  check.deepEqual(world.counts, { loading: 0, ready: 1, busy: 0, dead: 0 });
});

test("active and passive ones are counted apart", async () => {
  const world = await loaded(group(1), group(2, true));
  const resizing = world.pool.resize([group(2), group(1, true)]);
  world.ready(3);
  await resizing;
  check.deepEqual(world.free(), [0, 3]);
  check.deepEqual(world.stopping, [2]);
});

for (const isFinal of [false, true]) {
  test(`where one fails, all that are new go again; final: ${isFinal}`, async () => {
    const world = await loaded(group(1));
    const resizing = world.pool.resize([group(3)]);
    world.ready(1);
    world.events[2]?.exited(failure, isFinal);
    await check.rejects(resizing, failure);
    check.deepEqual(world.free(), [0]);
    check.deepEqual(world.stopping, [1]);
    check.equal(world.pool.failure, undefined);
    world.events[1]?.exited(undefined);
    world.clock.advanceTo(1e6);
    check.deepEqual(world.counts, { loading: 0, ready: 1, busy: 0, dead: 0 });
    const again = world.pool.resize([group(2)]);
    world.ready(3);
    await again;
    check.deepEqual(world.free(), [0, 3]);
  });
}

test("one that does not load in time has failed", async () => {
  const world = await loaded(group(1));
  const resizing = world.pool.resize([group(2)]);
  const limited = check.rejects(resizing, { code: "DEADLINE_EXCEEDED" });
  world.clock.advanceTo(modelConfig().limits.loadTimeoutMs + 1);
  await limited;
  check.deepEqual(world.free(), [0]);
});

test("one that was new and dies later is started again", async () => {
  const world = await loaded(group(1));
  const resizing = world.pool.resize([group(3)]);
  world.ready(1);
  world.events[1]?.exited(failure);
  world.ready(2);
  await resizing;
  check.deepEqual(world.free(), [0, 2]);
  world.clock.advanceTo(1e5);
  world.ready(1);
  check.deepEqual(world.free(), [0, 1, 2]);
});

test("whatever ends the pool ends it, too", async () => {
  const ends: Readonly<Record<string, (world: World) => void>> = {
    stop: ({ pool }) => void pool.stop(),
    abandon: ({ pool }) => pool.abandon(failure),
    "out of service": ({ events }) => events[0]?.exited(failure, true),
  };
  for (const [what, end] of Object.entries(ends)) {
    const world = await loaded(group(1));
    const resizing = world.pool.resize([group(2)]);
    end(world);
    await check.rejects(resizing, InferenceError, what);
    check.deepEqual(world.free(), [], what);
    check.equal(world.outOfServiceCount, what === "out of service" ? 1 : 0);
  }
});

test("a second one at a time is refused", async () => {
  const world = await loaded(group(1));
  const first = world.pool.resize([group(2)]);
  await check.rejects(world.pool.resize([group(3)]), { code: "ALREADY_EXISTS" });
  world.ready(1);
  await first;
  check.deepEqual(world.free(), [0, 1]);
});
