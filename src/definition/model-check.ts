/**
 * Checks what a user passes to `model()`, on the spot: each complaint is a TypeError that names
 * the model, the field, what was expected and what came.
 *
 * Not here: how the options depend on each other and on the machine (core/resolve-model-config.ts),
 * and whether the module can be imported (executor).
 */
import { datatypes } from "../protocol/datatype.ts";

type Fields = Readonly<Record<string, unknown>>;
type Complain = (field: string, expected: string, value: unknown) => never;
type Check = (value: unknown, field: string, complain: Complain) => void;

const optionNames = [
  "version",
  "inputs",
  "outputs",
  "maxBatchSize",
  "batching",
  "instances",
  "limits",
  "module",
  "setup",
  "infer",
];

export function checkModel(name: unknown, definition: Fields): void {
  if (typeof name !== "string" || !/^[\w.-]+$/.test(name) || name === "stats") {
    const expected = "letters, digits, dots, dashes and underscores, and not 'stats'";
    throw new TypeError(`model(): 'name' must be ${expected}; got ${show(name)}`);
  }
  const complain: Complain = (field, expected, value) => {
    throw new TypeError(`model '${name}': '${field}' must be ${expected}; got ${show(value)}`);
  };
  checkKnown(name, Object.keys(definition), optionNames);
  checkSpecs("inputs", definition["inputs"], complain);
  checkSpecs("outputs", definition["outputs"], complain);
  optionally(positive)(definition["version"], "version", complain);
  checkOptions(name, definition, complain);
  checkModule(definition["module"], complain);
  checkFunctions(name, definition, complain);
}

function checkSpecs(field: "inputs" | "outputs", specs: unknown, complain: Complain): void {
  if (!isObject(specs)) complain(field, "an object of tensor specifications", specs);
  const entries = Object.entries(specs as Fields);
  if (field === "outputs" && entries.length === 0) {
    complain(field, "at least one tensor specification", specs);
  }
  for (const [name, spec] of entries) {
    const isSpec =
      isObject(spec) && Array.isArray(spec["dims"]) && isDatatypeName(spec["datatype"]);
    if (!isSpec) complain(`${field}.${name}`, "a tensor specification, such as fp32(-1)", spec);
    if (field === "outputs" && (spec as Fields)["isOptional"] === true) {
      complain(`${field}.${name}`, "required: a model returns all its outputs", "optional(...)");
    }
  }
}

/** Nested options with their checks: what is not listed is a misspelling. */
const batchingChecks: Readonly<Record<string, Check>> = {
  maxQueueDelayMs: optionally(duration),
  preferredBatchSizes: optionally((value, field, complain) => {
    if (!Array.isArray(value)) complain(field, "a list of batch sizes", value);
    (value as unknown[]).forEach((size, index) => {
      positive(size, `${field}[${index}]`, complain);
    });
  }),
  preserveOrdering: optionally(flag),
  priorities: optionally((value, field, complain) => {
    checkFields(value, field, prioritiesChecks, complain);
  }),
  queue: optionally(checkQueue),
};

const prioritiesChecks: Readonly<Record<string, Check>> = {
  levels: positive,
  default: positive,
  queues: optionally((value, field, complain) => {
    if (!isObject(value)) complain(field, "an object of queue policies by level", value);
    for (const [level, queue] of Object.entries(value as Fields)) {
      checkQueue(queue, `${field}.${level}`, complain);
    }
  }),
};

const queueChecks: Readonly<Record<string, Check>> = {
  maxSize: optionally(positive),
  timeoutMs: optionally(duration),
  onTimeout: optionally(oneOf(["reject", "delay"])),
  allowTimeoutOverride: optionally(flag),
};

const instancesChecks: Readonly<Record<string, Check>> = {
  count: optionally((value, field, complain) => {
    if (value !== "auto") positive(value, field, complain);
  }),
  kind: optionally(oneOf(["inline", "thread"])),
  device: optionally((value, field, complain) => {
    const isDevice = typeof value === "string" && /^(cpu|cuda:\d+)$/.test(value);
    if (!isDevice) complain(field, `"cpu" or "cuda:0" and so on`, value);
  }),
};

const limitsChecks: Readonly<Record<string, Check>> = {
  maxWaitingRequests: optionally(positive),
  loadTimeoutMs: optionally(duration),
  executionTimeoutMs: optionally(duration),
};

function checkOptions(name: string, definition: Fields, complain: Complain): void {
  const { maxBatchSize, batching, instances, limits } = definition;
  optionally(positive)(maxBatchSize, "maxBatchSize", complain);
  if (batching === false && maxBatchSize !== undefined) {
    complain("maxBatchSize", "left out beside batching: false", maxBatchSize);
  }
  if (batching !== undefined && batching !== false) {
    if (!isObject(batching)) complain("batching", "false or an object", batching);
    checkFields(batching, "batching", batchingChecks, complain);
  }
  if (isObject(instances)) checkFields(instances, "instances", instancesChecks, complain);
  else if (instances !== "auto") optionally(positive)(instances, "instances", complain);
  if (limits !== undefined) checkFields(limits, "limits", limitsChecks, complain);
  const inputs = definition["inputs"] as Fields;
  if (batching !== false && Object.keys(inputs).length === 0) {
    const why = `needs an input to count its rows by: declare one, or set 'batching' to false`;
    throw new TypeError(`model '${name}' ${why}`);
  }
}

function checkQueue(value: unknown, field: string, complain: Complain): void {
  checkFields(value, field, queueChecks, complain);
}

function checkFields(
  value: unknown,
  field: string,
  checks: Readonly<Record<string, Check>>,
  complain: Complain,
): void {
  if (!isObject(value)) complain(field, "an object", value);
  const fields = value as Fields;
  for (const key of Object.keys(fields)) {
    if (Object.hasOwn(checks, key)) continue;
    const names = Object.keys(checks);
    complain(`${field}.${key}`, `one of ${names.join(", ")}${didYouMean(key, names)}`, fields[key]);
  }
  for (const [key, check] of Object.entries(checks)) {
    check(fields[key], `${field}.${key}`, complain);
  }
}

function checkModule(module: unknown, complain: Complain): void {
  if (module === undefined) return;
  const isUrl = typeof module === "string" || (isObject(module) && "href" in module);
  if (!isUrl || !String(module).startsWith("file:")) {
    complain("module", "import.meta.url, the file URL of the module", module);
  }
}

function checkFunctions(name: string, { setup, infer }: Fields, complain: Complain): void {
  if (setup !== undefined && typeof setup !== "function") complain("setup", "a function", setup);
  if (typeof infer !== "function") complain("infer", "a function", infer);
  if (/Generator/.test((infer as object).constructor.name)) {
    const why = "is a generator: responses in parts (streaming) come with a later version";
    throw new TypeError(`model '${name}': 'infer' ${why}; return all rows at once`);
  }
}

function checkKnown(model: string, keys: readonly string[], known: readonly string[]): void {
  for (const key of keys) {
    if (known.includes(key)) continue;
    throw new TypeError(`model '${model}': unknown option '${key}'${didYouMean(key, known)}`);
  }
}

function optionally(check: Check): Check {
  return (value, field, complain) => {
    if (value !== undefined) check(value, field, complain);
  };
}

function positive(value: unknown, field: string, complain: Complain): void {
  if (Number.isSafeInteger(value) && (value as number) >= 1) return;
  complain(field, "an integer from 1", value);
}

function duration(value: unknown, field: string, complain: Complain): void {
  if (typeof value === "number" && value >= 0) return;
  complain(field, "a number of milliseconds from 0", value);
}

function flag(value: unknown, field: string, complain: Complain): void {
  if (typeof value !== "boolean") complain(field, "true or false", value);
}

function oneOf(names: readonly string[]): Check {
  return (value, field, complain) => {
    if (typeof value === "string" && names.includes(value)) return;
    complain(field, names.map((name) => `"${name}"`).join(" or "), value);
  };
}

/** The known name with the same letters, but for capitals and marks, or one letter more or less. */
function didYouMean(word: string, names: readonly string[]): string {
  const plain = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, "");
  const letters = plain(word);
  const isNear = (name: string): boolean => {
    const other = plain(name);
    const lengths = [letters.length, other.length];
    let same = 0;
    while (same < Math.min(...lengths) && letters[same] === other[same]) same += 1;
    let end = 0;
    while (end < Math.min(...lengths) - same && letters.at(-1 - end) === other.at(-1 - end))
      end += 1;
    return Math.max(...lengths) - same - end <= 1;
  };
  const near = names.find(isNear);
  return near === undefined ? "" : ` (did you mean '${near}'?)`;
}

function isDatatypeName(value: unknown): boolean {
  return typeof value === "string" && Object.hasOwn(datatypes, value);
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  if (typeof value === "function") return "a function";
  return Array.isArray(value) ? `[${String(value)}]` : String(value);
}
