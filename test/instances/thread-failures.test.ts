/**
 * Threads that fail, over HTTP: the batch gets a clear error, the instance starts again, what
 * waits is served, the rest of the server lives on, and the log has what the caller must not see.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { fp32, model } from "shoal";
import { fragileModels } from "./fragile-models.ts";
import { LoggedServer } from "./logged-server.ts";

const { fragile, pair, batching, exitsLoading } = fragileModels;

/** Shares the server, and must not notice anything. */
const neighbour = model("neighbour", {
  inputs: { x: fp32(1) },
  outputs: { y: fp32(1) },
  infer: ({ x }) => ({ y: x.map((value) => value + 1) }),
});

interface FailureCase {
  readonly does: string;
  readonly error: string;
  /** In the log, and nowhere else. */
  readonly cause: RegExp | undefined;
}

const failed = "model 'fragile' failed: internal error";

const failures: readonly FailureCase[] = [
  {
    does: "throw",
    error: failed,
    cause: /cannot open \/secret\/weights\.bin\n.*fragile-models[\s\S]*caused by: Error: EACCES/,
  },
  { does: "throwText", error: failed, cause: /only \/secret text/ },
  { does: "throwNothing", error: failed, cause: undefined },
];

for (const { does, error, cause } of failures) {
  test(`a batch that fails: ${does}`, async (t) => {
    const served = await LoggedServer.start(t, [fragile, neighbour]);
    const answer = await served.call("fragile", does);
    check.deepEqual([answer.status, answer.error], [500, error]);
    check.doesNotMatch(answer.text, /secret|\.ts|\.js/);
    check.match(served.log, cause ?? /./);
    check.equal((await served.call("fragile", "answer", 2)).data?.[0], 20);
    check.doesNotMatch(served.log, /is lost/, "the instance is the same");
    check.equal(served.messages("E").length, 1, "one line for one failure");
  });
}

const died = "an instance of model 'fragile' died: its thread";

const deaths: readonly FailureCase[] = [
  {
    does: "throwLater",
    error: `${died} threw where nobody caught it`,
    cause: /nobody awaits \/secret\/later/,
  },
  {
    does: "rejectLater",
    error: `${died} threw where nobody caught it`,
    cause: /nobody handles \/secret\/rejection/,
  },
  { does: "exit", error: `${died} exited with code 7`, cause: undefined },
  { does: "closePort", error: `${died} exited with code 0`, cause: undefined },
];

for (const { does, error, cause } of deaths) {
  test(`a thread that dies: ${does}`, async (t) => {
    const served = await LoggedServer.start(t, [fragile, neighbour]);
    const dying = served.call("fragile", does);
    // One instance, one row a batch: this waits behind, and survives.
    const waiting = served.call("fragile", "answer", 2);
    const answer = await dying;
    check.deepEqual([answer.status, answer.error], [500, error]);
    check.doesNotMatch(answer.text, /secret/);
    check.deepEqual((await served.call("neighbour", "", 1)).data, [2]);
    check.deepEqual((await waiting).data, [20]);
    check.match(served.log, /instance 0 of model 'fragile' is lost and starts again/);
    check.match(served.log, cause ?? /./);
    const { success, fail } = await served.statistics("fragile");
    check.deepEqual([success?.count, fail?.count], [1, 1]);
  });
}

test("all of a batch hear that its thread died, and who is not in it does not", async (t) => {
  const served = await LoggedServer.start(t, batching);
  const infer = async (x: number, does: string): Promise<unknown> => {
    const request = { model: batching, inputs: { x: [[x]] }, parameters: { does } };
    const { outputs } = await served.server.infer(request);
    return outputs["y"]?.toNested();
  };
  // What comes in one turn of the loop leaves together: a full batch, and the rest.
  const four = [2, 3, 4, 5].map((x) => infer(x, x === 3 ? "exit" : "answer"));
  const later = infer(6, "answer");
  const ends = await Promise.allSettled(four);
  const message = `an instance of model 'batching' died: its thread exited with code 7`;
  for (const end of ends) {
    check.ok(end.status === "rejected");
    check.deepEqual([end.reason.code, end.reason.message], ["INTERNAL", message]);
  }
  check.deepEqual(await later, [[60]]);
});

test("while one instance is dead, the other serves, and the model is ready", async (t) => {
  const served = await LoggedServer.start(t, pair);
  const [dead] = await Promise.all([served.call("pair", "exit"), served.call("pair", "answer")]);
  check.equal(dead.status, 500);
  check.equal(await served.readiness("pair"), 200);
  check.deepEqual((await served.call("pair", "answer", 3)).data, [30]);
});

test("readiness tells when the only instance is dead, and when it is back", async (t) => {
  const served = await LoggedServer.start(t, [fragile, neighbour]);
  await served.call("fragile", "exit");
  check.equal(await served.readiness("fragile"), 400);
  check.equal(await served.readiness("neighbour"), 200);
  await served.ready("fragile");
  check.deepEqual((await served.call("fragile", "answer", 3)).data, [30]);
});

test("a model that takes itself out of service stays out, and says why", async (t) => {
  const served = await LoggedServer.start(t, [fragile, neighbour]);
  const giving = served.call("fragile", "giveUp");
  const waiting = served.call("fragile", "answer");
  const given = await giving;
  const error = "model 'fragile' cannot go on and is out of service: internal error";
  check.deepEqual([given.status, given.error], [500, error]);
  for (const answer of [await waiting, await served.call("fragile", "answer")]) {
    check.deepEqual([answer.status, answer.error, answer.retryAfter], [503, error, undefined]);
  }
  check.equal(await served.readiness("fragile"), 400);
  check.equal(await served.readiness("neighbour"), 200);
  check.match(
    served.log,
    /model 'fragile' version 1 is out of service, and nothing[\s\S]*UnrecoverableError: the \/secret/,
  );
});

test("messages of others to the main thread are not ours", async (t) => {
  const served = await LoggedServer.start(t, fragile);
  check.deepEqual((await served.call("fragile", "postNonsense", 2)).data, [20]);
  check.doesNotMatch(served.log, /is lost/);
});

test("a thread that exits while it loads: the model fails to load, and says so", async (t) => {
  const served = await LoggedServer.start(t, [exitsLoading, neighbour]);
  await check.rejects(served.server.ready, {
    message: "an instance of model 'exits-loading' died: its thread exited with code 3",
  });
  check.equal(await served.readiness("exits-loading"), 404);
  check.deepEqual((await served.call("neighbour", "", 1)).data, [2]);
  check.match(served.log, /failed to load: an instance of model 'exits-loading' died/);
});
