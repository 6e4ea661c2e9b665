/** Bisection: who is found guilty, and how many executions that takes. */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { Bisection } from "./bisection.ts";

interface Found {
  readonly guilty: readonly number[];
  readonly innocent: readonly number[];
  /** After the first one. */
  readonly runs: readonly (readonly number[])[];
}

/** `leaves`: is this one not waited for any more after so many runs? */
function find(
  count: number,
  isGuilty: (item: number) => boolean,
  leaves: (item: number, runCount: number) => boolean = () => false,
): Found {
  const items = Array.from({ length: count }, (_, item) => item);
  const found = { guilty: [] as number[], innocent: [] as number[], runs: [] as number[][] };
  const bisection = new Bisection(items, (item) => !leaves(item, found.runs.length));
  for (let part = bisection.next(); part !== undefined; part = bisection.next()) {
    found.runs.push([...part]);
    if (!part.some(isGuilty)) {
      bisection.passed();
      found.innocent.push(...part);
    } else {
      bisection.failed();
      if (part.length === 1) found.guilty.push(...part);
    }
  }
  check.ok(bisection.isOver);
  return found;
}

test("the example of the header", () => {
  check.deepEqual(find(8, (item) => item === 6).runs, [[0, 1, 2, 3], [4, 5], [6], [7]]);
});

test("exactly the guilty are found, in at most 2k * log2(n) executions", () => {
  const counts = fc.integer({ min: 2, max: 100 });
  const cases = counts.chain((count) =>
    fc.tuple(fc.constant(count), fc.subarray(Array.from({ length: count }, (_, item) => item))),
  );
  fc.assert(
    fc.property(cases, ([count, guilty]) => {
      const found = find(count, (item) => guilty.includes(item));
      check.deepEqual(found.guilty, guilty);
      check.equal(found.innocent.length, count - guilty.length);
      if (guilty.length === 0) return;
      check.ok(found.runs.length <= 2 * guilty.length * Math.log2(count));
    }),
  );
});

test("what failed only once costs log2(n) executions, and everybody passes", () => {
  const found = find(64, () => false);
  check.equal(found.innocent.length, 64);
  check.equal(found.runs.length, 7);
});

test("whoever leaves is run no more, and nobody else is forgotten", () => {
  const leavings = fc.array(fc.tuple(fc.nat(15), fc.nat(20)), { maxLength: 8 });
  fc.assert(
    fc.property(leavings, fc.array(fc.nat(15), { maxLength: 4 }), (leaving, guilty) => {
      const leaves = (item: number, runCount: number): boolean =>
        leaving.some(([who, after]) => who === item && after <= runCount);
      const found = find(16, (item) => guilty.includes(item), leaves);
      for (const [index, part] of found.runs.entries()) {
        for (const item of part) check.ok(!leaves(item, index));
      }
      const ended = [...found.guilty, ...found.innocent];
      check.equal(new Set(ended).size, ended.length);
      for (let item = 0; item < 16; item += 1) {
        if (!ended.includes(item)) check.ok(leaves(item, found.runs.length));
      }
      check.ok(found.guilty.every((item) => guilty.includes(item)));
    }),
  );
});
