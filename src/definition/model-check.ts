/**
 * What `model()` takes beside the options of all models: tensors, functions, and the module.
 *
 * Not here: whether the module can be imported (executor), what `infer` returns
 * (backends/function-outputs.ts).
 */
import { isDatatype } from "../protocol/datatype.ts";
import { type Fields, isFields } from "../protocol/fields.ts";
import { callable, flag, mustBe, optionally } from "../protocol/option-checks.ts";
import { findRowCountMistakes, findStreamMistakes } from "../protocol/option-conflicts.ts";
import { checkDefinition, type DefinitionKind } from "./definition-check.ts";
import { isGenerator } from "./infer-forms.ts";
import { findInferListMistakes, functionOrList } from "./infer-list.ts";
import type { TensorSpecs } from "./specifications.ts";
import { findWarmupMistakesFor } from "./warmup-values.ts";

const functionModel: DefinitionKind = {
  maker: "model",
  checks: {
    inputs: inputSpecs,
    outputs: outputSpecs,
    module: optionally(fileUrl),
    setup: optionally(callable),
    decoupled: optionally(flag),
    infer: functionOrList,
  },
  findConflicts: (definition, name) => {
    const { inputs, infer, decoupled } = definition;
    const mistakes: string[] = [];
    if (decoupled === false && isGenerator(infer)) {
      mistakes.push(mustBe("decoupled", "true or left out: a generator streams", decoupled));
    }
    mistakes.push(...findInferListMistakes(definition));
    if (isFields(inputs)) {
      mistakes.push(...findRowCountMistakes(definition, Object.keys(inputs).length));
    }
    if (decoupled === true || isGenerator(infer)) {
      mistakes.push(...findStreamMistakes(definition, name));
    }
    const specs = inputSpecs(inputs, "inputs").length === 0 ? (inputs as TensorSpecs) : undefined;
    if (specs !== undefined) mistakes.push(...findWarmupMistakesFor(specs, definition));
    return mistakes;
  },
};

/** Throws a TypeError. */
export function checkModel(name: unknown, definition: object): void {
  checkDefinition(functionModel, name, definition);
}

function inputSpecs(value: unknown, field: string): readonly string[] {
  if (!isFields(value)) return [mustBe(field, "an object of tensor specifications", value)];
  return Object.entries(value)
    .filter(([, spec]) => !isSpec(spec))
    .map(([name, spec]) =>
      mustBe(`${field}.${name}`, "a tensor specification, such as fp32(-1)", spec),
    );
}

function outputSpecs(value: unknown, field: string): readonly string[] {
  const mistakes = [...inputSpecs(value, field)];
  if (!isFields(value)) return mistakes;
  if (Object.keys(value).length === 0) {
    mistakes.push(mustBe(field, "at least one tensor specification", value));
  }
  for (const [name, spec] of Object.entries(value)) {
    if (!isSpec(spec) || spec["isOptional"] !== true) continue;
    mistakes.push(`'${field}.${name}' must not be optional: a model returns all its outputs`);
  }
  return mistakes;
}

function isSpec(value: unknown): value is Fields {
  if (!isFields(value)) return false;
  const { dims, datatype } = value;
  return Array.isArray(dims) && typeof datatype === "string" && isDatatype(datatype);
}

function fileUrl(value: unknown, field: string): readonly string[] {
  const url = isFields(value) && "href" in value ? String(value) : value;
  if (typeof url === "string" && url.startsWith("file:")) return [];
  return [mustBe(field, "import.meta.url, the file URL of the module", url)];
}
