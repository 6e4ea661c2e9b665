/**
 * Threads that hang, over HTTP: requests get their error when the limit is over, the thread is
 * given up, and a new instance takes over.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { fp32, model } from "shoal";
import { fragileModels } from "./fragile-models.ts";
import { LoggedServer } from "./logged-server.ts";

const { impatient, hangsLoading, waitsLoading } = fragileModels;

const neighbour = model("neighbour", {
  inputs: { x: fp32(1) },
  outputs: { y: fp32(1) },
  infer: ({ x }) => ({ y: x.map((value) => value + 1) }),
});

const tooLong = "model 'impatient' did not answer within 200 ms (limits.executionTimeoutMs)";

for (const does of ["loop", "wait"]) {
  test(`infer hangs: ${does}`, async (t) => {
    const served = await LoggedServer.start(t, [impatient, neighbour]);
    const hanging = served.call("impatient", does);
    const waiting = served.call("impatient", "answer", 2);
    check.deepEqual((await served.call("neighbour", "", 1)).data, [2], "meanwhile");
    const answer = await hanging;
    check.deepEqual([answer.status, answer.error], [504, tooLong]);
    check.deepEqual((await waiting).data, [20]);
    const { success, fail } = await served.statistics("impatient");
    check.deepEqual([success?.count, fail?.count], [1, 1]);
    check.match(served.log, /instance 0 of model 'impatient' is lost and starts again/);
  });
}

test("JavaScript that hangs is ended, so it may happen again and again", async (t) => {
  const served = await LoggedServer.start(t, impatient);
  for (const does of ["loop", "wait", "loop", "wait"]) {
    check.equal((await served.call("impatient", does)).error, tooLong);
    check.deepEqual((await served.call("impatient", "answer", 2)).data, [20]);
  }
  check.equal(await served.readiness("impatient"), 200);
});

for (const hanging of [hangsLoading, waitsLoading]) {
  test(`setup hangs: ${hanging.name}`, async (t) => {
    const served = await LoggedServer.start(t, [hanging, neighbour]);
    const message = `model '${hanging.name}' did not load within 200 ms (limits.loadTimeoutMs)`;
    await check.rejects(served.server.ready, { code: "DEADLINE_EXCEEDED", message });
    check.equal(await served.readiness(hanging.name), 404);
    check.deepEqual((await served.call("neighbour", "", 1)).data, [2]);
    check.ok(served.log.includes(`failed to load: ${message}`));
  });
}

test("the server closes while a thread hangs, and does not wait for it", async (t) => {
  const served = await LoggedServer.start(t, fragileModels.fragile);
  const hanging = served.call("fragile", "loop");
  await served.busy("fragile");
  await served.server.close({ timeoutMs: 50 });
  const { status, error } = await hanging;
  const why = "Server is stopping, and did not finish within 50 ms";
  check.deepEqual([status, error], [503, why]);
});
