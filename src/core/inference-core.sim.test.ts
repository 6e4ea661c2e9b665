/**
 * The whole core in simulation, compared with an oracle that knows nothing of it.
 *
 *   SEED=17 npm test -- sim    replays one run and tells what happens, event by event
 *   npm run soak               goes on where these seeds end
 *
 * What a run is and what it checks: testing/simulation/simulate.ts.
 */
import { strict as check } from "node:assert";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { Coverage } from "../testing/simulation/coverage.ts";
import { regressions } from "../testing/simulation/regressions.ts";
import { fewestEvents, fixedSeedCount, simulate } from "../testing/simulation/simulate.ts";

const seedsPerTest = 100;

const seedOnly = process.env["SEED"];
const coverage = new Coverage();

if (seedOnly === undefined) testAll();
else test(`seed ${seedOnly}`, () => replay(Number(seedOnly)));

function testAll(): void {
  for (const [seed, fault] of regressions) {
    test(`seed ${seed}, which found: ${fault}`, () => run(seed));
  }

  for (let first = 0; first < fixedSeedCount; first += seedsPerTest) {
    const last = first + seedsPerTest - 1;
    test(`seeds ${first} to ${last}`, async () => {
      for (let seed = first; seed <= last; seed += 1) await run(seed);
    });
  }

  test("every kind of event has happened", (context) => {
    context.diagnostic(`\n${coverage.text()}`);
    check.deepEqual(coverage.missing(), []);
  });

  test("the oracle imports nothing from the core", () => {
    for (const { path, text } of sourcesOfOracle()) {
      for (const [, target] of text.matchAll(/from "([^"]+)"/g)) {
        check.doesNotMatch(target ?? "", /\bcore\b/, path);
      }
    }
  });
}

async function run(seed: number): Promise<void> {
  const { eventCount } = await simulate(seed, { coverage });
  check.ok(eventCount >= fewestEvents, `seed ${seed}: only ${eventCount} events`);
}

async function replay(seed: number): Promise<void> {
  const narrate = (line: string): void => console.log(line);
  const { eventCount, stepCount } = await simulate(seed, { coverage, narrate });
  console.log(`seed ${seed}: ${eventCount} events in ${stepCount} steps, all as expected`);
}

/** All that the oracle consists of, as written: types count too. */
function sourcesOfOracle(): readonly { readonly path: string; readonly text: string }[] {
  const simulation = new URL("../../src/testing/simulation/", import.meta.url);
  const oracle = fileURLToPath(new URL("oracle/", simulation));
  const ofOracle = readdirSync(oracle).map((name) => `oracle/${name}`);
  const shared = ["plans.ts", "journal.ts", "coverage.ts", "statistics-facts.ts"];
  const paths = [...ofOracle, ...shared, "../instance-script.ts"];
  return paths.map((path) => ({ path, text: readFileSync(new URL(path, simulation), "utf8") }));
}
