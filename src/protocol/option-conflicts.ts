/**
 * Conflicts among the options of a model: values that are fine alone, but contradict another one,
 * or that another one makes meaningless. What nobody would heed is refused, not ignored.
 *
 * Where Triton refuses the same, its words stand in brackets: people search for them. Lines come
 * in its order, so that the first agrees with the only one that Triton tells.
 *
 * A value that is wrong by itself takes no part: model-options-check.ts tells it.
 */

import { type Fields, isFields } from "./fields.ts";
import { optionDefaults } from "./model-options.ts";
import { isCount, mustBe } from "./option-checks.ts";

/** A queue policy, and where it stands. */
interface Policy {
  readonly field: string;
  readonly queue: Fields;
}

/** The options that meet, by what they are about. */
interface Batching {
  readonly modelName: string;
  readonly maxBatchSize: unknown;
  readonly batching: Fields;
  readonly priorities: Fields;
  /** Of the default first, then of levels. */
  readonly policies: readonly Policy[];
  readonly maxWaitingRequests: unknown;
}

export function findOptionConflicts(modelName: string, options: Fields): readonly string[] {
  const { maxBatchSize = optionDefaults.maxBatchSize } = options;
  if (options["batching"] === false) return besideNoBatching(options);
  const batching = fieldsIn(options["batching"]);
  const priorities = fieldsIn(batching["priorities"]);
  const levelPolicies = Object.entries(fieldsIn(priorities["queues"])).map(([level, queue]) => ({
    field: `batching.priorities.queues.${level}`,
    queue: fieldsIn(queue),
  }));
  const defaultPolicy = { field: "batching.queue", queue: fieldsIn(batching["queue"]) };
  const policies = [defaultPolicy, ...levelPolicies];
  const { maxWaitingRequests = optionDefaults.maxWaitingRequests } = fieldsIn(options["limits"]);
  const all = { modelName, maxBatchSize, batching, priorities, policies, maxWaitingRequests };
  return [
    ...preferredSizeConflicts(all),
    ...levelConflicts(all),
    ...orderingConflicts(all),
    ...sharingConflicts(all, options),
    ...policies.flatMap(timeoutConflicts),
    ...sizeConflicts(all),
    ...unusedPolicies(all),
  ];
}

/** A model that batches counts its rows by the first dimension of an input. */
export function findRowCountMistakes(options: Fields, inputCount: number): readonly string[] {
  if (options["batching"] === false || inputCount > 0) return [];
  return ["needs an input to count its rows by: declare one, or set 'batching' to false"];
}

/** Of a model that streams. */
export function findStreamMistakes(options: Fields, modelName: string): readonly string[] {
  return [...findOrderMistakes(options), ...findSharingMistakes(options, modelName)];
}

/** A stream is made for its reader, and goes at his pace. */
function findSharingMistakes({ cache, singleFlight }: Fields, modelName: string): string[] {
  const mistakes: string[] = [];
  if (isFields(cache) || cache === true) {
    const mistake = mustBe("cache", "false or left out for a model that streams", cache);
    const words = `Response Cache does not currently support model ${modelName}`;
    mistakes.push(`${mistake} (${words} with 'decoupled' transaction policy)`);
  }
  if (singleFlight === true) {
    mistakes.push(mustBe("singleFlight", "false or left out for a model that streams", true));
  }
  return mistakes;
}

/**
 * A batch of streams goes on while each of its readers has room; what is
 * held back for the order is taken by nobody, so that one stream would wait for another for ever.
 * And what has left of a stream cannot be run again.
 */
function findOrderMistakes({ batching }: Fields): readonly string[] {
  return ["preserveOrdering", "isolateFailures"]
    .filter((name) => fieldsIn(batching)[name] === true)
    .map((name) => mustBe(`batching.${name}`, "false for a model that streams", true));
}

function besideNoBatching({ maxBatchSize }: Fields): readonly string[] {
  if (maxBatchSize === undefined) return [];
  return [mustBe("maxBatchSize", "left out beside batching: false", maxBatchSize)];
}

function preferredSizeConflicts(all: Batching): readonly string[] {
  const { modelName, maxBatchSize: most, batching } = all;
  const sizes: unknown = batching["preferredBatchSizes"];
  if (!Array.isArray(sizes)) return [];
  const words = "dynamic batching preferred size must be";
  return sizes.flatMap((size: unknown, index) => {
    const field = `batching.preferredBatchSizes[${index}]`;
    if (!Number.isSafeInteger(size)) return [];
    if (!isCount(size)) {
      const mistake = mustBe(field, "an integer from 1", size);
      return [`${mistake} (${words} positive for ${modelName})`];
    }
    if (!isCount(most) || size <= most) return [];
    const mistake = mustBe(field, `at most maxBatchSize, which is ${most}`, size);
    return [`${mistake} (${words} <= max batch size for ${modelName})`];
  });
}

function levelConflicts({ modelName, priorities }: Batching): readonly string[] {
  const { levels, default: usual, queues } = priorities;
  if (!isCount(levels)) return [];
  const mistakes: string[] = [];
  const range = `in range [1, ${levels}] for ${modelName}`;
  if (Number.isSafeInteger(usual) && !isLevel(usual, levels)) {
    const mistake = mustBe("batching.priorities.default", `a level from 1 to ${levels}`, usual);
    mistakes.push(`${mistake} (default priority level must be ${range})`);
  }
  for (const level of Object.keys(fieldsIn(queues))) {
    if (isLevel(level, levels)) continue;
    const mistake = mustBe("batching.priorities.queues", `of levels from 1 to ${levels}`, level);
    mistakes.push(`${mistake} (priority queue policy must have priority level ${range})`);
  }
  return mistakes;
}

function orderingConflicts(all: Batching): readonly string[] {
  const { modelName, batching, priorities, policies } = all;
  if (batching["preserveOrdering"] !== true) return [];
  const mistakes: string[] = [];
  const { levels } = priorities;
  if (isCount(levels) && levels > 1) {
    const expected = `false with several priority levels, here ${levels}`;
    const mistake = mustBe("batching.preserveOrdering", expected, true);
    const words = "Only one priority level is allowed when 'preserve_ordering' is true";
    mistakes.push(`${mistake} (${words} for ${modelName})`);
  }
  for (const { field, queue } of policies) {
    if (queue["onTimeout"] !== "delay" || !(Number(queue["timeoutMs"]) > 0)) continue;
    const mistake = mustBe(`${field}.onTimeout`, `"reject" beside preserveOrdering`, "delay");
    const words = "Queue policy can not have DELAY as timeout action when 'preserve_ordering' is";
    mistakes.push(`${mistake} (${words} true for ${modelName})`);
  }
  return mistakes;
}

/** An answer that is there already would overtake those of requests that run. */
function sharingConflicts({ batching }: Batching, options: Fields): readonly string[] {
  if (batching["preserveOrdering"] !== true) return [];
  return ["cache", "singleFlight"].flatMap((field) => {
    const value: unknown = options[field];
    if (value !== true && !isFields(value)) return [];
    const why = "answers that are shared come when they are there, in no order";
    return [mustBe(field, `left out beside batching.preserveOrdering: ${why}`, value)];
  });
}

/** What to do on a time-out, where nothing can time out. To state the default is no mistake. */
function timeoutConflicts({ field, queue }: Policy): readonly string[] {
  const { timeoutMs = 0, onTimeout, allowTimeoutOverride } = queue;
  if (onTimeout !== "delay" || timeoutMs !== 0 || allowTimeoutOverride === true) return [];
  const expected = "left out where nothing can time out (by timeoutMs or allowTimeoutOverride)";
  return [mustBe(`${field}.onTimeout`, expected, onTimeout)];
}

/** More may wait in one level than in all together. */
function sizeConflicts({ policies, maxWaitingRequests: most }: Batching): readonly string[] {
  return policies.flatMap(({ field, queue: { maxSize } }) => {
    if (!isCount(maxSize) || !isCount(most) || maxSize <= most) return [];
    return [mustBe(`${field}.maxSize`, `at most limits.maxWaitingRequests, ${most}`, maxSize)];
  });
}

/** The policy of levels without one of their own, where there is no such level. */
function unusedPolicies({ batching, priorities }: Batching): readonly string[] {
  const { queue } = batching;
  const { levels, queues } = priorities;
  if (queue === undefined || !isCount(levels)) return [];
  const own = Object.entries(fieldsIn(queues)).filter(
    ([level, policy]) => policy !== undefined && isLevel(level, levels),
  );
  if (own.length < levels) return [];
  return [mustBe("batching.queue", "left out where each level has a policy of its own", queue)];
}

/** Keys of an object are texts. */
function isLevel(level: unknown, levels: number): boolean {
  return /^[1-9]\d*$/.test(String(level)) && Number(level) <= levels;
}

/** Of what is no object, none. */
function fieldsIn(value: unknown): Fields {
  return isFields(value) ? value : {};
}
