/**
 * Metrics of models' own, on the page of a server: of inline instances and threads, over restarts,
 * until the model is unloaded; and names that contradict each other.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { contradicting, countingModels } from "./instances/counting-models.ts";
import { LoggedServer } from "./instances/logged-server.ts";
import { MetricsPage } from "./prometheus-text.ts";
import { until } from "./until.ts";

const { inline, thread, pair } = countingModels;

async function pageOf(served: LoggedServer): Promise<MetricsPage> {
  return new MetricsPage(await served.metrics());
}

for (const [kind, model] of [
  ["inline", inline],
  ["thread", thread],
] as const) {
  test(`${kind}: what a batch has recorded is there with its answer`, async (t) => {
    const served = await LoggedServer.start(t, model);
    const before = await pageOf(served);
    check.equal(before.value("instances_up", { model: kind }), 1);
    check.deepEqual(before.families.get("words_total")?.samples, []);
    await served.call(kind, "", 3);
    await served.call(kind, "", 20);
    const page = await pageOf(served);
    check.equal(page.value("words_total", { model: kind }), 23);
    check.equal(page.value("words_sum"), 23);
    const text = await served.metrics();
    check.ok(text.includes('# HELP words_total Words read, "so far"\\nby language\n'));
    const labels = `a1="true",language="de\\n\\"\\\\",model="${kind}",version="1"`;
    check.ok(text.includes(`\nwords_total{${labels}} 23\n`));
    check.ok(text.includes(`\nwords_bucket{model="${kind}",version="1",le="10"} 1\n`));
  });
}

test("several instances make one figure, also when one of them starts again", async (t) => {
  const served = await LoggedServer.start(t, pair);
  await Promise.all([5, 6, 7].map((count) => served.call("pair", "", count)));
  check.equal((await pageOf(served)).value("words_total"), 18);
  check.equal((await pageOf(served)).value("instances_up"), 2);
  check.equal((await served.call("pair", "", -1)).status, 500);
  await until(async () => {
    const page = await pageOf(served);
    return page.value("shoal_instances", { state: "ready" }) === 2;
  });
  const page = await pageOf(served);
  check.equal(page.value("words_total"), 18, "counters never go back");
  check.equal(page.value("instances_up"), 2, "the lost one does not count");
});

test("one name in several models is one family; unloaded, a model has no series", async (t) => {
  const served = await LoggedServer.start(t, [inline, thread]);
  await served.call("inline", "", 2);
  await served.call("thread", "", 4);
  const both = await pageOf(served);
  check.equal(both.value("words_total", { model: "inline" }), 2);
  check.equal(both.value("words_total", { model: "thread" }), 4);
  await served.server.unbind("thread");
  const one = await pageOf(served);
  check.equal(one.value("words_total", { model: "thread" }), undefined);
  check.equal(one.value("words_total", { model: "inline" }), 2);
  await served.server.bind(thread);
  await served.call("thread", "", 1);
  check.equal((await pageOf(served)).value("words_total", { model: "thread" }), 1, "anew");
});

const why =
  "metric 'words_total' contradicts metric 'words_total' of model 'inline': " +
  "it is a counter there, and a gauge here";

for (const kind of ["inline", "thread"] as const) {
  test(`${kind}: a metric that contradicts another model's fails the load`, async (t) => {
    const served = await LoggedServer.start(t, inline);
    const message = `setup of model '${kind}-setup' failed: ${why}`;
    await check.rejects(served.server.bind(contradicting(kind, "setup")), { message });
    check.ok((await pageOf(served)).families.has("words_total"));
  });
}

test("declared only in infer: inline it fails the batch, in a thread it is not kept", async (t) => {
  const served = await LoggedServer.start(t, inline);
  await served.server.bind(contradicting("inline", "infer"));
  await served.server.bind(contradicting("thread", "infer"));
  check.equal((await served.call("inline-infer", "")).status, 500);
  check.equal((await served.call("thread-infer", "")).status, 200);
  check.ok(served.messages("E").some((message) => message.includes(`'thread-infer': ${why}`)));
  check.equal((await pageOf(served)).value("words_total", { model: "thread-infer" }), undefined);
});
