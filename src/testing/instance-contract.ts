/**
 * Contract of instances, as a suite: every kind of instance runs it (inline, in a thread,
 * simulated), so that the core may rely on it, and the simulation of the core cannot drift.
 *
 * A kind brings a host for each behaviour. Its model is "echoes" or a variation of it:
 *   inputs   x    FP32 [rows,2]     text  BYTES [rows,1], optional
 *   outputs  y    as x              copy  as text, or empty texts
 *
 * Not here: what only some kinds can do (the tests of each kind), what the core makes of it.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ExecutionBatch, InstanceHost, ModelAnswer } from "../core/instance.ts";
import { InferenceError } from "../protocol/errors.ts";
import { batchOf, contentsOf, numbers, texts } from "./batch-fixture.ts";
import { type Execution, InstanceProbe } from "./instance-probe.ts";

export type Behaviour =
  | "echoes"
  /** The first batch fails, UNAVAILABLE "not yet". */
  | "failsAtFirst"
  /** Of each batch the second request fails, NOT_FOUND "no such row"; the others are answered. */
  | "failsTheSecond"
  /** A batch ends when its last caller has gone. */
  | "waitsForItsCallersToGo"
  /** INVALID_ARGUMENT, "no weights". */
  | "failsToLoad"
  /** It says that a restart would be in vain: in its first batch, or while it loads. */
  | "givesUp"
  | "givesUpLoading"
  /** It is never ready, and ends as soon as it is asked to stop. */
  | "loadsUntilStopped";

export interface InstanceKind {
  readonly name: string;
  readonly hostOf: (behaviour: Behaviour) => Promise<InstanceHost>;
}

type ContractCase = (start: (behaviour: Behaviour) => Promise<InstanceProbe>) => Promise<void>;

/** Registers a test for each case. What a case starts and does not end is abandoned. */
export function instanceContract({ name, hostOf }: InstanceKind): void {
  for (const [what, run] of Object.entries(cases)) {
    void test(`${name}: ${what}`, async () => {
      const probes: InstanceProbe[] = [];
      try {
        await run(async (behaviour) => {
          const probe = new InstanceProbe(await hostOf(behaviour));
          probes.push(probe);
          return probe;
        });
        await turnOfTheLoop();
      } finally {
        for (const { instance } of probes) instance.abandon();
      }
      const faults = probes.flatMap((probe) => probe.faults);
      check.deepEqual(faults, []);
    });
  }
}

const cases: Readonly<Record<string, ContractCase>> = {
  "loads, answers, stops": async (start) => {
    const probe = await start("echoes");
    await probe.isReady;
    check.deepEqual(contents(await probe.execute(single(1, 2))), [answerOf([1, 2])]);
    probe.instance.stop();
    check.deepEqual(await probe.exit, { error: undefined, isFinal: false });
    check.deepEqual(probe.said, ["ready", "done", "exited"]);
  },

  "each request gets its own rows": async (start) => {
    const probe = await start("echoes");
    await probe.isReady;
    const batch = batchOf(
      [numbers("x", [1, 2], [1, 2]), texts("text", [1, 1], "one")],
      [
        numbers("x", [3, 2], [3, 4, 5, 6, 7, 8]),
        texts("text", [3, 1], "", "fish 🐟", "x".repeat(300)),
      ],
      [numbers("x", [2, 2], [9, 10, 11, 12]), texts("text", [2, 1], "b", "c")],
    );
    check.deepEqual(contents(await probe.execute(batch)), [
      answerOf([1, 2], "one"),
      answerOf([3, 4, 5, 6, 7, 8], "", "fish 🐟", "x".repeat(300)),
      answerOf([9, 10, 11, 12], "b", "c"),
    ]);
    await ends(probe);
  },

  "an input that is left out": async (start) => {
    const probe = await start("echoes");
    await probe.isReady;
    const batch = batchOf([numbers("x", [2, 2], [1, 2, 3, 4])], [numbers("x", [1, 2], [5, 6])]);
    check.deepEqual(contents(await probe.execute(batch)), [
      answerOf([1, 2, 3, 4], "", ""),
      answerOf([5, 6], ""),
    ]);
    await ends(probe);
  },

  "one batch after another, also from inside the end of the one before": async (start) => {
    const probe = await start("echoes");
    await probe.isReady;
    for (let index = 0; index < 20; index += 1) {
      check.deepEqual(contents(await probe.execute(single(index, 0))), [answerOf([index, 0])]);
    }
    const second = new Promise<Execution>((resolve) => {
      background(
        probe.execute(single(1, 1), () => background(probe.execute(single(2, 2)).then(resolve))),
      );
    });
    check.deepEqual(contents(await second), [answerOf([2, 2])]);
    await ends(probe);
  },

  "moments are on the clock of the core, in their order": async (start) => {
    const probe = await start("echoes");
    await probe.isReady;
    const startMs = performance.now();
    const { times } = await probe.execute(single(1, 2));
    const endMs = performance.now();
    const { computeInputEndMs, computeOutputStartMs } = times;
    check.ok(computeInputEndMs <= computeOutputStartMs, "in their order");
    // Threads have one clock, but each reads where its own began a moment too late.
    check.ok(computeInputEndMs > startMs - 1, `${computeInputEndMs} after ${startMs}`);
    check.ok(computeOutputStartMs < endMs + 1, `${computeOutputStartMs} before ${endMs}`);
    await ends(probe);
  },

  "a batch that fails leaves the instance as good as before": async (start) => {
    const probe = await start("failsAtFirst");
    await probe.isReady;
    const { error, times } = await probe.execute(single(1, 2));
    check.ok(error instanceof InferenceError);
    check.deepEqual(
      [error.code, error.message, error.reason],
      ["UNAVAILABLE", "not yet", "BACKEND"],
    );
    check.ok(times.computeInputEndMs <= times.computeOutputStartMs);
    check.deepEqual(contents(await probe.execute(single(3, 4))), [answerOf([3, 4])]);
    await ends(probe);
    check.deepEqual(probe.said, ["ready", "failed", "done", "exited"]);
  },

  "one request of a batch fails": async (start) => {
    const probe = await start("failsTheSecond");
    await probe.isReady;
    const batch = batchOf(
      [numbers("x", [1, 2], [1, 2])],
      [numbers("x", [2, 2], [3, 4, 5, 6])],
      [numbers("x", [1, 2], [7, 8])],
    );
    const [first, , third] = contents(await probe.execute(batch));
    check.deepEqual([first, third], [answerOf([1, 2], ""), answerOf([7, 8], "")]);
    check.deepEqual(probe.said, ["ready", "1 failed: NOT_FOUND no such row", "done"]);
    await ends(probe);
  },

  "callers go, one after another: when the last one has, the batch may end": async (start) => {
    const probe = await start("waitsForItsCallersToGo");
    await probe.isReady;
    const ended = probe.execute(
      batchOf([numbers("x", [1, 2], [1, 2])], [numbers("x", [1, 2], [3, 4])]),
    );
    probe.abort(0);
    await turnOfTheLoop();
    check.deepEqual(probe.said, ["ready"], "somebody still waits");
    probe.abort(1);
    await ended;
    await ends(probe);
  },

  "a caller that has gone is forgotten with its batch": async (start) => {
    const probe = await start("waitsForItsCallersToGo");
    await probe.isReady;
    const first = probe.execute(single(1, 2));
    probe.abort(0);
    await first;
    const second = probe.execute(single(3, 4));
    await turnOfTheLoop();
    check.deepEqual(probe.said, ["ready", "done"], "the second one still waits");
    probe.abort(0);
    await second;
    await ends(probe);
  },

  "to stop is to finish what runs, and twice is once": async (start) => {
    const probe = await start("waitsForItsCallersToGo");
    await probe.isReady;
    const ended = probe.execute(single(1, 2));
    probe.instance.stop();
    probe.instance.stop();
    await turnOfTheLoop();
    check.deepEqual(probe.said, ["ready"]);
    probe.abort(0);
    await ended;
    await probe.exit;
    probe.instance.stop();
    check.deepEqual(probe.said, ["ready", "done", "exited"]);
  },

  "a caller that goes when the batch has ended changes nothing": async (start) => {
    const probe = await start("echoes");
    await probe.isReady;
    probe.abort(0);
    check.deepEqual(contents(await probe.execute(single(1, 2))), [answerOf([1, 2])]);
    probe.abort(0);
    check.deepEqual(contents(await probe.execute(single(3, 4))), [answerOf([3, 4])]);
    await ends(probe);
    probe.abort(0);
    check.deepEqual(probe.said, ["ready", "done", "done", "exited"]);
  },

  "stopped as soon as it runs": async (start) => {
    const probe = await start("echoes");
    await probe.isReady;
    const ended = probe.execute(single(1, 2));
    probe.instance.stop();
    check.deepEqual(contents(await ended), [answerOf([1, 2])]);
    check.deepEqual(await probe.exit, { error: undefined, isFinal: false });
  },

  "stopped at the end of a batch, when the next one runs already": async (start) => {
    const probe = await start("waitsForItsCallersToGo");
    await probe.isReady;
    let second: Promise<Execution> | undefined;
    const first = probe.execute(single(1, 2), () => {
      second = probe.execute(single(3, 4));
      probe.instance.stop();
    });
    probe.abort(0);
    await first;
    await turnOfTheLoop();
    check.deepEqual(probe.said, ["ready", "done"], "the second one still waits");
    probe.abort(0);
    await second;
    await probe.exit;
    check.deepEqual(probe.said, ["ready", "done", "done", "exited"]);
  },

  "stopped while it loads": async (start) => {
    const probe = await start("loadsUntilStopped");
    probe.instance.stop();
    check.deepEqual(await probe.exit, { error: undefined, isFinal: false });
    check.deepEqual(probe.said, ["exited"]);
  },

  "a batch after which it cannot go on": async (start) => {
    const probe = await start("givesUp");
    await probe.isReady;
    background(probe.execute(single(1, 2)));
    const { error, isFinal } = await probe.exit;
    check.ok(error instanceof InferenceError);
    check.deepEqual([error.code, error.reason, isFinal], ["INTERNAL", "BACKEND", true]);
    check.deepEqual(probe.said, ["ready", "exited"], "its batch fails with that");
  },

  "a load after which it cannot go on": async (start) => {
    const probe = await start("givesUpLoading");
    const { error, isFinal } = await probe.exit;
    check.ok(error instanceof InferenceError);
    check.deepEqual([error.code, isFinal], ["INTERNAL", true]);
    check.deepEqual(probe.said, ["exited"]);
  },

  "a load that fails": async (start) => {
    const probe = await start("failsToLoad");
    const { error, isFinal } = await probe.exit;
    check.ok(error instanceof InferenceError);
    check.deepEqual(
      [error.code, error.message, isFinal],
      ["INVALID_ARGUMENT", "no weights", false],
    );
    probe.instance.stop();
    check.deepEqual(probe.said, ["exited"]);
  },

  "abandoned, it is not heard any more": async (start) => {
    const [busy, idle, loading] = await Promise.all([
      start("waitsForItsCallersToGo"),
      start("echoes"),
      start("loadsUntilStopped"),
    ]);
    await Promise.all([busy.isReady, idle.isReady]);
    background(busy.execute(single(1, 2)));
    for (const { instance } of [busy, idle, loading]) {
      instance.abandon();
      instance.abandon();
    }
    // Another one lives its whole life meanwhile.
    const other = await start("echoes");
    await other.isReady;
    await other.execute(single(1, 2));
    await ends(other);
    check.deepEqual([busy.said, idle.said, loading.said], [["ready"], ["ready"], []]);
  },
};

function single(...values: readonly [number, number]): ExecutionBatch {
  return batchOf([numbers("x", [1, 2], values)]);
}

/** Of a request for these numbers, two a row, with these texts; none are sent as empty ones. */
function answerOf(values: readonly number[], ...copies: string[]): readonly unknown[] {
  const rows = values.length / 2;
  const copy = copies.length > 0 ? copies : Array.from({ length: rows }, () => "");
  return [
    ["y", [rows, 2], values],
    ["copy", [rows, 1], copy],
  ];
}

function contents({ answers, error }: Execution): readonly unknown[] {
  check.equal(error, undefined);
  return answers.map((answer: ModelAnswer) => {
    check.ok(answer !== undefined && !(answer instanceof Error), "an answer for each request");
    return contentsOf(answer);
  });
}

async function ends(probe: InstanceProbe): Promise<void> {
  probe.instance.stop();
  check.deepEqual(await probe.exit, { error: undefined, isFinal: false });
  check.equal(probe.said.at(-1), "exited");
}

/** What is to be said soon has been said, by whoever shares this thread. */
function turnOfTheLoop(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Its end shows elsewhere. */
function background(promise: Promise<unknown>): void {
  promise.catch(() => {});
}
