/**
 * Each option of a model, wrong in every way: by itself, and beside others.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { findOptionMistakes, tellMistakes } from "./model-options-check.ts";
import { positiveInteger } from "./option-checks.ts";

const fine: readonly object[] = [
  {},
  { maxBatchSize: 1, batching: {}, instances: 1, limits: {} },
  { batching: false },
  { maxBatchSize: undefined, batching: undefined, instances: undefined, limits: undefined },
  { instances: "auto" },
  { instances: { count: "auto", kind: "thread", device: "cuda:12" } },
  { limits: { maxWaitingRequests: 1, loadTimeoutMs: 0.5, executionTimeoutMs: Infinity } },
  { batching: { maxQueueDelayMs: 0, preferredBatchSizes: [] } },
  { maxBatchSize: 64, batching: { preferredBatchSizes: [64, 1, 1] } },
  { batching: { preserveOrdering: true, priorities: { levels: 1, default: 1 } } },
  { batching: { preserveOrdering: true, queue: { timeoutMs: 5, onTimeout: "reject" } } },
  {
    batching: {
      preserveOrdering: true,
      queue: { timeoutMs: 0, onTimeout: "delay", allowTimeoutOverride: true },
    },
  },
  { batching: { queue: { maxSize: 8192, timeoutMs: 0, onTimeout: "reject" } } },
  { batching: { queue: { onTimeout: "delay", timeoutMs: 1 } } },
  { batching: { priorities: { levels: 3, default: 3, queues: { 1: {}, 3: {} } }, queue: {} } },
  { batching: { priorities: { levels: 1, default: 1, queues: { 1: undefined } }, queue: {} } },
  { cache: true, singleFlight: true },
  { cache: { maxBytes: 1 }, singleFlight: false, batching: { preserveOrdering: false } },
  { cache: false, batching: { preserveOrdering: true } },
  { batching: { queue: { maxSize: 9000 } }, limits: { maxWaitingRequests: 9000 } },
];

for (const options of fine) {
  test(`fine: ${JSON.stringify(options)}`, () => {
    check.deepEqual(findOptionMistakes("m", { ...options }), []);
  });
}

const integer = "must be an integer from 1";
const duration = "must be a number of milliseconds from 0";
const delayAndOrder =
  "Queue policy can not have DELAY as timeout action when 'preserve_ordering' is true for m";

const inNoOrder =
  "left out beside batching.preserveOrdering: answers that are shared come when they are there, " +
  "in no order";

/** Options, and all that is wrong with them. */
const wrong: readonly [object, ...lines: string[]][] = [
  [{ maxBatchSize: 1.5 }, `'maxBatchSize' ${integer}; got 1.5`],
  [{ maxBatchSize: "8" }, `'maxBatchSize' ${integer}; got "8"`],
  [{ maxbatchsize: 8 }, "unknown option 'maxbatchsize' (did you mean 'maxBatchSize'?)"],
  [
    { colour: 8 },
    "unknown option 'colour' (there are maxBatchSize, batching, instances, limits, cache, " +
      "singleFlight, warmup)",
  ],
  [{ cache: 1000 }, "'cache' must be true, false or an object; got 1000"],
  [{ cache: { bytes: 1 } }, "unknown option 'cache.bytes' (there are maxBytes)"],
  [{ cache: { maxBytes: 0 } }, `'cache.maxBytes' ${integer}; got 0`],
  [{ singleFlight: 1 }, "'singleFlight' must be true or false; got 1"],
  [
    { cache: true, singleFlight: true, batching: { preserveOrdering: true } },
    `'cache' must be ${inNoOrder}; got true`,
    `'singleFlight' must be ${inNoOrder}; got true`,
  ],
  [{ batching: true }, "'batching' must be false or an object; got true"],
  [{ batching: null }, "'batching' must be false or an object; got null"],
  [
    { batching: { maxDelayMs: 1 } },
    "unknown option 'batching.maxDelayMs' (there are maxQueueDelayMs, maxCost, " +
      "preferredBatchSizes, preserveOrdering, isolateFailures, priorities, queue)",
  ],
  [{ batching: { maxQueueDelayMs: -1 } }, `'batching.maxQueueDelayMs' ${duration}; got -1`],
  [
    { batching: { maxQueueDelayMs: Infinity } },
    `'batching.maxQueueDelayMs' ${duration}; got Infinity`,
  ],
  [
    { batching: { preferredBatchSizes: 8 } },
    "'batching.preferredBatchSizes' must be a list of batch sizes; got 8",
  ],
  [
    { batching: { preferredBatchSizes: [8, "x", 2.5] } },
    `'batching.preferredBatchSizes[1]' must be an integer; got "x"`,
    "'batching.preferredBatchSizes[2]' must be an integer; got 2.5",
  ],
  [
    { batching: { preserveOrdering: 1 } },
    "'batching.preserveOrdering' must be true or false; got 1",
  ],
  [
    { batching: { isolateFailures: "no" } },
    `'batching.isolateFailures' must be true or false; got "no"`,
  ],
  [
    { batching: { priorities: {} } },
    `'batching.priorities.levels' ${integer}; got undefined`,
    "'batching.priorities.default' must be an integer, the level of requests that name none; " +
      "got undefined",
  ],
  [
    { batching: { priorities: { levels: 0, default: 7, queues: { 9: {} } } } },
    `'batching.priorities.levels' ${integer}; got 0`,
  ],
  [
    { batching: { priorities: { levels: 2, default: 1, queues: [] } } },
    "'batching.priorities.queues' must be an object of queue policies by level; got []",
  ],
  [
    { batching: { priorities: { levels: 2, default: 1, queues: { 2: { max: 1 } } } } },
    "unknown option 'batching.priorities.queues.2.max' (there are maxSize, timeoutMs, " +
      "onTimeout, allowTimeoutOverride)",
  ],
  [{ batching: { queue: 5 } }, "'batching.queue' must be an object; got 5"],
  [
    { batching: { queue: { maxSize: 0, timeoutMs: Number.NaN, onTimeout: "Delay" } } },
    `'batching.queue.maxSize' ${integer}; got 0`,
    `'batching.queue.timeoutMs' ${duration}; got NaN`,
    `'batching.queue.onTimeout' must be "reject" or "delay" (did you mean 'delay'?); got "Delay"`,
  ],
  [
    { batching: { queue: { allowTimeoutOverride: "no" } } },
    `'batching.queue.allowTimeoutOverride' must be true or false; got "no"`,
  ],
  [
    { instances: "many" },
    `'instances' must be an integer from 1, "auto", an object or a list of objects; got "many"`,
  ],
  [
    { instances: { count: 0, kind: "process", device: "gpu" } },
    `'instances.count' ${integer}, or "auto"; got 0`,
    `'instances.kind' must be "inline" or "thread"; got "process"`,
    `'instances.device' must be "cpu", or "cuda:0" and so on; got "gpu"`,
  ],
  [{ limits: 5 }, "'limits' must be an object; got 5"],
  [
    { limits: { maxWaitingRequests: 0, loadTimeoutMs: Infinity, executionTimeoutMs: 0 } },
    `'limits.maxWaitingRequests' ${integer}; got 0`,
    "'limits.loadTimeoutMs' must be a number of milliseconds above 0; got Infinity",
    "'limits.executionTimeoutMs' must be a number of milliseconds above 0, or Infinity; got 0",
  ],
  // From here on values that are fine alone.
  [
    { maxBatchSize: 8, batching: false },
    "'maxBatchSize' must be left out beside batching: false; got 8",
  ],
  [
    { batching: { preferredBatchSizes: [33, -1] } },
    "'batching.preferredBatchSizes[0]' must be at most maxBatchSize, which is 32; got 33 " +
      "(dynamic batching preferred size must be <= max batch size for m)",
    "'batching.preferredBatchSizes[1]' must be an integer from 1; got -1 " +
      "(dynamic batching preferred size must be positive for m)",
  ],
  [
    { batching: { priorities: { levels: 2, default: 3 } } },
    "'batching.priorities.default' must be a level from 1 to 2; got 3 " +
      "(default priority level must be in range [1, 2] for m)",
  ],
  [
    { batching: { priorities: { levels: 2, default: 0, queues: { 0: {}, "01": {}, x: {} } } } },
    "'batching.priorities.default' must be a level from 1 to 2; got 0 " +
      "(default priority level must be in range [1, 2] for m)",
    ...["0", "01", "x"].map(
      (level) =>
        `'batching.priorities.queues' must be of levels from 1 to 2; got "${level}" ` +
        "(priority queue policy must have priority level in range [1, 2] for m)",
    ),
  ],
  [
    { batching: { preserveOrdering: true, priorities: { levels: 2, default: 1 } } },
    "'batching.preserveOrdering' must be false with several priority levels, here 2; got true " +
      "(Only one priority level is allowed when 'preserve_ordering' is true for m)",
  ],
  [
    { batching: { preserveOrdering: true, queue: { timeoutMs: 5, onTimeout: "delay" } } },
    `'batching.queue.onTimeout' must be "reject" beside preserveOrdering; got "delay" ` +
      `(${delayAndOrder})`,
  ],
  [
    {
      batching: {
        preserveOrdering: true,
        priorities: {
          levels: 1,
          default: 1,
          queues: { 1: { timeoutMs: 5, onTimeout: "delay" } },
        },
      },
    },
    `'batching.priorities.queues.1.onTimeout' must be "reject" beside preserveOrdering; ` +
      `got "delay" (${delayAndOrder})`,
  ],
  [
    { batching: { queue: { onTimeout: "delay", timeoutMs: 0 } } },
    "'batching.queue.onTimeout' must be left out where nothing can time out (by timeoutMs or " +
      `allowTimeoutOverride); got "delay"`,
  ],
  [
    { batching: { queue: { maxSize: 8193 } } },
    "'batching.queue.maxSize' must be at most limits.maxWaitingRequests, 8192; got 8193",
  ],
  [
    {
      batching: { priorities: { levels: 2, default: 1, queues: { 2: { maxSize: 6 } } } },
      limits: { maxWaitingRequests: 5 },
    },
    "'batching.priorities.queues.2.maxSize' must be at most limits.maxWaitingRequests, 5; got 6",
  ],
  [
    { batching: { priorities: { levels: 2, default: 1, queues: { 1: {}, 2: {} } }, queue: {} } },
    "'batching.queue' must be left out where each level has a policy of its own; got an object",
  ],
  // All of it at once.
  [
    { maxBatchSize: 0, batching: { maxQueueDelayMs: -1, preferredBatchSizes: [0, 64] } },
    `'maxBatchSize' ${integer}; got 0`,
    `'batching.maxQueueDelayMs' ${duration}; got -1`,
    "'batching.preferredBatchSizes[0]' must be an integer from 1; got 0 " +
      "(dynamic batching preferred size must be positive for m)",
  ],
];

for (const [options, ...lines] of wrong) {
  test(`refused: ${lines.join("; ")}`, () => {
    check.deepEqual(findOptionMistakes("m", { ...options }), lines);
  });
}

test("options beside the shared ones are known by their checks", () => {
  const others = { version: positiveInteger };
  check.deepEqual(findOptionMistakes("m", { version: 1 }, others), []);
  check.deepEqual(findOptionMistakes("m", { versoin: 1 }, others), [
    "unknown option 'versoin' (did you mean 'version'?)",
    "'version' must be an integer from 1; got undefined",
  ]);
});

test("mistakes are told one a line, each with the model's name", () => {
  check.equal(tellMistakes("m", ["is a", "has b"]), "model 'm': is a\nmodel 'm': has b");
});
