/**
 * What a wrapped function returned, as tensors: names, forms, datatypes and shapes checked, so
 * that an error tells which helper asked for what.
 *
 * Nothing is copied: of a typed array the memory is used as it is.
 */
import type { Datatype } from "../../protocol/datatype.ts";
import { formatShape } from "../../protocol/shape.ts";
import type { AnyTensor, DeclaredModel, Tensors } from "../infer-forms.ts";
import { namedOutputs, wrongOutput } from "../named-outputs.ts";
import { PlainTensor } from "../plain-tensor.ts";
import { defaultForm, type ElementForm, type TensorSpec } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { writtenValues } from "../written-values.ts";

export interface Wanted {
  readonly model: DeclaredModel;
  readonly helper: string;
  /** Undefined: outputs have no batch dimension. */
  readonly rows: number | undefined;
}

/** All outputs of the model. Throws INTERNAL, naming model, helper and output. */
export function returnedTensors({ model, helper, rows }: Wanted, returned: unknown): Tensors {
  const values = namedOutputs(model.name, Object.keys(model.outputs), returned);
  const tensors: Record<string, AnyTensor> = {};
  for (const [name, spec] of Object.entries(model.outputs)) {
    const dims = rows === undefined ? spec.dims : [rows, ...spec.dims];
    try {
      tensors[name] = toTensor(spec, dims, values[name]);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      const colon = error.message.startsWith("must ") ? "" : ":";
      throw wrongOutput(model.name, `${helper}: output '${name}'${colon} ${error.message}`);
    }
  }
  return tensors;
}

/** Throws a TypeError: what it must be, and what it is. */
export function toTensor(spec: TensorSpec, dims: readonly number[], value: unknown): AnyTensor {
  const { datatype, as } = spec;
  const tensor = value instanceof PlainTensor ? withOperations(value) : written();
  if (tensor.datatype !== datatype) {
    throw new TypeError(`must be ${datatype}; got ${tensor.datatype}`);
  }
  const { shape } = tensor;
  const fits = dims.every((dimension, index) => dimension === -1 || dimension === shape[index]);
  if (shape.length === dims.length && fits) return tensor;
  throw new TypeError(`must be of shape ${formatShape(dims)}; got ${formatShape(shape)}`);

  function written(): AnyTensor {
    const { shape: own, bytes, isOwn } = writtenValues({ datatype, as, dims }, value);
    return new Tensor({ datatype, as, shape: own, bytes, isOwn });
  }
}

function withOperations(tensor: PlainTensor<Datatype, ElementForm>): AnyTensor {
  if (tensor instanceof Tensor) return tensor;
  const { datatype, shape, bytes } = tensor;
  return new Tensor({ datatype, as: defaultForm(datatype), shape, bytes });
}
