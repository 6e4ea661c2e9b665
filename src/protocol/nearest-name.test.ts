/** Which name somebody may have meant, and when nobody can tell. */
import { strict as check } from "node:assert";
import test from "node:test";
import { nearestName } from "./nearest-name.ts";

const names = ["linear", "maxBatchSize", "deviceId", "cpu", "cuda"];

const cases: readonly [wrong: string, nearest: string | undefined][] = [
  ["linear", "linear"],
  ["linaer", "linear"],
  ["LINEAR", "linear"],
  ["maxbatchsize", "maxBatchSize"],
  ["device", "deviceId"],
  ["gpu", "cpu"],
  ["cudo", "cuda"],
  ["x", undefined],
  ["", undefined],
  ["quadratic", undefined],
  ["linear".repeat(1_000_000), undefined],
];

for (const [wrong, nearest] of cases) {
  test(`'${wrong.slice(0, 20)}' is ${nearest ?? "nothing"}`, () => {
    check.equal(nearestName(wrong, names), nearest);
  });
}

test("of two names the nearer one, of equally near ones the first", () => {
  check.equal(nearestName("levels", ["level", "levels"]), "levels");
  check.equal(nearestName("leven", ["level", "leves"]), "level");
  check.equal(nearestName("level", []), undefined);
});
