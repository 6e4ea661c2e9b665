/**
 * Checks what a user passes to `onnx()`, before anything is opened: each complaint is a TypeError
 * that names the model, the field, what was expected and what came.
 *
 * Not here: how fields depend on the graph or on each other (core/resolve-model-config.ts,
 * backends/onnx-description.ts), and whether a provider is there (backends/onnx-session.ts).
 */
export const executionProviderNames = ["cpu", "cuda", "tensorrt"] as const;
export const graphOptimizationLevels = ["disabled", "basic", "extended", "all"] as const;

const optionNames = [
  "path",
  "version",
  "maxBatchSize",
  "batching",
  "instances",
  "limits",
  "intraOpThreads",
  "interOpThreads",
  "graphOptimizationLevel",
  "executionProviders",
];

type Fields = Readonly<Record<string, unknown>>;
type Complain = (field: string, expected: string, value: unknown) => never;

export function checkOnnxModel(name: string, options: Fields): void {
  if (typeof name !== "string" || name === "" || /[/\s]/.test(name) || name === "stats") {
    const expected = "a text without spaces and slashes, and not 'stats'";
    throw new TypeError(`onnx(): 'name' must be ${expected}; got ${show(name)}`);
  }
  const complain: Complain = (field, expected, value) => {
    throw new TypeError(`model '${name}': '${field}' must be ${expected}; got ${show(value)}`);
  };
  checkKnown(name, "", Object.keys(options), optionNames);
  const { path, version, instances, limits, graphOptimizationLevel: level } = options;
  if (!(path instanceof URL) && (typeof path !== "string" || path === "")) {
    complain("path", "the path of a model file, or its file URL", path);
  }
  if (path instanceof URL && path.protocol !== "file:") complain("path", "a file URL", path.href);
  checkCount("version", version, complain);
  for (const field of ["maxBatchSize", "intraOpThreads", "interOpThreads"]) {
    checkCount(field, options[field], complain);
  }
  checkBatching(options, complain);
  if (limits !== undefined && !isObject(limits)) complain("limits", "an object", limits);
  if (level !== undefined && !includes(graphOptimizationLevels, level)) {
    complain("graphOptimizationLevel", `one of ${list(graphOptimizationLevels)}`, level);
  }
  checkInstances(instances, complain);
  checkProviders(name, options, complain);
}

function checkBatching({ batching, maxBatchSize }: Fields, complain: Complain): void {
  if (batching !== undefined && batching !== false && !isObject(batching)) {
    complain("batching", "false or an object", batching);
  }
  if (batching === false && maxBatchSize !== undefined) {
    complain("maxBatchSize", "left out beside batching: false", maxBatchSize);
  }
}

function checkInstances(instances: unknown, complain: Complain): void {
  if (instances === undefined || instances === "auto") return;
  if (!isObject(instances)) {
    checkCount("instances", instances, complain);
    return;
  }
  if (instances["count"] !== "auto") checkCount("instances.count", instances["count"], complain);
  if (instances["kind"] === "inline") {
    complain("instances.kind", '"thread": an ONNX run blocks the thread that calls it', "inline");
  }
}

function checkProviders(name: string, options: Fields, complain: Complain): void {
  const { executionProviders: providers } = options;
  if (providers === undefined) return;
  if (!Array.isArray(providers) || providers.length === 0) {
    complain("executionProviders", "a list of at least one provider", providers);
  }
  const seen = new Set<unknown>();
  for (const [index, given] of (providers as readonly unknown[]).entries()) {
    const at = `executionProviders[${index}]`;
    const provider = isObject(given) ? given : { name: given };
    const field = isObject(given) ? `${at}.name` : at;
    const providerName = provider["name"];
    if (!includes(executionProviderNames, providerName)) {
      const hint = didYouMean(providerName, executionProviderNames);
      complain(field, `one of ${list(executionProviderNames)}${hint}`, providerName);
    }
    if (seen.has(providerName)) complain(field, "named once", providerName);
    seen.add(providerName);
    checkKnown(name, `${at}.`, Object.keys(provider), ["name", "deviceId", "options"]);
    checkProviderFields(at, provider, complain);
  }
}

function checkProviderFields(at: string, provider: Fields, complain: Complain): void {
  const { name, deviceId, options } = provider;
  if (deviceId !== undefined && (name === "cpu" || !isCount(deviceId, 0))) {
    const expected = name === "cpu" ? "left out: the CPU is one device" : "an integer from 0";
    complain(`${at}.deviceId`, expected, deviceId);
  }
  if (options !== undefined && !isObject(options)) complain(`${at}.options`, "an object", options);
  for (const [key, value] of Object.entries(options ?? {})) {
    if (!["string", "number", "boolean"].includes(typeof value)) {
      complain(`${at}.options.${key}`, "a string, number or boolean", value);
    }
  }
}

function checkCount(field: string, value: unknown, complain: Complain): void {
  if (value !== undefined && !isCount(value, 1)) complain(field, "an integer from 1", value);
}

function checkKnown(
  model: string,
  prefix: string,
  keys: readonly string[],
  known: readonly string[],
): void {
  for (const key of keys) {
    if (known.includes(key)) continue;
    const hint = didYouMean(key, known);
    throw new TypeError(`model '${model}': unknown option '${prefix}${key}'${hint}`);
  }
}

/** The nearest name, if it is near: at most one letter in three differs. */
function didYouMean(word: unknown, names: readonly string[]): string {
  if (typeof word !== "string") return "";
  const distances = names.map((name) => ({ name, distance: editDistance(word, name) }));
  const [nearest] = distances.sort((a, b) => a.distance - b.distance);
  if (nearest === undefined || nearest.distance > Math.max(1, nearest.name.length / 3)) return "";
  return ` (did you mean '${nearest.name}'?)`;
}

/** Letters to change, add or drop, capital or not. The product of two lengths: names are short. */
function editDistance(a: string, b: string): number {
  const [from, to] = [a.toLowerCase(), b.toLowerCase()];
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= to.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

function includes(names: readonly string[], value: unknown): boolean {
  return typeof value === "string" && names.includes(value);
}

function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function list(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

function show(value: unknown): string {
  return typeof value === "string" ? `"${value}"` : String(value);
}
