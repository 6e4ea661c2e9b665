/** Lanes take turns, and each keeps its order. */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { OutgoingLanes } from "./outgoing-lanes.ts";

test("one item of each lane in turn", () => {
  const lanes = new OutgoingLanes<string>();
  const [a, b, c] = [lanes.newLane(), lanes.newLane(), lanes.newLane()];
  for (const item of ["a1", "a2", "a3"]) a.push(item);
  b.push("b1");
  for (const item of ["c1", "c2"]) c.push(item);
  const taken = Array.from({ length: 7 }, () => lanes.take());
  check.deepEqual(taken, ["a1", "b1", "c1", "a2", "c2", "a3", undefined]);
});

test("nobody is passed over, whatever is pushed and taken", () => {
  const step = fc.oneof(fc.nat({ max: 3 }), fc.constant("take" as const));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const lanes = new OutgoingLanes<readonly [lane: number, number: number]>();
      const all = [0, 1, 2, 3].map(() => lanes.newLane());
      const pushed = [0, 0, 0, 0];
      const taken = [0, 0, 0, 0];
      let waiting = 0;
      const take = (): void => {
        const item = lanes.take();
        check.equal(item === undefined, waiting === 0);
        if (item === undefined) return;
        const [lane, number] = item;
        check.equal(number, taken[lane]);
        taken[lane] = number + 1;
        waiting -= 1;
      };
      for (const each of steps) {
        if (each === "take") take();
        else {
          all[each]?.push([each, pushed[each] ?? 0]);
          pushed[each] = (pushed[each] ?? 0) + 1;
          waiting += 1;
        }
      }
      while (waiting > 0) take();
      check.ok(lanes.isEmpty);
      check.deepEqual(taken, pushed);
    }),
  );
});

test("what is cleared is gone, and lanes go on", () => {
  const lanes = new OutgoingLanes<number>();
  const lane = lanes.newLane();
  lane.push(1);
  lane.push(2);
  lanes.clear();
  check.ok(lanes.isEmpty);
  lane.push(3);
  check.equal(lanes.take(), 3);
});
