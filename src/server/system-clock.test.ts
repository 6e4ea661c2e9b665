/** The real clock keeps its promises: never early, never inside the call, not after a cancel. */
import { strict as check } from "node:assert";
import test from "node:test";
import { every, SystemClock } from "./system-clock.ts";

const clock = new SystemClock();

for (const delayMs of [-5, 0, 0.1, 0.9, 1, 1.5, 3.7]) {
  test(`a wake-up in ${delayMs} ms is not early`, async () => {
    const atMs = clock.nowMs() + delayMs;
    let isInside = true;
    const wokenAtMs = await new Promise<number>((resolve, reject) => {
      clock.wakeAt(atMs, () => (isInside ? reject(new Error("inside")) : resolve(clock.nowMs())));
      isInside = false;
    });
    check.ok(wokenAtMs >= atMs, `${wokenAtMs} before ${atMs}`);
  });
}

test("a cancelled wake-up never comes, and cancelling twice is once", async () => {
  const nowMs = clock.nowMs();
  const woken: string[] = [];
  const cancels = [
    clock.wakeAt(nowMs + 2, () => woken.push("timer")),
    clock.wakeAt(nowMs, () => woken.push("turn")),
    clock.wakeAt(Number.POSITIVE_INFINITY, () => woken.push("never")),
  ];
  for (const cancel of [...cancels, ...cancels]) cancel();
  await new Promise<void>((resolve) => {
    clock.wakeAt(nowMs + 8, resolve);
  });
  check.deepEqual(woken, []);
});

test("a wait beyond what a timer holds does not end at once", async () => {
  let isWoken = false;
  const cancel = clock.wakeAt(clock.nowMs() + 2 ** 40, () => {
    isWoken = true;
  });
  await new Promise<void>((resolve) => {
    clock.wakeAt(clock.nowMs() + 5, resolve);
  });
  cancel();
  check.equal(isWoken, false);
});

test("wall time is milliseconds since 1970", () => {
  check.ok(Math.abs(clock.wallMs() - Date.now()) < 60_000);
});

test("a tick comes again and again, until ended", async () => {
  let ticks = 0;
  const keepAlive = clock.wakeAt(clock.nowMs() + 60_000, () => {});
  await new Promise<void>((resolve) => {
    const end = every(1, () => {
      ticks += 1;
      if (ticks < 3) return;
      end();
      resolve();
    });
  });
  keepAlive();
  check.equal(ticks, 3);
});
