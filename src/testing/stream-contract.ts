/**
 * Contract of models that stream, as a suite: inline and in threads they do the same, and so does
 * whatever else will run them.
 *
 * Not here: what the core makes of it (core/*.sim.test.ts), how readers are told (frontends).
 */
import { strict as check } from "node:assert";
import test from "node:test";
import type { Model } from "../definition/model.ts";
import { responseWindow } from "../executor/response-outlet.ts";
import { hostOptions, resolve } from "./executor-fixture.ts";
import { streamModels } from "./stream-models.ts";
import { StreamProbe } from "./stream-probe.ts";

export interface StreamKind {
  readonly name: string;
  /** The model as this kind runs it. */
  readonly prepare: (model: Model) => Model;
}

interface Started {
  readonly probe: StreamProbe;
  readonly lines: readonly string[];
}

type StreamCase = (start: (model: Model) => Promise<Started>) => Promise<void>;

/** Registers a test for each case. What a case starts and does not end is abandoned. */
export function streamContract({ name, prepare }: StreamKind): void {
  for (const [what, run] of Object.entries(cases)) {
    void test(`${name}: ${what}`, async () => {
      const probes: StreamProbe[] = [];
      try {
        await run(async (model) => {
          const options = hostOptions();
          const { host } = await resolve(prepare(model), options);
          const probe = new StreamProbe(host);
          probes.push(probe);
          await probe.isReady;
          return { probe, lines: options.lines };
        });
      } finally {
        for (const { instance } of probes) instance.abandon();
      }
    });
  }
}

const { responses: most, bytes: mostBytes } = responseWindow;

const cases: Readonly<Record<string, StreamCase>> = {
  "each request gets its rows of each response, in order": async (start) => {
    const { probe, lines } = await start(streamModels.counts);
    const run = probe.run([3, 2]);
    await run.hasEnded;
    check.deepEqual(run.said, ["0 0", "1 0", "0 1", "1 1", "0 2", "1 2", "done"]);
    check.deepEqual(ends(lines), ["ended"]);
  },

  "no response at all": async (start) => {
    const { probe } = await start(streamModels.counts);
    const run = probe.run([0]);
    await run.hasEnded;
    check.deepEqual(run.said, ["done"]);
  },

  "a generator that cannot wait": async (start) => {
    const { probe } = await start(streamModels.countsInTurns);
    const run = probe.run([1000]);
    await run.hasEnded;
    check.deepEqual(run.said, [...Array.from({ length: 1000 }, (_, k) => `0 ${k}`), "done"]);
  },

  "it is not ahead of its reader by more than the window": async (start) => {
    for (const model of [streamModels.counts, streamModels.countsInTurns]) {
      const { probe } = await start(model);
      const run = probe.run([1000], "take nothing");
      await run.heard(most);
      check.equal(await probe.pulledCount(), most);
      run.take(0, 5);
      await run.heard(most + 5);
      check.equal(await probe.pulledCount(), most + 5);
      check.equal(run.said.length, most + 5);
    }
  },

  "the window is of bytes, too": async (start) => {
    const { probe } = await start(streamModels.large);
    const run = probe.run([1000], "take nothing");
    const count = mostBytes / 65_536;
    await run.heard(count);
    check.equal(await probe.pulledCount(), count);
    run.take(0, 2);
    await run.heard(count + 2);
    check.equal(await probe.pulledCount(), count + 2);
  },

  "more credit than responses is no advance": async (start) => {
    const { probe } = await start(streamModels.counts);
    const run = probe.run([1000], "take nothing");
    await run.heard(most);
    run.take(0, 1000);
    await run.heard(2 * most);
    check.equal(await probe.pulledCount(), 2 * most);
  },

  "the slowest reader of a batch sets the pace, until it leaves": async (start) => {
    const { probe, lines } = await start(streamModels.counts);
    const run = probe.run([most + 3, most + 3], "take nothing");
    await run.heard(2 * most);
    run.take(0, most);
    check.equal(await probe.pulledCount(), most);
    run.leave(1);
    await run.hasEnded;
    check.equal(run.said.filter((line) => line.startsWith("0 ")).length, most + 3);
    check.deepEqual(ends(lines), ["ended"]);
  },

  "when nobody is left the generator ends, and its finally runs": async (start) => {
    for (const model of [streamModels.counts, streamModels.countsInTurns, streamModels.endless]) {
      const { probe, lines } = await start(model);
      const run = probe.run([1000, 1000], "take nothing");
      await run.heard(2 * most);
      run.leave(0);
      run.leave(1);
      await run.hasEnded;
      check.deepEqual(run.said.slice(2 * most), ["done"]);
      check.deepEqual(ends(lines), ["ended, nobody was left"]);
    }
  },

  "one that never ends is ended while it goes on": async (start) => {
    const { probe, lines } = await start(streamModels.endless);
    const run = probe.run([1]);
    await run.heard(5 * most);
    run.leave(0);
    await run.hasEnded;
    check.equal(run.said.at(-1), "done");
    check.deepEqual(ends(lines), ["ended, nobody was left"]);
  },

  "it throws after three responses": async (start) => {
    const { probe } = await start(streamModels.throws);
    const run = probe.run([3]);
    await run.hasEnded;
    check.deepEqual(run.said, ["0 0", "0 1", "0 2", "failed: no more today"]);
  },

  "a response that lacks rows fails its requests, and the generator ends": async (start) => {
    const { probe, lines } = await start(streamModels.wrong);
    const run = probe.run([1]);
    await run.hasEnded;
    const why = "model 'wrong': output 'k' must be of shape [1,1]; got [2,1]";
    check.deepEqual(run.said, ["0 0", `0 fails: ${why}`, "done"]);
    // A thread may be ahead.
    check.equal(ends(lines).length, 1);
  },

  "inputs stay, and what was given is gone": async (start) => {
    const { probe } = await start(streamModels.keeps);
    const run = probe.run([7]);
    await run.hasEnded;
    check.deepEqual(run.said.slice(0, 3), ["0 7", "0 7", "0 8"]);
    check.equal(run.said.length, 4);
    check.match(run.said[3] ?? "", /^failed: .*this tensor \(INT32 \[1,1\]\) is gone/);
  },

  "a model sends to each request what is its own": async (start) => {
    const { probe } = await start(streamModels.sends);
    const run = probe.run([2, 0, 3]);
    await run.hasEnded;
    check.deepEqual([...run.said].sort(), ["0 0", "0 1", "2 0", "2 1", "2 2.", "done"]);
  },

  "each request has a window of its own": async (start) => {
    const { probe } = await start(streamModels.sends);
    const run = probe.run([1000, 1000], "take nothing");
    await run.heard(2 * most);
    run.take(1, 10);
    await run.heard(2 * most + 10);
    check.deepEqual(new Set(run.said.slice(2 * most).map((line) => line[0])), new Set(["1"]));
    run.leave(0);
    run.leave(1);
    await run.hasEnded;
    check.equal(run.said.length, 2 * most + 11);
  },

  "requests end one by one": async (start) => {
    const { probe } = await start(streamModels.endsEach);
    const run = probe.run([0, 0, 0]);
    await run.hasEnded;
    check.deepEqual(run.said, ["0 .", "1 fails: nothing here", "2 2", "2 .", "done"]);
  },

  "a response to nobody is a failure of the model": async (start) => {
    const { probe } = await start(streamModels.sendsAstray);
    const run = probe.run([0]);
    await run.hasEnded;
    check.deepEqual(run.said, ["failed: model 'sends-astray' failed: internal error"]);
  },

  "a model that does not wait is stopped": async (start) => {
    const { probe } = await start(streamModels.floods);
    const run = probe.run([100_000], "take nothing");
    await run.hasEnded;
    check.match(run.said.at(-1) ?? "", /^failed: a model is \d+ responses ahead of its reader/);
    check.ok(run.said.length < 10_000, `${run.said.length}`);
  },

  "after the end nothing can be sent": async (start) => {
    const { probe, lines } = await start(streamModels.sendsLate);
    const run = probe.run([1]);
    await run.hasEnded;
    const other = probe.run([1]);
    await other.hasEnded;
    const isWarning = (line: string): boolean => line.includes("infer has settled");
    while (lines.filter(isWarning).length < 2) await turnOfTheLoop();
    check.deepEqual([run.said, other.said], [["done"], ["done"]]);
  },

  "what a model does not wait for fails a request, and nothing else": async (start) => {
    const { probe, lines } = await start(streamModels.sendsWrong);
    const run = probe.run([1, 1]);
    await run.hasEnded;
    const why = "model 'sends-wrong': output 'k' must be elements of shape [1,1]; got 2 elements";
    check.deepEqual(run.said, [`0 fails: ${why}`, "1 3", "done"]);
    const isWarning = (line: string): boolean => line.includes("a response was not sent");
    while (!lines.some(isWarning)) await turnOfTheLoop();
    check.equal(lines.filter(isWarning).length, 1);
  },

  "several at a time, each with its readers": async (start) => {
    const { probe } = await start(streamModels.counts);
    const slow = probe.run([1000], "take nothing");
    await slow.heard(most);
    const runs = Array.from({ length: 20 }, () => probe.run([100]));
    await Promise.all(runs.map(({ hasEnded }) => hasEnded));
    for (const { said } of runs) check.equal(said.length, 101);
    check.equal(slow.said.length, most);
    slow.leave(0);
    await slow.hasEnded;
    check.deepEqual(slow.said.slice(most), ["done"]);
  },

  "one that never waits leaves room for others": async (start) => {
    for (const model of [streamModels.counts, streamModels.countsInTurns]) {
      const { probe } = await start(model);
      const long = probe.run([1_000_000]);
      await long.heard(10);
      await probe.pulledCount();
      check.ok(!long.said.includes("done"));
      long.leave(0);
      await long.hasEnded;
    }
  },

  "asked to stop, it finishes what runs": async (start) => {
    const { probe } = await start(streamModels.counts);
    const runs = [probe.run([100]), probe.run([200])];
    probe.instance.stop();
    await probe.hasExited;
    check.deepEqual(
      runs.map(({ said }) => [said.length, said.at(-1)]),
      [
        [101, "done"],
        [201, "done"],
      ],
    );
  },
};

async function turnOfTheLoop(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** What was logged about the end of generators. */
function ends(lines: readonly string[]): readonly string[] {
  return lines.flatMap((line) => /ended(, nobody was left)?/.exec(line)?.[0] ?? []);
}
