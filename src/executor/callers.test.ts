/** What a model knows of those who called it: deadlines and headers, whatever thread it runs in. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ExecutionBatch } from "../core/instance.ts";
import { authorModels } from "../testing/author-models.ts";
import { batchOfRequests, numbers } from "../testing/batch-fixture.ts";
import { hostOptions, inline, resolve } from "../testing/executor-fixture.ts";
import { InstanceProbe } from "../testing/instance-probe.ts";

type Told = readonly [latest: number | null, each: readonly (readonly [object, number | null])[]];

const x = [numbers("x", [1, 2], [1, 2])];
const farMs = performance.now() + 1e9;
const farMoment = performance.timeOrigin + farMs;

/** Threads do not agree to the last millisecond on when they began. */
function isNear(moment: number | null | undefined, expected: number): boolean {
  return Math.abs((moment ?? 0) - expected) < 10_000;
}

/** A request for each of these. */
function batchUntil(...deadlinesMs: readonly number[]): ExecutionBatch {
  const headers = { "x-tenant": "me" };
  const batch = batchOfRequests(
    deadlinesMs.map((_, index) => (index ? { inputs: x } : { inputs: x, headers })),
  );
  const requests = batch.requests.map((request, index) => {
    return { ...request, deadlineMs: deadlinesMs[index] ?? 0 };
  });
  return { ...batch, requests };
}

for (const [kind, prepare] of [
  ["inline", inline],
  ["in a thread", (model: typeof authorModels.tells) => model],
] as const) {
  test(`${kind}: the latest deadline, each request's own, and its headers`, async (t) => {
    const { lines, ...options } = hostOptions();
    const { host } = await resolve(prepare(authorModels.tells), options);
    const probe = new InstanceProbe(host);
    t.after(() => probe.instance.abandon());
    await probe.isReady;
    const told = async (...deadlinesMs: readonly number[]): Promise<Told> => {
      await probe.execute(batchUntil(...deadlinesMs));
      const line = lines.splice(0).join("\n");
      return JSON.parse(line.replace(/^info: /, "").replace(/, \{"model".*$/, "")) as Told;
    };
    const [latest, each] = await told(farMs, farMs + 1e6);
    check.ok(isNear(latest, farMoment + 1e6), `${latest}`);
    check.ok(isNear(each[0]?.[1], farMoment) && isNear(each[1]?.[1], farMoment + 1e6));
    check.deepEqual(
      each.map(([headers]) => headers),
      [{ "x-tenant": "me" }, {}],
    );
    const [none, mixed] = await told(farMs, Number.POSITIVE_INFINITY);
    check.equal(none, null, "one of them waits for as long as it takes");
    check.ok(isNear(mixed[0]?.[1], farMoment));
    check.equal(mixed[1]?.[1], null);
    probe.instance.stop();
    await probe.exit;
  });
}
