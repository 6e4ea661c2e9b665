/** Passive instances are loaded, lost and ended like others, and never given anything. */
import { strict as check } from "node:assert";
import test from "node:test";
import { modelConfig } from "../testing/core-fixture.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import type { InstanceEvents, InstanceHost } from "./instance.ts";
import { InstancePool } from "./instance-pool.ts";
import { ModelStatistics } from "./model-statistics.ts";

const group = { kind: "KIND_CPU", count: 1, gpus: [] } as const;

interface World {
  readonly pool: InstancePool;
  /** By index of the instance. */
  readonly events: InstanceEvents[];
}

function world(): World {
  const events: InstanceEvents[] = [];
  const host: InstanceHost = {
    start: (index, ofInstance) => {
      events[index] = ofInstance;
      const stop = (): void => ofInstance.exited(undefined);
      return { execute() {}, abort() {}, credit() {}, stop, abandon: () => false };
    },
  };
  const config = {
    ...modelConfig(),
    instanceGroups: [
      { ...group, name: "passive", isPassive: true },
      { ...group, name: "active" },
    ],
  };
  const pool = new InstancePool({
    config,
    host,
    clock: new VirtualClock(),
    log: { error() {}, warning() {}, info() {}, verbose() {} },
    statistics: new ModelStatistics("m", 1),
    onOutOfService: () => {},
  });
  return { pool, events };
}

test("a model is ready when all its instances are, and only the active ones are free", async () => {
  const { pool, events } = world();
  const loading = pool.load();
  let isLoaded = false;
  void loading.then(() => {
    isLoaded = true;
  });
  events[1]?.ready();
  await Promise.resolve();
  check.equal(isLoaded, false, "the passive one still loads");
  events[0]?.ready();
  await loading;
  check.equal(pool.takeFree()?.index, 1);
  check.equal(pool.takeFree(), undefined);
  check.equal(pool.hasFree, false);
  await pool.stop();
});

test("a passive one alone makes no model ready", () => {
  const { pool, events } = world();
  void pool.load();
  events[0]?.ready();
  check.equal(pool.isReady, false);
  events[1]?.ready();
  check.equal(pool.isReady, true);
});
