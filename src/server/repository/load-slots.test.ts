/** Load slots: never more at once than there are, in order, whatever becomes of each. */
import { strict as check } from "node:assert";
import test from "node:test";
import { LoadSlots } from "./load-slots.ts";

test("as many run as there are slots, the others in their turn", async () => {
  const slots = new LoadSlots(2);
  const begun: number[] = [];
  const ends: ((fails: boolean) => void)[] = [];
  const runs = [0, 1, 2, 3].map((number) =>
    slots.run(() => {
      begun.push(number);
      return new Promise<number>((resolve, reject) => {
        ends[number] = (fails) => (fails ? reject(new Error("no")) : resolve(number));
      });
    }),
  );
  const settled = Promise.allSettled(runs);
  check.deepEqual(begun, [0, 1]);
  ends[1]?.(true);
  await check.rejects(runs[1] ?? Promise.resolve(), /no/);
  check.deepEqual(begun, [0, 1, 2]);
  ends[0]?.(false);
  await runs[0];
  check.deepEqual(begun, [0, 1, 2, 3]);
  ends[2]?.(false);
  ends[3]?.(false);
  await settled;
  check.equal(await slots.run(async () => await Promise.resolve("free again")), "free again");
});
