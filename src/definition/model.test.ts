/**
 * What `model()` makes of its arguments, and every complaint about them.
 *
 * The options that all models share have their table in protocol/model-options-check.test.ts.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ModelOptions } from "../protocol/model-options.ts";
import { type Model, model } from "./model.ts";
import { openModelTable } from "./model-table.ts";
import { fp32, optional } from "./specifications.ts";

const inputs = { x: fp32(-1), scale: optional(fp32(1)) };
const outputs = { y: fp32(-1) };
const infer = (): { y: number[][] } => ({ y: [[1]] });
const least = { inputs, outputs, infer };

test("a definition holds what it was given", () => {
  const setup = (): number => 1;
  const built: Model = model("m", {
    version: 3,
    inputs,
    outputs,
    maxBatchSize: 8,
    batching: { maxQueueDelayMs: 2 },
    instances: { count: 2, kind: "thread" },
    limits: { executionTimeoutMs: Infinity },
    module: "file:///models/m.js",
    setup,
    infer,
  });
  check.deepEqual(built, {
    kind: "function",
    name: "m",
    version: 3,
    inputs,
    outputs,
    isDecoupled: false,
    module: "file:///models/m.js",
    options: {
      maxBatchSize: 8,
      batching: { maxQueueDelayMs: 2 },
      instances: { count: 2, kind: "thread" },
      limits: { executionTimeoutMs: Infinity },
    },
    measures: { cost: undefined, bucket: undefined },
    setup,
    infer,
  });
  check.ok(Object.isFrozen(built));
});

test("what is left out stays out", () => {
  const { version, module, options } = model("m", least);
  check.deepEqual({ version, module, options }, { version: 1, module: undefined, options: {} });
});

test("a module may be a URL", () => {
  const url = new URL("file:///models/m.js");
  check.equal(model("m", { ...least, module: url }).module, url.href);
});

test("a model without batching needs no input", () => {
  check.deepEqual(model("m", { ...least, inputs: {}, batching: false }).inputs, {});
});

const counts: readonly (readonly [instances: ModelOptions["instances"], options: unknown])[] = [
  [undefined, { count: 2 }],
  [2, { count: 2 }],
  [{ kind: "thread" }, { kind: "thread", count: 2 }],
  [
    { count: 2, devices: ["cuda:0", "cuda:1"] },
    { count: 2, devices: ["cuda:0", "cuda:1"] },
  ],
  [{ devices: ["cuda:0"] }, { devices: ["cuda:0"], count: 2 }],
  [
    [{ device: "cuda:0" }, { device: "cuda:1" }],
    [{ device: "cuda:0" }, { device: "cuda:1" }],
  ],
];

for (const [instances, expected] of counts) {
  test(`two functions are two instances: ${JSON.stringify(instances)}`, () => {
    const functions = [infer, async () => await Promise.resolve(infer())];
    const built = model("m", {
      inputs,
      outputs,
      ...(instances !== undefined && { instances }),
      infer: functions,
    });
    check.deepEqual(built.options, { instances: expected });
    check.equal(built.isDecoupled, false);
  });
}

test("a list of generators streams, and so does one that says so", () => {
  const yields = async function* (): AsyncGenerator<{ y: number[][] }> {
    yield await Promise.resolve(infer());
  };
  check.equal(model("m", { ...least, infer: [yields, yields] }).isDecoupled, true);
  check.equal(model("m", { ...least, decoupled: true, infer: [yields, infer] }).isDecoupled, true);
});

test("functions may be async, and setup comes first", () => {
  model("m", {
    ...least,
    setup: async () => await Promise.resolve(2),
    infer: async (_, { state }) => await Promise.resolve({ y: [[state]] }),
  });
});

test("models are registered where an instance looks for them", () => {
  const { models } = openModelTable();
  const [one, other] = [model("one", least), model("other", least)];
  check.throws(() => model("m", { ...least, version: 0 }));
  check.deepEqual(models, [one, other]);
});

const spec = "a tensor specification, such as fp32(-1)";
const names =
  "version, inputs, outputs, module, setup, decoupled, infer, cost, bucket, maxBatchSize, batching, instances, limits, " +
  "cache, singleFlight, warmup";

const twoFunctions = "2, one for each function of infer, or left out";

/** Changes to a definition that is fine, and all that is wrong then. */
const complaints: readonly [changes: object, ...lines: string[]][] = [
  [{ version: 0 }, "'version' must be an integer from 1; got 0"],
  [{ version: "1" }, `'version' must be an integer from 1; got "1"`],
  [{ maxBatchsize: 8 }, "unknown option 'maxBatchsize' (did you mean 'maxBatchSize'?)"],
  [{ colour: "blue" }, `unknown option 'colour' (there are ${names})`],
  [{ inputs: undefined }, "'inputs' must be an object of tensor specifications; got undefined"],
  [{ inputs: [fp32(1)] }, "'inputs' must be an object of tensor specifications; got [an object]"],
  [{ outputs: null }, "'outputs' must be an object of tensor specifications; got null"],
  [{ outputs: {} }, "'outputs' must be at least one tensor specification; got an object"],
  [
    { inputs: { x: "FP32", z: { datatype: "FP8", dims: [1] }, v: { datatype: "FP32" } } },
    `'inputs.x' must be ${spec}; got "FP32"`,
    `'inputs.z' must be ${spec}; got an object`,
    `'inputs.v' must be ${spec}; got an object`,
  ],
  [{ inputs: { x: fp32 } }, `'inputs.x' must be ${spec}; got a function`],
  [{ outputs: { y: undefined } }, `'outputs.y' must be ${spec}; got undefined`],
  [
    { outputs: { y: optional(fp32(1)) } },
    "'outputs.y' must not be optional: a model returns all its outputs",
  ],
  [{ inputs: {} }, "needs an input to count its rows by: declare one, or set 'batching' to false"],
  [{ module: 5 }, "'module' must be import.meta.url, the file URL of the module; got 5"],
  [
    { module: "./m.js" },
    `'module' must be import.meta.url, the file URL of the module; got "./m.js"`,
  ],
  [
    { module: new URL("https://example.org/m.js") },
    "'module' must be import.meta.url, the file URL of the module; " +
      `got "https://example.org/m.js"`,
  ],
  [{ module: {} }, "'module' must be import.meta.url, the file URL of the module; got an object"],
  [{ setup: 5 }, "'setup' must be a function; got 5"],
  [
    { infer: undefined },
    "'infer' must be a function, or an object with a method 'infer'; got undefined",
  ],
  [{ infer: [] }, "'infer' must be a list of at least one function; got []"],
  [
    { infer: [infer, 5] },
    "'infer[1]' must be a function, or an object with a method 'infer'; got 5",
  ],
  [
    { infer: [infer, async function* () {}] },
    "'infer[1]' must be a plain function, as infer[0] is; got a function",
  ],
  [
    { infer: [function* () {}, infer] },
    "'infer[1]' must be a generator function, as infer[0] is; got a function",
  ],
  [
    { infer: [function* () {}], decoupled: false },
    "'decoupled' must be true or left out: a generator streams; got false",
  ],
  [{ infer: [infer, infer], instances: 3 }, `'instances' must be ${twoFunctions}; got 3`],
  [{ infer: [infer, infer], instances: "auto" }, `'instances' must be ${twoFunctions}; got "auto"`],
  [
    { infer: [infer, infer], instances: { count: 1 } },
    `'instances.count' must be ${twoFunctions}; got 1`,
  ],
  [
    { infer: [infer, infer], instances: { count: "auto" } },
    `'instances.count' must be ${twoFunctions}; got "auto"`,
  ],
  [
    { infer: [infer], instances: { devices: ["cuda:0", "cuda:1"] } },
    `'instances.devices' must be no longer than infer, which has 1; got ["cuda:0", "cuda:1"]`,
  ],
  [
    { infer: [infer, infer], instances: [{ count: 2 }, {}] },
    "'instances' must be groups of 2 instances together, one for each function of infer; got 3",
  ],
  [
    { infer: [infer, infer], instances: [{ count: "auto" }, {}] },
    "'instances[0].count' must be a number, where infer is a list of functions; got \"auto\"",
  ],
  [
    { infer: [infer, infer], instances: [{ devices: null }, null] },
    "'instances[0].devices' must be a list of devices; got null",
    "'instances[1]' must be an object; got null",
  ],
  [
    { infer: [infer, infer], instances: [{ count: 0 }, {}] },
    "'instances[0].count' must be an integer from 1, or \"auto\"; got 0",
  ],
  [
    { decoupled: false, async *infer() {} },
    "'decoupled' must be true or left out: a generator streams; got false",
  ],
  [
    { decoupled: true, batching: { preserveOrdering: true } },
    "'batching.preserveOrdering' must be false for a model that streams; got true",
  ],
  [
    { async *infer() {}, cache: { maxBytes: 9 }, singleFlight: true },
    "'cache' must be false or left out for a model that streams; got an object " +
      "(Response Cache does not currently support model m with 'decoupled' transaction policy)",
    "'singleFlight' must be false or left out for a model that streams; got true",
  ],
  [{ decoupled: "yes" }, "'decoupled' must be true or false; got \"yes\""],
  [
    { maxBatchSize: 4, batching: { preferredBatchSizes: [8] } },
    "'batching.preferredBatchSizes[0]' must be at most maxBatchSize, which is 4; got 8 " +
      "(dynamic batching preferred size must be <= max batch size for m)",
  ],
  [
    { version: -1, maxBatchSize: 0, setup: null, instances: { kind: "fiber" } },
    "'version' must be an integer from 1; got -1",
    "'setup' must be a function; got null",
    "'maxBatchSize' must be an integer from 1; got 0",
    `'instances.kind' must be "inline" or "thread"; got "fiber"`,
  ],
];

/** Called as a user without types would. */
const untyped = model as unknown as (name: unknown, definition?: unknown) => unknown;

for (const [changes, ...lines] of complaints) {
  test(`refused: ${lines.join("; ")}`, () => {
    check.throws(() => untyped("m", { ...least, ...changes }), {
      name: "TypeError",
      message: lines.map((line) => `model 'm': ${line}`).join("\n"),
    });
  });
}

test("refused: no definition at all", () => {
  check.throws(() => untyped("m"), {
    name: "TypeError",
    message: [
      "model 'm': 'inputs' must be an object of tensor specifications; got undefined",
      "model 'm': 'outputs' must be an object of tensor specifications; got undefined",
      "model 'm': 'infer' must be a function, or an object with a method 'infer'; got undefined",
    ].join("\n"),
  });
});

for (const name of ["m", "M-1", "resnet_50.v2", "0", "statistics"]) {
  test(`a name: '${name}'`, () => check.equal(model(name, least).name, name));
}

for (const name of ["", "a b", "a/b", "a\n", "modèle", "stats", undefined, 5, ["m"]]) {
  test(`refused as a name: ${JSON.stringify(name)}`, () => {
    check.throws(() => untyped(name, least), {
      name: "TypeError",
      message:
        /^model\(\): 'name' must be letters, digits, dots, dashes and underscores, and not 'stats'; got /,
    });
  });
}
