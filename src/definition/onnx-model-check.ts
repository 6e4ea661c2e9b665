/**
 * What `onnx()` takes beside the options of all models: a path, and how to run the graph.
 *
 * Nothing is opened here. What depends on the graph is checked when it is loaded
 * (backends/onnx-description.ts), and so is whether a provider is there
 * (backends/onnx-session.ts).
 */

import { type Fields, isFields } from "../protocol/fields.ts";
import { groupFieldsOf, isGpu } from "../protocol/instance-conflicts.ts";
import {
  type Check,
  expecting,
  fieldsOf,
  isCount,
  mustBe,
  oneOf,
  optionally,
  positiveInteger,
} from "../protocol/option-checks.ts";
import { checkDefinition, type DefinitionKind } from "./definition-check.ts";

export const executionProviderNames = ["cpu", "cuda", "tensorrt"] as const;
export const graphOptimizationLevels = ["disabled", "basic", "extended", "all"] as const;

const onnxModel: DefinitionKind = {
  maker: "onnx",
  checks: {
    path: modelPath,
    intraOpThreads: optionally(positiveInteger),
    interOpThreads: optionally(positiveInteger),
    graphOptimizationLevel: optionally(oneOf(graphOptimizationLevels)),
    executionProviders: optionally(providerList),
  },
  findConflicts: ({ instances, executionProviders }) => {
    const why = "an ONNX run blocks the thread that calls it";
    const ofGroups = groupFieldsOf(instances).flatMap(({ field, group: { kind, concurrency } }) => {
      const mistakes: string[] = [];
      if (kind === "inline") mistakes.push(mustBe(`${field}.kind`, `"thread": ${why}`, kind));
      if (isCount(concurrency) && concurrency > 1) {
        mistakes.push(mustBe(`${field}.concurrency`, `1: ${why}`, concurrency));
      }
      return mistakes;
    });
    return [...ofGroups, ...deviceConflicts(executionProviders, gpusNamedIn(instances))];
  },
};

/** Throws a TypeError. */
export function checkOnnxModel(name: unknown, options: object): void {
  checkDefinition(onnxModel, name, options);
}

/** On which GPUs instances are to be. */
function gpusNamedIn(instances: unknown): readonly string[] {
  const named = groupFieldsOf(instances).flatMap(({ group: { device, devices } }) => [
    device,
    ...(Array.isArray(devices) ? (devices as readonly unknown[]) : []),
  ]);
  return named.filter(isGpu);
}

/** Of providers that cannot be on the GPU of an instance. */
function deviceConflicts(providers: unknown, gpus: readonly string[]): readonly string[] {
  const [gpu] = gpus;
  if (!Array.isArray(providers) || gpu === undefined) return [];
  const given = providers.map((each: unknown): Fields => (isFields(each) ? each : { name: each }));
  if (given.every(({ name }) => name === "cpu")) {
    const expected = `left out, or with one that uses ${gpu}, where instances are`;
    return [
      mustBe(
        "executionProviders",
        expected,
        given.map(({ name }) => name),
      ),
    ];
  }
  return given.flatMap(({ deviceId }, index) => {
    const other = gpus.find((each) => each !== `cuda:${String(deviceId)}`);
    if (!Number.isSafeInteger(deviceId) || other === undefined) return [];
    const expected = `left out, as instances are on ${other}`;
    return [mustBe(`executionProviders[${index}].deviceId`, expected, deviceId)];
  });
}

function modelPath(value: unknown, field: string): readonly string[] {
  if (value instanceof URL) {
    return value.protocol === "file:" ? [] : [mustBe(field, "a file URL", value.href)];
  }
  if (typeof value === "string" && value !== "") return [];
  return [mustBe(field, "the path of a model file, or its file URL", value)];
}

const providerName = oneOf(executionProviderNames);

const providerFields = fieldsOf({
  name: providerName,
  deviceId: optionally(
    expecting("an integer from 0", (id) => Number.isSafeInteger(id) && Number(id) >= 0),
  ),
  options: optionally(providerOptions),
});

function providerList(value: unknown, field: string): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) {
    return [mustBe(field, "a list of at least one provider", value)];
  }
  const providers: readonly unknown[] = value;
  const names = providers.map((given) => (isFields(given) ? given["name"] : given));
  return providers.flatMap((given, index) => {
    const at = `${field}[${index}]`;
    const nameField = isFields(given) ? `${at}.name` : at;
    const isRepeated = names.indexOf(names[index]) < index;
    return [
      ...(isFields(given) ? provider(given, at) : providerName(given, at)),
      ...(isRepeated ? [mustBe(nameField, "named once", names[index])] : []),
    ];
  });
}

function provider(given: Fields, field: string): readonly string[] {
  const { name, deviceId } = given;
  const mistakes = providerFields(given, field);
  if (name !== "cpu" || deviceId === undefined) return mistakes;
  const expected = "left out: the CPU is one device";
  return [...mistakes, mustBe(`${field}.deviceId`, expected, deviceId)];
}

const providerOption: Check = expecting("a string, number or boolean", (value) =>
  ["string", "number", "boolean"].includes(typeof value),
);

function providerOptions(value: unknown, field: string): readonly string[] {
  if (!isFields(value)) return [mustBe(field, "an object", value)];
  return Object.entries(value).flatMap(([key, option]) =>
    providerOption(option, `${field}.${key}`),
  );
}
