/** The watchdog says who held the event loop: once a minute for each model, and what to do. */
import { strict as check } from "node:assert";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { model } from "../definition/model.ts";
import { fp32 } from "../definition/specifications.ts";
import { createServer } from "./server.ts";
import { Watchdog } from "./watchdog.ts";

function watch(): { dog: Watchdog; lines: string[]; clock: { atMs: number; nowMs(): number } } {
  const lines: string[] = [];
  const clock = { atMs: 0, nowMs: () => clock.atMs };
  const log = { warning: (message: string) => void lines.push(message) };
  return { dog: new Watchdog({ clock, log, thresholdMs: 50 }), lines, clock };
}

test("below the threshold nothing is said", () => {
  const { dog, lines } = watch();
  dog.blocked("m", 1, 49.9);
  check.deepEqual(lines, []);
});

test("a block is told with the model's name and the remedy", () => {
  const { dog, lines } = watch();
  dog.blocked("slow", 1, 120.4);
  check.equal(lines.length, 1);
  check.match(
    lines[0]!,
    /^model 'slow' held the event loop for 120 ms: .*module: import\.meta\.url/,
  );
});

test("once a minute for each model, then with what was left unsaid", () => {
  const { dog, lines, clock } = watch();
  for (const atMs of [0, 10, 59_999]) {
    clock.atMs = atMs;
    dog.blocked("a", 1, 60);
  }
  check.equal(lines.length, 1);
  dog.blocked("b", 1, 60);
  dog.blocked("a", 2, 60);
  check.equal(lines.length, 3);
  clock.atMs = 60_000;
  dog.blocked("a", 1, 60);
  check.match(lines[3]!, /^model 'a' .*\(and 2 more times since this was last said\)/);
});

test("a server's log names the inline model that blocks, and not the one that waits", async () => {
  const tensors = { inputs: { x: fp32(1) }, outputs: { y: fp32(1) } };
  const blocks = model("blocks", {
    ...tensors,
    infer: ({ x: y }) => {
      const endMs = performance.now() + 30;
      while (performance.now() < endMs);
      return { y };
    },
  });
  const waits = model("waits", {
    ...tensors,
    infer: async ({ x }) => {
      const y = x.clone();
      await new Promise((resolve) => {
        setTimeout(resolve, 30);
      });
      return { y };
    },
  });
  const folder = await mkdtemp(join(tmpdir(), "shoal-watchdog-"));
  const logFile = join(folder, "log");
  const options = { allowHttp: false, allowMetrics: false, blockingThresholdMs: 20, logFile };
  try {
    await using server = createServer([blocks, waits], options);
    await server.ready;
    for (const inferring of [waits, blocks, blocks]) {
      await server.infer({ model: inferring, inputs: { x: [[1]] } });
    }
    const lines = (await readFile(logFile, "utf8")).split("\n").filter((line) => /held/.test(line));
    check.equal(lines.length, 1);
    check.match(
      lines[0]!,
      /^W.*"model 'blocks' held the event loop for \d+ ms: .*module: import\.meta\.url.*"$/,
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
