/**
 * Storm: many requests at a time to threads that answer, throw, die and hang as it comes, while
 * callers go. Each request that is not cancelled gets one answer, and afterwards all is well.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { InferenceError } from "shoal";
import { Random } from "../../dist/testing/random.js";
import { fragileModels } from "./fragile-models.ts";
import { LoggedServer } from "./logged-server.ts";

const { stormy } = fragileModels;

const deeds = [
  ...["answer", "answer", "answer", "answer", "answer", "answer", "answer", "answer"],
  ...["throw", "throwLater", "rejectLater", "exit", "loop", "wait", "postNonsense"],
];

/** How one request ended. */
type Ending = "answered" | "failed" | "cancelled";

for (const seed of [2, 3]) {
  test(`seed ${seed}`, async (t) => {
    const random = new Random(seed);
    const served = await LoggedServer.start(t, stormy);
    const counts: Record<Ending, number> = { answered: 0, failed: 0, cancelled: 0 };
    const call = async (x: number): Promise<void> => {
      const does = random.pick(deeds) ?? "answer";
      const goes = new AbortController();
      if (random.chance(0.2)) setImmediate(() => goes.abort());
      const ending = await served.server
        .infer(
          { model: stormy, inputs: { x: [[x]] }, parameters: { does } },
          { signal: goes.signal },
        )
        .then(
          ({ outputs }): Ending => {
            check.deepEqual(outputs["y"]?.toNested(), [[10 * x]]);
            return "answered";
          },
          (error: unknown): Ending => {
            check.ok(error instanceof InferenceError);
            check.ok(["INTERNAL", "DEADLINE_EXCEEDED", "CANCELLED"].includes(error.code), error);
            return error.code === "CANCELLED" ? "cancelled" : "failed";
          },
        );
      counts[ending] += 1;
    };
    const callers = Array.from({ length: 6 }, async (_, caller) => {
      for (let turn = 0; turn < 6; turn += 1) await call(caller * 100 + turn);
    });
    await Promise.all(callers);
    await served.ready("stormy");
    check.deepEqual((await served.call("stormy", "answer", 2)).data, [20]);

    const { success, fail } = await served.statistics("stormy");
    check.deepEqual(
      [success?.count, fail?.count],
      [counts.answered + 1, counts.failed + counts.cancelled],
    );
    const metrics = await served.metrics();
    check.match(metrics, /^shoal_running_requests\{.*\} 0$/m);
    check.match(metrics, /^nv_inference_pending_request_count\{.*\} 0$/m);
  });
}
