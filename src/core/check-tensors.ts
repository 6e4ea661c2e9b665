/**
 * Check of a model's declared tensors: names, datatypes, dims, and what the model sees instead
 * (reshape).
 *
 * Triton's words stand in brackets behind ours, as in protocol/option-conflicts.ts.
 */
import { isDatatype } from "../protocol/datatype.ts";
import type { TensorDeclaration } from "../protocol/model-options.ts";
import { isCount, mustBe } from "../protocol/option-checks.ts";
import { show } from "../protocol/show.ts";

export interface ConfigTensor extends TensorDeclaration {
  /** What the model sees instead of `dims`. */
  readonly reshape?: readonly number[];
}

export interface DeclaredTensors {
  /** Of the model. */
  readonly name: string;
  readonly inputs: readonly ConfigTensor[];
  readonly outputs: readonly ConfigTensor[];
}

type Role = "input" | "output";

/** A tensor with how errors call it. */
interface Named {
  readonly tensor: ConfigTensor;
  /** As its user wrote it: `inputs.x`. */
  readonly field: string;
  /** As Triton says it: `model input 'x'`. */
  readonly what: string;
  readonly modelName: string;
}

export function findTensorMistakes(
  model: DeclaredTensors,
  { isBatching }: { readonly isBatching: boolean },
): readonly string[] {
  const { name: modelName, inputs, outputs } = model;
  const mistakesOf = (role: Role, tensors: readonly ConfigTensor[]): readonly string[] => [
    ...nameMistakes(role, tensors, modelName),
    ...tensors.flatMap((tensor) => {
      const { name } = tensor;
      const named = {
        tensor,
        field: `${role}s.${name}`,
        what: `model ${role} '${name}'`,
        modelName,
      };
      return tensorMistakes(named, isBatching);
    }),
  ];
  const mistakes = [...mistakesOf("input", inputs), ...mistakesOf("output", outputs)];
  if (outputs.length === 0) mistakes.push("'outputs' must be at least one tensor; got none");
  for (const { name, isOptional } of outputs) {
    if (!isOptional) continue;
    mistakes.push(`'outputs.${name}' must not be optional: a model returns all its outputs`);
  }
  return mistakes;
}

function nameMistakes(
  role: Role,
  tensors: readonly ConfigTensor[],
  modelName: string,
): readonly string[] {
  const names = tensors.map(({ name }) => name);
  const repeated = new Set(names.filter((name, index) => names.indexOf(name) < index));
  const mistakes = [...repeated].map(
    (name) => `'${role}s' must have different names; got ${show(name)} twice`,
  );
  if (names.includes("")) {
    const words = `model ${role} must specify 'name' for ${modelName}`;
    mistakes.unshift(`'${role}s' must have names; got "" (${words})`);
  }
  return mistakes;
}

function tensorMistakes(named: Named, isBatching: boolean): readonly string[] {
  const { tensor, field, what, modelName } = named;
  const mistakes: string[] = [];
  if (!isDatatype(tensor.datatype)) {
    const mistake = mustBe(`${field}.datatype`, "a datatype, such as FP32", tensor.datatype);
    mistakes.push(`${mistake} (${what} must specify 'data_type' for ${modelName})`);
  }
  if (tensor.dims.length === 0) {
    const mistake = mustBe(`${field}.dims`, "at least one dimension", tensor.dims);
    mistakes.push(`${mistake} (${what} must specify 'dims' for ${modelName})`);
  }
  const dimsMistakes = dimensionMistakes(named, "dims");
  const areDimsFine = mistakes.length === 0 && dimsMistakes.length === 0;
  return [...mistakes, ...dimsMistakes, ...(areDimsFine ? reshapeMistakes(named, isBatching) : [])];
}

function dimensionMistakes(
  { tensor, field, what, modelName }: Named,
  part: "dims" | "reshape",
): readonly string[] {
  const words = part === "dims" ? "dimension" : "reshape dimensions";
  const rule = `must be integer >= 1, or -1 to indicate a variable-size dimension for ${modelName}`;
  return (tensor[part] ?? []).flatMap((dimension, index) => {
    if (dimension === -1 || isCount(dimension)) return [];
    const at = `${field}.${part}[${index}]`;
    const mistake = mustBe(at, "an integer from 1, or -1 for any size", dimension);
    return [`${mistake} (${what} ${words} ${rule})`];
  });
}

/** Element counts must agree, variable dims one to one, and so must the products between them. */
function reshapeMistakes(named: Named, isBatching: boolean): readonly string[] {
  const { tensor, field, what, modelName } = named;
  const { dims, reshape } = tensor;
  if (reshape === undefined) return [];
  const mistakes = dimensionMistakes(named, "reshape");
  if (mistakes.length > 0) return mistakes;
  const refuse = (expected: string, words: string): readonly string[] => [
    `${mustBe(`${field}.reshape`, expected, reshape)} (${what} ${words} for ${modelName})`,
  ];
  if (reshape.length === 0 && !isBatching) {
    const words = "cannot have empty reshape for non-batching model as scalar tensors are";
    return refuse("at least one dimension without batching", `${words} not supported`);
  }
  const [products, reshaped] = [productsBetweenVariables(dims), productsBetweenVariables(reshape)];
  if (products.length !== reshaped.length) {
    const words = "has different number of variable-size dimensions for dims and reshape";
    return refuse(`with as many -1 as dims, ${show(dims)}`, words);
  }
  if (products.every((product, index) => product === reshaped[index])) return [];
  const expected = `of as many elements as dims, ${show(dims)}`;
  return refuse(expected, "has different size for dims and reshape");
}

/** Of [2,3,-1,4]: 6 and 4. */
function productsBetweenVariables(dims: readonly number[]): readonly number[] {
  const products = [1];
  for (const dimension of dims) {
    if (dimension === -1) products.push(1);
    else products.push((products.pop() ?? 1) * dimension);
  }
  return products;
}
