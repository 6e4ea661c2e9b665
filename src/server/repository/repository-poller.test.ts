/** Models that come, change and go in folders, as the poller finds them; each look is the test's. */
import { strict as check } from "node:assert";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { addSubGraph } from "../../testing/onnx-graphs.ts";
import { indexLines, serveRepository, writeFiles } from "../../testing/repository-fixture.ts";
import { VirtualClock } from "../../testing/virtual-clock.ts";
import { RepositoryPoller } from "./repository-poller.ts";

async function start(t: TestContext) {
  const served = await serveRepository(t, { "m/1/model.onnx": addSubGraph() });
  const errors: string[] = [];
  const log = {
    verbose() {},
    info() {},
    warning() {},
    error: (text: string) => void errors.push(text),
  };
  const clock = new VirtualClock();
  const { repository } = served;
  const poller = new RepositoryPoller({ repository, clock, log, pauseMs: 15_000 });
  await poller.start();
  return { ...served, poller, clock, errors };
}

test("what comes is loaded when it keeps still, what goes is unloaded at once", async (t) => {
  const { core, poller, folder } = await start(t);
  writeFiles(folder, { "n/1/model.onnx": "half of it" });
  await poller.poll();
  writeFiles(folder, { "n/1/model.onnx": addSubGraph() });
  await poller.poll();
  check.deepEqual(indexLines(core), ["m/1 READY"]);
  await poller.poll();
  check.deepEqual(indexLines(core), ["m/1 READY", "n/1 READY"]);
  rmSync(join(folder, "m"), { recursive: true });
  await poller.poll();
  // It takes no requests any more; this waits for the rest.
  await core.unload("m");
  check.deepEqual(indexLines(core), ["m/1 UNAVAILABLE unloaded", "n/1 READY"]);
});

test("what changes is loaded anew; what is wrong serves on as it was, and is tried once", async (t) => {
  const { core, poller, folder, lines } = await start(t);
  const before = core.lookUp("m", 1);
  writeFiles(folder, { "m/1/model.onnx": "no graph" });
  for (let look = 0; look < 4; look += 1) await poller.poll();
  check.equal(core.lookUp("m", 1), before);
  check.equal(lines.filter((line) => line.includes("failed to load")).length, 1);
  writeFiles(folder, { "m/1/model.onnx": addSubGraph(), "m/config.pbtxt": "max_batch_size: 2" });
  await poller.poll();
  await poller.poll();
  check.equal(core.lookUp("m", 1).config.maxBatchSize, 2);
});

test("a repository that cannot be read changes nothing", async (t) => {
  const { core, poller, folder, errors } = await start(t);
  rmSync(folder, { recursive: true });
  await poller.poll();
  check.deepEqual(indexLines(core), ["m/1 READY"]);
  check.deepEqual(errors, ["the model repositories cannot be looked at"]);
  writeFiles(folder, { "m/1/model.onnx": addSubGraph() });
  writeFileSync(join(folder, "file"), "");
});

test("looks come a pause after each other, and end", async (t) => {
  const { poller, clock } = await start(t);
  check.equal(clock.nextWakeMs(), 15_000);
  poller.close();
  check.equal(clock.nextWakeMs(), Number.POSITIVE_INFINITY);
});
