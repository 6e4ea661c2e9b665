/** What a model logs carries where it was said, and the ids of the requests it is about. */
import { strict as check } from "node:assert";
import test from "node:test";
import { authorModels } from "../testing/author-models.ts";
import { batchOfRequests, numbers } from "../testing/batch-fixture.ts";
import { hostOptions, inline, resolve } from "../testing/executor-fixture.ts";
import { InstanceProbe } from "../testing/instance-probe.ts";

const x = [numbers("x", [1, 2], [1, 2])];
const at = '{"model":"logs","version":1,"instance":3';

for (const [kind, prepare] of [
  ["inline", inline],
  ["in a thread", (model: typeof authorModels.logs) => model],
] as const) {
  test(`${kind}: lines of a batch carry its requests' ids, others none`, async (t) => {
    const options = hostOptions();
    const { host } = await resolve(prepare(authorModels.logs), options);
    const probe = new InstanceProbe(host, 3);
    t.after(() => probe.instance.abandon());
    await probe.isReady;
    const ids = (...logIds: readonly string[]) =>
      batchOfRequests(logIds.map((logId) => ({ logId, inputs: x })));
    const run = async (...logIds: readonly string[]): Promise<readonly string[]> => {
      await probe.execute(ids(...logIds));
      while (!options.lines.some((line) => line.includes("over"))) await turnOfTheLoop();
      return options.lines.splice(0);
    };
    const batch = '"requestIds":["a","b","c"],"requestCount":3}';
    check.deepEqual(await run("a", "b", "c"), [
      `info: set up, ${at}}`,
      `warning: all, ${at},${batch}`,
      `error: the second, ${at},"requestId":"b"}`,
      `info: awaited, ${at},${batch}`,
      `info: over, ${at}}`,
    ]);
    const two = await run("", "only");
    check.deepEqual(two.slice(0, 2), [
      `warning: all, ${at},"requestId":"only"}`,
      `error: the second, ${at},"requestId":"only"}`,
    ]);
    const [all = ""] = await run(...Array.from({ length: 12 }, (_, index) => `id-${index}`));
    check.match(all, /"id-8","id-9"\],"requestCount":12\}$/);
    probe.instance.stop();
    await probe.exit;
  });
}

function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve_) => {
    setImmediate(resolve_);
  });
}
