/**
 * An instance that cannot start again for a while, and one whose thread ran out of memory.
 */
import { strict as check } from "node:assert";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "../until.ts";
import { fragileModels } from "./fragile-models.ts";
import { LoggedServer } from "./logged-server.ts";

test("restarts go on until one works; so long the model is not ready, and who waits waits", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-restarts-"));
  const [obstacle, loads] = [join(folder, "obstacle"), join(folder, "loads")];
  // Threads get a copy of the environment.
  Object.assign(process.env, { TEST_OBSTACLE: obstacle, TEST_LOADS: loads });
  t.after(() => rmSync(folder, { recursive: true }));
  const loadCount = (): number => readFileSync(loads, "utf8").split("\n").length - 1;

  const served = await LoggedServer.start(t, fragileModels.falters);
  check.equal(loadCount(), 1);
  writeFileSync(obstacle, "");
  check.equal((await served.call("falters", "", 13)).status, 500);
  const waiting = served.call("falters", "", 2);
  await until(() => loadCount() >= 3);
  check.equal(await served.readiness("falters"), 400);
  rmSync(obstacle);
  check.deepEqual((await waiting).data, [2]);
  check.equal(await served.readiness("falters"), 200);

  const metrics = await served.metrics();
  const restarts = /^shoal_instance_restarts_total\{.*\} (\d+)$/m.exec(metrics)?.[1];
  check.equal(Number(restarts), loadCount() - 1);
  const why = "setup of model 'falters' failed: there is an obstacle";
  const lost = served.messages("E").filter((message) => message.includes("is lost"));
  // The one that died, and every load but the last.
  check.equal(lost.length, loadCount() - 1);
  check.ok(served.log.includes(why));
  const { success, fail } = await served.statistics("falters");
  check.deepEqual([success?.count, fail?.count], [1, 1]);
});

test("a thread that runs out of memory dies alone", async () => {
  const program = fileURLToPath(new URL("out-of-memory-program.js", import.meta.url));
  const child = spawn(process.execPath, ["--max-old-space-size=48", program]);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const died = "an instance of model 'fragile' died: its thread ran out of memory";
  check.deepEqual(stdout.split("\n"), [JSON.stringify(died), "[[20]]", ""]);
  check.match(stderr, /instance 0 of model 'fragile' is lost and starts again/);
});
