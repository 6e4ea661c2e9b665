/** The states of model versions, and what a look-up finds or says. */
import { strict as check } from "node:assert";
import test from "node:test";
import { InferenceError } from "../protocol/errors.ts";
import { modelConfig } from "../testing/core-fixture.ts";
import { ByteBudget } from "./byte-budget.ts";
import type { InstanceEvents, InstanceHost } from "./instance.ts";
import { LoadedModel } from "./loaded-model.ts";
import { type ModelVersion, Repository } from "./repository.ts";
import { ResponseCache } from "./response-cache.ts";

const clock = { nowMs: () => 0, wallMs: () => 0, wakeAt: () => () => {} };
const silent = { verbose() {}, info() {}, warning() {}, error() {} };

/** An instance that is there at once, and what it can be told. */
class ReadyHost implements InstanceHost {
  events: InstanceEvents | undefined;

  start(_index: number, events: InstanceEvents): ReturnType<InstanceHost["start"]> {
    this.events = events;
    void Promise.resolve().then(() => events.ready());
    return {
      execute() {},
      abort() {},
      credit() {},
      stop: () => events.exited(undefined),
      abandon: () => false,
    };
  }
}

async function loadedModel(host: InstanceHost = new ReadyHost()): Promise<LoadedModel> {
  const config = modelConfig();
  const waitingBytes = new ByteBudget(1e6);
  const cache = new ResponseCache(0);
  const digest = (head: string): string => head;
  const find = (): never => {
    throw new Error("it is no ensemble");
  };
  const options = { clock, log: silent, waitingBytes, cache, digest, onOutOfService() {}, find };
  const model = new LoadedModel({ config, host }, options);
  await model.load(0);
  return model;
}

function makeReady(entry: ModelVersion, model: LoadedModel): void {
  entry.model = model;
  entry.state = "READY";
}

test("versions begin LOADING, and are listed by name and version", () => {
  const repository = new Repository();
  for (const [name, version] of [
    ["b", 2],
    ["a", 1],
    ["b", 10],
    ["b", 1],
  ] as const) {
    repository.begin(name, version);
  }
  const loading = { state: "LOADING", reason: "" };
  check.deepEqual(repository.index(), [
    { name: "a", version: 1, ...loading },
    { name: "b", version: 1, ...loading },
    { name: "b", version: 2, ...loading },
    { name: "b", version: 10, ...loading },
  ]);
  check.deepEqual(
    repository.versionsOf("b").map(({ version }) => version),
    [1, 2, 10],
  );
  check.deepEqual(repository.versionsOf("c"), []);
});

for (const state of ["LOADING", "READY", "UNLOADING"] as const) {
  test(`a version that is ${state} cannot begin again`, () => {
    const repository = new Repository();
    repository.begin("m", 1).state = state;
    check.throws(() => repository.begin("m", 1), {
      code: "ALREADY_EXISTS",
      message: `model 'm' version 1 is there already (${state})`,
    });
    check.equal(repository.all().length, 1);
  });
}

test("a version that failed stays, with the reason, until it is loaded again", () => {
  const repository = new Repository();
  const failed = repository.begin("m", 1);
  repository.fail(failed, new InferenceError("INVALID_ARGUMENT", "no such file"));
  const reason = "Invalid argument: no such file";
  check.deepEqual(repository.index(), [{ name: "m", version: 1, state: "UNAVAILABLE", reason }]);
  check.equal(repository.isReady(), false);
  const again = repository.begin("m", 1);
  check.notEqual(again, failed);
  check.deepEqual(repository.all(), [again]);
  check.equal(again.state, "LOADING");
});

test("a version that was unloaded stays, and does no harm", async () => {
  const repository = new Repository();
  const entry = repository.begin("m", 1);
  makeReady(entry, await loadedModel());
  repository.end(entry);
  const unloaded = { state: "UNAVAILABLE", reason: "unloaded" };
  check.deepEqual(repository.index(), [{ name: "m", version: 1, ...unloaded }]);
  check.equal(entry.model, undefined);
  check.equal(repository.isReady(), true);
});

test("readiness is that of every version, and of its instances", async () => {
  const repository = new Repository();
  check.equal(repository.isReady(), true);
  const host = new ReadyHost();
  const first = repository.begin("m", 1);
  check.equal(repository.isReady(), false);
  makeReady(first, await loadedModel(host));
  check.equal(repository.isReady(), true);
  repository.begin("m", 2);
  check.equal(repository.isReady(), false);
  repository.end(repository.versionsOf("m")[1]!);
  check.equal(repository.isReady(), true);
  host.events?.exited(new InferenceError("INTERNAL", "it crashed"));
  check.equal(repository.isReady(), false);
});

test("without a version, the highest READY one is found", async () => {
  const repository = new Repository();
  const [second, first, third] = [2, 1, 3].map((version) => repository.begin("m", version));
  const models = await Promise.all([loadedModel(), loadedModel()]);
  makeReady(first!, models[0]);
  makeReady(second!, models[1]);
  check.equal(third?.state, "LOADING");
  check.equal(repository.lookUp("m", undefined), models[1]);
  check.equal(repository.lookUp("m", 1), models[0]);
  repository.end(second!);
  check.equal(repository.lookUp("m", undefined), models[0]);
});

test("a version out of service shows why, and is found only if no other serves", async () => {
  const repository = new Repository();
  const host = new ReadyHost();
  const [serving, failed] = await Promise.all([loadedModel(), loadedModel(host)]);
  makeReady(repository.begin("m", 1), serving);
  makeReady(repository.begin("m", 2), failed);
  host.events?.exited(new InferenceError("INTERNAL", "the device is gone"), true);
  const reason = "Internal: the device is gone";
  check.deepEqual(repository.index(), [
    { name: "m", version: 1, state: "READY", reason: "" },
    { name: "m", version: 2, state: "UNAVAILABLE", reason },
  ]);
  check.equal(repository.isReady(), false);
  check.throws(() => repository.begin("m", 2), {
    message: "model 'm' version 2 is there already (out of service: unbind it first)",
  });
  check.equal(repository.lookUp("m", undefined), serving);
  check.equal(repository.lookUp("m", 2), failed);
  repository.end(repository.versionsOf("m")[0]!);
  check.equal(repository.lookUp("m", undefined), failed);
});

const lookUps: readonly [name: string, version: number | undefined, code: string, text: string][] =
  [
    ["n", undefined, "NOT_FOUND", "'n' is not found"],
    ["n", 1, "NOT_FOUND", "'n' is not found"],
    ["m", undefined, "NOT_FOUND", "'m' has no available versions"],
    ["m", 1, "UNAVAILABLE", "'m' version 1 is not at ready state"],
    ["m", 2, "NOT_FOUND", "'m' version 2 is not found"],
  ];

for (const state of ["LOADING", "UNLOADING", "UNAVAILABLE"] as const) {
  test(`look-ups of a version that is ${state}`, () => {
    const repository = new Repository();
    repository.begin("m", 1).state = state;
    for (const [name, version, code, text] of lookUps) {
      check.throws(() => repository.lookUp(name, version), {
        code,
        message: `Request for unknown model: ${text}`,
      });
    }
  });
}
