/**
 * Check of warm-up samples: what each may be by itself, and whether it fits the model's inputs.
 *
 * The first is checked with the other options of a model (model-options-check.ts); the second where
 * the inputs are known: in the definition of a function, and when an ONNX model is loaded.
 *
 * Not here: whether values and files are what the input takes (executor/warmup-batches.ts).
 */

import { type Fields, isFields } from "./fields.ts";
import { type ModelOptions, optionDefaults, type TensorDeclaration } from "./model-options.ts";
import { nearestName } from "./nearest-name.ts";
import {
  type Check,
  eachOf,
  expecting,
  fieldsOf,
  isCount,
  mustBe,
  optionally,
  positiveInteger,
} from "./option-checks.ts";
import { formatShape } from "./shape.ts";
import {
  batchSizesOf,
  hasOwnShape,
  type WarmupSample,
  type WarmupSource,
  warmupInputs,
  warmupSamples,
} from "./warmup.ts";

const sourceChecks: Readonly<Record<string, Check>> = {
  zero: expecting("true", (value) => value === true),
  random: expecting("a seed (an integer from 0), or true", (value) => {
    return value === true || (Number.isSafeInteger(value) && Number(value) >= 0);
  }),
  file: expecting("the path of a file, or its file URL", (value) => {
    return isFields(value) ? isFileUrl(value["href"]) : typeof value === "string" && value !== "";
  }),
  values: expecting("nested arrays or a typed array: one row", (value) => {
    return Array.isArray(value) || ArrayBuffer.isView(value);
  }),
};

const sourceNames = Object.keys(sourceChecks);

const sourceFields = fieldsOf({
  ...Object.fromEntries(Object.entries(sourceChecks).map(([name, of]) => [name, optionally(of)])),
  dims: optionally(eachOf(dimension, "a list of dimensions, without that of the batch")),
});

const sampleFields = fieldsOf(
  {
    name: optionally(expecting("a text", (value) => typeof value === "string" && value !== "")),
    inputs: checkInputs,
    batchSizes: optionally(checkSizes),
    count: optionally(positiveInteger),
    parameters: optionally(checkParameters),
  },
  'a sample, such as { inputs: "zero" }, or a list of them',
);

export const checkWarmup: Check = (value, field) =>
  Array.isArray(value) ? eachOf(sampleFields, "")(value, field) : sampleFields(value, field);

/** Samples against the inputs of their model; those that `checkWarmup` refuses are not looked at. */
export function findWarmupMistakes(
  options: Fields,
  inputs: readonly TensorDeclaration[],
): readonly string[] {
  const { warmup, batching, maxBatchSize = optionDefaults.maxBatchSize } = options as ModelOptions;
  if (warmup === undefined || checkWarmup(warmup, "warmup").length > 0) return [];
  const mostRows = batching === false ? 0 : maxBatchSize;
  return warmupSamples(warmup).flatMap(([field, sample]) => [
    ...sizeMistakes(field, sample, mostRows),
    ...inputMistakes(field, sample, inputs),
  ]);
}

function sizeMistakes(field: string, sample: WarmupSample, mostRows: number): readonly string[] {
  const { batchSizes } = sample;
  if (batchSizes === undefined) return [];
  const at = `${field}.batchSizes`;
  if (mostRows === 0) {
    return [mustBe(at, "left out: the model takes one request at a time", batchSizes)];
  }
  if (batchSizesOf(sample).every((size) => size <= mostRows)) return [];
  return [mustBe(at, `at most maxBatchSize, ${mostRows}`, batchSizes)];
}

function inputMistakes(
  field: string,
  sample: WarmupSample,
  inputs: readonly TensorDeclaration[],
): readonly string[] {
  const required = inputs.filter(({ isOptional }) => !isOptional).map(({ name }) => name);
  const given = warmupInputs(sample, required);
  const missing = required.filter((name) => !given.some(([other]) => other === name));
  const isShort = typeof sample.inputs === "string";
  return [
    ...missing.map((name) => {
      return `'${field}.inputs.${name}' must be given: the model needs this input`;
    }),
    ...given.flatMap(([name, source]) => {
      const input = inputs.find((other) => other.name === name);
      const at = `${field}.inputs.${name}`;
      if (input === undefined) return [unknownInput(at, name, inputs)];
      return dimsMistakes(isShort ? `${field}.inputs` : at, source, input);
    }),
  ];
}

function unknownInput(at: string, name: string, inputs: readonly TensorDeclaration[]): string {
  const names = inputs.map((input) => input.name);
  const nearest = nearestName(name, names);
  const hint =
    nearest === undefined ? `there are ${names.join(", ")}` : `did you mean '${nearest}'?`;
  return `'${at}' names an input that the model does not have (${hint})`;
}

function dimsMistakes(
  at: string,
  source: WarmupSource,
  { name, dims }: TensorDeclaration,
): readonly string[] {
  const shape = formatShape(dims);
  if (source.dims === undefined) {
    if (hasOwnShape(source) || !dims.includes(-1)) return [];
    const example = formatShape(dims.map((size) => (size === -1 ? 16 : size)));
    const remedy = `say how large they are, such as { zero: true, dims: ${example} }`;
    return [`'${at}' must give input '${name}' its dims: ${shape} has free dimensions; ${remedy}`];
  }
  const given = source.dims;
  const fits = dims.every((size, index) => size === -1 || size === given[index]);
  if (fits && given.length === dims.length) return [];
  return [mustBe(`${at}.dims`, `of shape ${shape}, without the dimension of the batch`, given)];
}

function checkInputs(value: unknown, field: string): readonly string[] {
  if (value === "zero" || value === "random") return [];
  if (!isFields(value)) return [mustBe(field, `"zero", "random" or an object of inputs`, value)];
  return Object.entries(value).flatMap(([name, input]) => checkInput(input, `${field}.${name}`));
}

function checkInput(value: unknown, field: string): readonly string[] {
  if (value === undefined || value === "zero" || value === "random") return [];
  const forms = `"zero", "random" or an object with one of ${sourceNames.join(", ")}`;
  if (!isFields(value)) return [mustBe(field, forms, value)];
  const mistakes = sourceFields(value, field);
  if (mistakes.length > 0 || sourcesIn(value).length === 1) return mistakes;
  return [mustBe(field, forms, value)];
}

function sourcesIn(value: Fields): readonly string[] {
  return sourceNames.filter((name) => value[name] !== undefined);
}

function checkSizes(value: unknown, field: string): readonly string[] {
  if (isCount(value)) return [];
  const isList = Array.isArray(value) && value.length > 0 && value.every(isCount);
  return isList ? [] : [mustBe(field, "an integer from 1, or a list of them", value)];
}

function checkParameters(value: unknown, field: string): readonly string[] {
  if (!isFields(value)) return [mustBe(field, "an object", value)];
  const kinds = ["string", "number", "boolean", "bigint"];
  return Object.entries(value).flatMap(([name, parameter]) => {
    if (kinds.includes(typeof parameter)) return [];
    return [mustBe(`${field}.${name}`, "a text, a number or a boolean", parameter)];
  });
}

function dimension(value: unknown, field: string): readonly string[] {
  if (Number.isSafeInteger(value) && Number(value) >= 0) return [];
  return [mustBe(field, "an integer from 0", value)];
}

function isFileUrl(href: unknown): boolean {
  return typeof href === "string" && href.startsWith("file:");
}
