/** Ensembles among the models of a core: how they load, and what becomes of them as models go. */
import { strict as check } from "node:assert";
import test from "node:test";
import { CoreFixture } from "../testing/core-of-ensembles.ts";
import { ensembleConfig, stepConfig, stepModel } from "../testing/ensemble-fixture.ts";

const chain = [stepConfig("a", { x: "X" }, { y: "T" }), stepConfig("b", { x: "T" }, { y: "Y" })];
const a = stepModel({ name: "a" });
const b = stepModel({ name: "b" });
const e = ensembleConfig({ steps: chain });

test("it loads when the models of its steps have, in whatever order they are named", async () => {
  const core = new CoreFixture();
  await Promise.all([core.load(e), core.load(a), core.load(b)]);
  check.deepEqual(core.index(), ["a/1 READY", "b/1 READY", "e/1 READY"]);
  const { platform, inputs } = core.core.modelMetadata("e", undefined);
  check.deepEqual([platform, inputs], ["ensemble", [{ name: "X", datatype: "FP32", shape: [1] }]]);
  core.core.setRunning();
  check.equal(core.core.isReady(), true);
});

test("a request goes through both, and all three count it", async () => {
  const core = new CoreFixture();
  await Promise.all([core.load(e), core.load(a), core.load(b)]);
  check.deepEqual(core.ask("e", { X: 5 }), { Y: 7 });
  const counts = core.core.statistics().map((one) => [one.modelName, one.success.count]);
  check.deepEqual(counts, [
    ["a", 1],
    ["b", 1],
    ["e", 1],
  ]);
});

test("ensembles of ensembles", async () => {
  const core = new CoreFixture();
  const steps = [stepConfig("e", { X: "X" }, { Y: "T" }), stepConfig("e", { X: "T" }, { Y: "Y" })];
  const outer = ensembleConfig({ name: "f", steps });
  await Promise.all([core.load(outer), core.load(e), core.load(a), core.load(b)]);
  check.deepEqual(core.ask("f", { X: 5 }), { Y: 9 });
});

test("a step's version may be pinned; else it is the highest that is ready", async () => {
  const core = new CoreFixture();
  const second = stepModel({ name: "a", version: 2 });
  core.addends.set("a/2", 10);
  const pinned = [stepConfig("a", { x: "X" }, { y: "T" }, 1), chain[1]!];
  const f = ensembleConfig({ name: "f", steps: pinned });
  await Promise.all([core.load(a), core.load(b), core.load(e), core.load(f)]);
  await core.load(second);
  check.deepEqual(core.ask("e", { X: 5 }), { Y: 16 });
  check.deepEqual(core.ask("f", { X: 5 }), { Y: 7 });
  await core.core.unload("a", 2);
  check.deepEqual(core.ask("e", { X: 5 }), { Y: 7 });
});

const failures: readonly [what: string, load: (core: CoreFixture) => unknown, error: string][] = [
  [
    "models that nobody knows",
    () => {},
    "ensemble e contains models that are not available or ambiguous: a, b",
  ],
  [
    "a model that failed",
    (core) => [core.load(b), core.fail("a", "no such file")],
    "ensemble 'e' depends on 'a' which has no loaded version. Model 'a' loading failed with " +
      "error: version 1 is at UNAVAILABLE state: Invalid argument: no such file;",
  ],
  [
    "models that do not fit",
    (core) => [core.load(a), core.load(stepModel({ name: "b", dims: [3] }))],
    "in ensemble e, ensemble tensor T: inconsistent shape: [1] is inferred from model a while " +
      "[3] is inferred from model b",
  ],
];

for (const [what, load, message] of failures) {
  test(`it does not load with ${what}`, async () => {
    const core = new CoreFixture();
    const loads = load(core);
    const failing = check.rejects(core.load(e), { code: "INVALID_ARGUMENT", message });
    await Promise.allSettled([loads].flat());
    await failing;
    check.ok(core.index().includes(`e/1 UNAVAILABLE Invalid argument: ${message}`));
  });
}

test("a version that is required and not loaded", async () => {
  const core = new CoreFixture();
  const f = ensembleConfig({ steps: [chain[0]!, stepConfig("b", { x: "T" }, { y: "Y" }, 3)] });
  await Promise.all([core.load(a), core.load(b)]);
  const message = "ensemble 'e' depends on 'b' whose required version 3 is not loaded.";
  await check.rejects(core.load(f), { code: "INVALID_ARGUMENT", message });
});

test("an ensemble of itself, and ensembles that need each other", async () => {
  const core = new CoreFixture();
  const around = (name: string, step: string) =>
    ensembleConfig({ name, steps: [stepConfig(step, { X: "X" }, { Y: "Y" })] });
  await check.rejects(core.load(around("e", "e")), {
    message: "circular dependency between ensembles: e -> ... -> e -> e",
  });
  const [, second, third] = await Promise.allSettled([
    core.load(around("p", "q")),
    core.load(around("q", "r")),
    core.load(around("r", "p")),
  ]);
  check.match(String((third as PromiseRejectedResult).reason), /ensembles: r -> ... -> p -> r/);
  check.match(String((second as PromiseRejectedResult).reason), /'q' depends on 'r' which has no/);
});

test("unloaded while it waits for its models", async () => {
  const core = new CoreFixture();
  const open = core.loadLater(a);
  const loading = check.rejects(core.load(e), { code: "UNAVAILABLE" });
  await core.settle();
  const unloaded = core.core.unload("e");
  await loading;
  await unloaded;
  open.resolve();
  await open.loading;
  check.deepEqual(core.index(), ["a/1 READY", "e/1 UNAVAILABLE unloaded"]);
});

test("it is down while a model of it is unloaded, and comes back with it", async () => {
  const core = new CoreFixture();
  await Promise.all([core.load(e), core.load(a), core.load(b)]);
  core.core.setRunning();
  await core.core.unload("b");
  check.deepEqual(core.index(), [
    "a/1 READY",
    "b/1 UNAVAILABLE unloaded",
    "e/1 UNAVAILABLE unloaded",
  ]);
  check.equal(core.core.isReady(), true);
  const text = "Request for unknown model: 'e' has no available versions";
  check.deepEqual(core.ask("e", { X: 5 }), `NOT_FOUND ${text}`);
  await core.load(b);
  check.deepEqual(core.index(), ["a/1 READY", "b/1 READY", "e/1 READY"]);
  check.deepEqual(core.ask("e", { X: 5 }), { Y: 7 });
  await core.core.unload("e");
  check.deepEqual(core.index(), ["a/1 READY", "b/1 READY", "e/1 UNAVAILABLE unloaded"]);
});

test("a model that comes back different shows why its ensemble does not", async () => {
  const core = new CoreFixture();
  await Promise.all([core.load(e), core.load(a), core.load(b)]);
  core.core.setRunning();
  await core.core.unload("b");
  await core.load(stepModel({ name: "b", dims: [3] }));
  check.match(core.index()[2] ?? "", /^e\/1 UNAVAILABLE Invalid argument: in ensemble e, .* shape/);
  check.equal(core.core.isReady(), false);
});

test("what an ensemble has begun it ends, although a model of it is being unloaded", async () => {
  const core = new CoreFixture();
  await Promise.all([core.load(e), core.load(a), core.load(b)]);
  core.holds = true;
  const answer = core.send("e", { X: 5 });
  let isUnloaded = false;
  const unloaded = core.core.unload("b").then(() => {
    isUnloaded = true;
  });
  await core.settle();
  check.match(core.index()[1] ?? "", /b\/1 UNLOADING/);
  check.equal(isUnloaded, false);
  core.release();
  core.release();
  check.deepEqual(answer.heard, [{ Y: 7 }]);
  await core.settle();
  await unloaded;
});

test("a model that is replaced ends what it has begun; what is new goes to the new one", async () => {
  const core = new CoreFixture();
  await Promise.all([core.load(e), core.load(a), core.load(b)]);
  core.holds = true;
  const answer = core.send("e", { X: 5 });
  await core.replace(b, 10);
  core.release();
  core.release();
  check.deepEqual(answer.heard, [{ Y: 7 }]);
  core.holds = false;
  check.deepEqual(core.ask("e", { X: 5 }), { Y: 16 });
});

test("so it is through an ensemble of an ensemble that is never idle", async () => {
  const core = new CoreFixture();
  const outer = ensembleConfig({ name: "f", steps: [stepConfig("e", { X: "X" }, { Y: "Y" })] });
  await Promise.all([core.load(outer), core.load(e), core.load(a), core.load(b)]);
  core.holds = true;
  const before = core.send("f", { X: 5 });
  await core.replace(b, 10);
  const after = core.send("f", { X: 5 });
  for (let turn = 0; turn < 4; turn += 1) core.release();
  check.deepEqual([before.heard, after.heard], [[{ Y: 7 }], [{ Y: 16 }]]);
  await core.core.unload("b");
  check.match(String(core.ask("f", { X: 5 })), /^NOT_FOUND/);
});

test("an ensemble keeps no answers of models that were replaced", async () => {
  const core = new CoreFixture(1e6);
  const cache = { maxBytes: 1e6 };
  const steps = [stepConfig("e", { X: "X" }, { Y: "Y" })];
  const outer = { ...ensembleConfig({ name: "f", steps }), cache };
  await Promise.all([core.load(outer), core.load({ ...e, cache }), core.load(a), core.load(b)]);
  const asked = [core.ask("f", { X: 5 }), core.ask("e", { X: 5 }), core.ask("f", { X: 5 })];
  check.deepEqual([asked, core.core.cacheFigures().hitCount], [[{ Y: 7 }, { Y: 7 }, { Y: 7 }], 2]);
  await core.replace(b, 10);
  check.deepEqual([core.ask("f", { X: 5 }), core.ask("e", { X: 5 })], [{ Y: 16 }, { Y: 16 }]);
});

test("what it computes with models that were replaced meanwhile, it keeps for nobody else", async () => {
  const core = new CoreFixture(1e6);
  const inner = { ...e, cache: { maxBytes: 1e6 } };
  const steps = [stepConfig("c", { x: "X" }, { y: "T" }), stepConfig("e", { X: "T" }, { Y: "Y" })];
  const outer = ensembleConfig({ name: "f", steps });
  const models = [a, b, stepModel({ name: "c" })].map((model) => core.load(model));
  await Promise.all([core.load(outer), core.load(inner), ...models]);
  core.holds = true;
  const before = core.send("f", { X: 4 });
  await core.replace(b, 10);
  for (let turn = 0; turn < 3; turn += 1) core.release();
  check.deepEqual(before.heard, [{ Y: 7 }]);
  core.holds = false;
  check.deepEqual(core.ask("e", { X: 5 }), { Y: 16 });
});

test("an ensemble that is replaced by one that does not fit serves on", async () => {
  const core = new CoreFixture();
  await Promise.all([core.load(e), core.load(a), core.load(b)]);
  const wrong = ensembleConfig({ steps: [stepConfig("a", { w: "X" }, { y: "Y" })] });
  await check.rejects(core.replace(wrong), { message: /non-existing input w in model a/ });
  const itself = ensembleConfig({ steps: [stepConfig("e", { X: "X" }, { Y: "Y" })] });
  await check.rejects(core.replace(itself), { message: /e -> ... -> e -> e/ });
  check.deepEqual(core.ask("e", { X: 5 }), { Y: 7 });
  await core.replace(ensembleConfig({ steps: [stepConfig("a", { x: "X" }, { y: "Y" })] }));
  check.deepEqual(core.ask("e", { X: 5 }), { Y: 6 });
});

test("an ensemble that could not be replaced still counts in circles", async () => {
  const core = new CoreFixture();
  const inner = ensembleConfig({ name: "f", steps: [stepConfig("a", { x: "X" }, { y: "Y" })] });
  const outer = ensembleConfig({ steps: [stepConfig("f", { X: "X" }, { Y: "Y" })] });
  await Promise.all([core.load(outer), core.load(inner), core.load(a)]);
  const wrong = ensembleConfig({ steps: [stepConfig("a", { w: "X" }, { y: "Y" })] });
  await check.rejects(core.replace(wrong), { message: /non-existing input w/ });
  const circle = ensembleConfig({ name: "f", steps: [stepConfig("e", { X: "X" }, { Y: "Y" })] });
  await check.rejects(core.replace(circle), { message: /circular dependency/ });
});

test("streams need not get along with those of the ensemble that is replaced", async () => {
  const core = new CoreFixture();
  const streams = ["s", "u"].map((name) => stepModel({ name, isDecoupled: true }));
  const through = (first: string, second: string) => {
    const steps = [
      stepConfig(first, { x: "X" }, { y: "T" }),
      stepConfig(second, { x: "T" }, { y: "Y" }),
    ];
    return ensembleConfig({ steps });
  };
  await Promise.all([core.load(through("s", "u")), ...streams.map((model) => core.load(model))]);
  await core.replace(through("u", "s"));
  check.deepEqual(core.index(), ["e/1 READY", "s/1 READY", "u/1 READY"]);
});

test("a server that drains lets the steps of what it has in", async () => {
  const core = new CoreFixture();
  await Promise.all([core.load(e), core.load(a), core.load(b)]);
  core.holds = true;
  const answer = core.send("e", { X: 5 });
  const drained = core.core.drain();
  await core.settle();
  core.release();
  await core.settle();
  core.release();
  await core.settle();
  await drained;
  check.deepEqual(answer.heard, [{ Y: 7 }]);
});

test("deadlines are the steps'", async () => {
  const core = new CoreFixture();
  await Promise.all([core.load(e), core.load(a), core.load(b)]);
  core.holds = true;
  const answer = core.send("e", { X: 5 }, core.clock.nowMs() + 10);
  core.clock.advance(11);
  check.deepEqual(answer.heard, ["DEADLINE_EXCEEDED in ensemble 'e', Deadline Exceeded"]);
});

test("a request that does not fit the ensemble is refused before any step", async () => {
  const core = new CoreFixture();
  await Promise.all([core.load(e), core.load(a), core.load(b)]);
  const text =
    "[request id: <id_unknown>] expected 1 inputs but got 0 inputs for model 'e'. Got input(s) [], " +
    "but missing required input(s) ['X']. Please provide all required input(s).";
  check.deepEqual(core.ask("e", {}), `INVALID_ARGUMENT ${text}`);
});
