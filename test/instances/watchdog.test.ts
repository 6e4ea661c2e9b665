/**
 * The watchdog in a server: an inline model that holds the event loop is named, with the remedy.
 *
 * That it is named once a minute: src/server/watchdog.test.ts, which owns the clock.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { fp32, type Model, model } from "shoal";
import { until } from "../until.ts";
import { LoggedServer } from "./logged-server.ts";

const thresholdMs = 100;

function compute(durationMs: number): void {
  const untilMs = performance.now() + durationMs;
  while (performance.now() < untilMs);
}

const tensors = { inputs: { x: fp32(1) }, outputs: { y: fp32(1) } } as const;

const models: readonly Model[] = [
  model("computes", {
    ...tensors,
    infer: ({ x }) => {
      compute(2 * thresholdMs);
      return { y: x };
    },
  }),
  model("computes-and-throws", {
    ...tensors,
    infer: async () => {
      compute(2 * thresholdMs);
      await turnOfTheLoop();
      throw new Error("after all that");
    },
  }),
  model("computes-later", {
    ...tensors,
    infer: async ({ x }) => {
      await turnOfTheLoop();
      // The loop is looked at every 20 ms.
      compute(3 * thresholdMs);
      return { y: x };
    },
  }),
  model("quick", { ...tensors, infer: ({ x }) => ({ y: x }) }),
  model("waits", {
    ...tensors,
    infer: async ({ x }) => {
      for (let turn = 0; turn < 100; turn += 1) await turnOfTheLoop();
      return { y: x };
    },
  }),
];

const remedy = 'thread of its own: module: import.meta.url, or instances: { kind: "thread" }';

test("who holds the loop is named once, and nobody else is", async (t) => {
  const served = await LoggedServer.start(t, models, { blockingThresholdMs: thresholdMs });
  for (const name of [
    "computes",
    "quick",
    "computes",
    "computes-and-throws",
    "quick",
    "computes",
  ]) {
    await served.call(name, "");
  }
  const warnings = served.messages("W");
  check.equal(warnings.length, 2);
  for (const [index, name] of ["computes", "computes-and-throws"].entries()) {
    const text = warnings[index] ?? "";
    check.match(text, new RegExp(`^model '${name}' held the event loop for \\d+ ms: `));
    check.ok(text.includes(remedy), text);
  }
});

test("a model that computes after an await is named, too", async (t) => {
  const served = await LoggedServer.start(t, models, { blockingThresholdMs: thresholdMs });
  await served.call("waits", "");
  await served.call("computes-later", "");
  await until(() => served.messages("W").length > 0);
  const [warning = ""] = served.messages("W");
  check.match(warning, /^the event loop was held for \d+ ms while model 'computes-later' ran: /);
  check.ok(warning.includes(remedy), warning);
});
