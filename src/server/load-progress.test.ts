/** What is told while models load, on a virtual clock. */
import { strict as check } from "node:assert";
import test from "node:test";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { tellProgress } from "./load-progress.ts";

interface Deferred {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function deferred(): Deferred {
  let settle: Omit<Deferred, "promise"> = { resolve: () => {}, reject: () => {} };
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle };
}

function told(count: number) {
  const clock = new VirtualClock();
  const lines: string[] = [];
  const ignore = (): void => {};
  const info = (line: string): void => {
    lines.push(line);
  };
  const loads = Array.from({ length: count }, deferred);
  const models = loads.map(({ promise }, index) => ({ name: `m${index}`, load: promise }));
  tellProgress(models, { clock, log: { info, verbose: ignore, warning: ignore, error: ignore } });
  return { clock, lines, loads };
}

test("a line every five seconds, until the last load has ended", async () => {
  const { clock, lines, loads } = told(3);
  const [first, second, third] = loads;
  second?.resolve();
  await second?.promise;
  clock.advance(4999);
  check.deepEqual(lines, []);
  clock.advance(1);
  const line = "loading: 1 of 3 models are done after 5 s; not yet: 'm0', 'm2'";
  check.deepEqual(lines.splice(0), [line]);
  first?.reject(new Error("no weights"));
  await first?.promise.catch(() => {});
  clock.advance(5000);
  check.deepEqual(lines.splice(0), ["loading: 2 of 3 models are done after 10 s; not yet: 'm2'"]);
  third?.resolve();
  await third?.promise;
  clock.advance(60_000);
  check.deepEqual(lines, []);
});

test("many names are counted", () => {
  const { clock, lines } = told(8);
  clock.advance(5000);
  check.match(lines[0] ?? "", /^loading: 0 of 8 .*: 'm0', 'm1', 'm2', 'm3', 'm4' and 3 more$/);
});

test("no models: nothing to wait for", () => {
  const { clock, lines } = told(0);
  clock.advance(60_000);
  check.deepEqual(lines, []);
});
