/**
 * Tensors in process: inputs as people write them, in the wire's layout, and outputs as they read
 * them.
 *
 * Inputs are tensors, nested arrays, or flat typed arrays where the model's shape has one free
 * dimension at most. Their bytes are copied, so whoever wrote them keeps his. A tensor says what it
 * is; for the rest the model's configuration is needed, which may be in another thread.
 */
import { type Datatype, datatypes } from "../protocol/datatype.ts";
import { InferenceError } from "../protocol/errors.ts";
import { joinBytes } from "../protocol/sliced-bytes.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import type { Model } from "./model.ts";
import type { ModelBase } from "./model-base.ts";
import { PlainTensor } from "./plain-tensor.ts";
import { defaultForm, type ElementForm } from "./specifications.ts";
import { Tensor } from "./tensor.ts";
import { writtenValues } from "./written-values.ts";

/** An input in the wire's layout, or as it was written. */
export type GivenInput = WireTensor | WrittenInput;

interface WrittenInput {
  readonly name: string;
  readonly value: unknown;
}

/** Of a response; shared: nobody may write to them. */
export interface GivenOutputs {
  readonly outputs: readonly WireTensor[];
  readonly isShared?: boolean;
}

/** What an input must be, without its batch dimension. */
interface ExpectedInput {
  readonly datatype: Datatype;
  readonly dims: readonly number[];
}

/** Tensors in the wire's layout. What is undefined is left out. */
export function givenInputs(inputs: Readonly<Record<string, unknown>>): readonly GivenInput[] {
  return Object.entries(inputs)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => {
      if (!(value instanceof PlainTensor)) return { name, value };
      const { datatype, shape, bytes } = value;
      return wireTensor({ name, datatype, shape }, new Uint8Array(bytes));
    });
}

/** An input that the model does not have is sent empty: the core refuses its name. */
export function toWireTensor(
  input: GivenInput,
  expected: ExpectedInput | undefined,
  isBatching: boolean,
): WireTensor {
  if (!("value" in input)) return input;
  const { name, value } = input;
  if (expected === undefined) {
    return wireTensor({ name, datatype: "FP32", shape: [0] }, new Uint8Array());
  }
  const { datatype, dims } = expected;
  const whole = isBatching ? [-1, ...dims] : dims;
  try {
    const { shape, bytes, isOwn } = writtenValues({ datatype, as: "number", dims: whole }, value);
    return wireTensor({ name, datatype, shape }, isOwn ? bytes : new Uint8Array(bytes));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InferenceError("INVALID_ARGUMENT", `input '${name}' ${error.message}`);
  }
}

/** In the form of the model's definition, if that is known. */
export function toTensors(
  model: ModelBase | string,
  { outputs, isShared = false }: GivenOutputs,
): Readonly<Record<string, Tensor>> {
  const tensors = outputs.map(({ name, datatype, shape, chunks, byteLength }) => {
    const joined = joinBytes(chunks, byteLength, datatypes[datatype].byteSize || 1);
    // What is his he may write to.
    const bytes = isShared ? new Uint8Array(joined) : joined;
    const as = formOf(model, name) ?? defaultForm(datatype);
    const tensor = new Tensor<Datatype, ElementForm>({ datatype, shape, as, bytes });
    return [name, tensor as Tensor] as const;
  });
  return Object.fromEntries(tensors);
}

/** As the definition says, if there is one that does. */
function formOf(model: ModelBase | string, output: string): ElementForm | undefined {
  if (typeof model === "string" || model.kind !== "function") return undefined;
  return (model as Model).outputs[output]?.as;
}
