/**
 * Ensembles in simulation: the real core against what units compute by themselves.
 *
 *   SEED=17 node --test dist/core/ensembles.sim.test.js     one run
 *
 * What a run is and what it checks: testing/ensembles/simulate-ensembles.ts.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { type Happened, mustHappen } from "../testing/ensembles/judge.ts";
import { simulateEnsembles } from "../testing/ensembles/simulate-ensembles.ts";

const seedCount = 200;
const seedsPerTest = 50;
const seedOnly = process.env["SEED"];
const happened: Happened = new Map();

if (seedOnly !== undefined) {
  test(`seed ${seedOnly}`, () => simulateEnsembles(Number(seedOnly), happened));
} else testAll();

function testAll(): void {
  for (let first = 0; first < seedCount; first += seedsPerTest) {
    const last = first + seedsPerTest - 1;
    test(`seeds ${first} to ${last}`, async () => {
      for (let seed = first; seed <= last; seed += 1) await simulateEnsembles(seed, happened);
    });
  }

  test("all that can become of a request has happened", (context) => {
    context.diagnostic(JSON.stringify(Object.fromEntries(happened)));
    check.deepEqual(
      mustHappen.filter((what) => !happened.has(what)),
      [],
    );
  });
}
