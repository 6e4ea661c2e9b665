/** What groups of instances may say, and what contradicts: one line for each mistake. */
import { strict as check } from "node:assert";
import test from "node:test";
import { findOptionMistakes } from "./model-options-check.ts";

const right: readonly unknown[] = [
  [{}],
  [{ count: 2 }, { count: "auto" }],
  { devices: ["cuda:0", "cuda:1"] },
  { count: 5, kind: "thread", devices: ["cpu", "cuda:1"] },
  { count: "auto", devices: ["cuda:0", "cuda:1"] },
  [{ kind: "thread", concurrency: 2 }, { device: "cuda:0" }, { kind: "thread", concurrency: 2 }],
  [{ kind: "inline" }, { devices: ["cpu"] }],
  // Unless the model has no module: the configuration tells.
  [{ device: "cuda:0" }, { count: 2 }],
];

for (const instances of right) {
  test(`fine: ${JSON.stringify(instances)}`, () => {
    check.deepEqual(findOptionMistakes("m", { instances }), []);
  });
}

const forms = `an integer from 1, "auto", an object or a list of objects`;
const onlyThreads = `"cpu" for inline instances: only threads have one`;

const wrong: readonly (readonly [instances: unknown, ...lines: string[]])[] = [
  [[], `'instances' must be ${forms}, with one at least; got []`],
  [[{}, 2], "'instances[1]' must be an object; got 2"],
  [[{}, { devise: "cpu" }], "unknown option 'instances[1].devise' (did you mean 'device'?)"],
  [[{ count: 0 }], `'instances[0].count' must be an integer from 1, or "auto"; got 0`],
  [{ devices: "cuda:0" }, `'instances.devices' must be a list of devices; got "cuda:0"`],
  [{ devices: [] }, "'instances.devices' must be a list of devices, with one at least; got []"],
  [
    { devices: ["cuda:0", "gpu"] },
    `'instances.devices[1]' must be "cpu", or "cuda:0" and so on; got "gpu"`,
  ],
  [
    { device: "cuda:0", devices: ["cuda:1"] },
    `'instances.device' must be left out beside devices; got "cuda:0"`,
  ],
  [
    { count: 1, devices: ["cuda:0", "cuda:1"] },
    "'instances.count' must be at least 2, for an instance on each of devices; got 1",
  ],
  [{ kind: "inline", device: "cuda:0" }, `'instances.device' must be ${onlyThreads}; got "cuda:0"`],
  [
    [{ kind: "inline" }, { device: "cuda:0" }, { devices: ["cpu", "cuda:1"] }],
    `'instances[1].device' must be ${onlyThreads}; got "cuda:0"`,
    `'instances[2].devices' must be ${onlyThreads}; got ["cpu", "cuda:1"]`,
  ],
  [
    [{}, { kind: "thread" }, { kind: "inline" }],
    `'instances[2].kind' must be "thread", as for instances[1]: it is one for all instances; ` +
      `got "inline"`,
  ],
  [
    [{ concurrency: 2 }, { concurrency: 3 }, {}],
    "'instances[1].concurrency' must be 2, as for instances[0]: it is one for all instances; got 3",
  ],
];

for (const [instances, ...lines] of wrong) {
  test(`refused: ${lines.join("; ")}`, () => {
    check.deepEqual(findOptionMistakes("m", { instances }), lines);
  });
}
