/**
 * Example models: the small backends that Triton publishes as examples, so that configurations of
 * them load, and batching and streams can be tried without a model of one's own.
 *
 *   identity   every output is the input of the same number (OUTPUT1: INPUT1), else of the same place
 *   repeat     a response for each element of IN, each after its own DELAY; the instance takes its
 *              next request when WAIT is over
 *   square     IN = n: n responses of n
 *
 * They read no clock: waiting is passed in.
 */
import { type FunctionModel, type Model, model } from "../definition/model.ts";
import { defaultForm, int32, type TensorSpecs, uint32 } from "../definition/specifications.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { TensorDeclaration } from "../protocol/model-options.ts";
import { formatShape } from "../protocol/shape.ts";

export interface ExamplePlan {
  readonly name: string;
  readonly version: number;
  readonly sleep: Sleep;
}

/** As its configuration says. */
export interface IdentityPlan extends ExamplePlan {
  readonly inputs: readonly TensorDeclaration[];
  readonly outputs: readonly TensorDeclaration[];
  /** 0: no batches. */
  readonly maxBatchSize: number;
  readonly parameters: Readonly<Record<string, string>>;
}

/** Resolves after so long, or when the signal fires. */
export type Sleep = (durationMs: number, signal: AbortSignal) => Promise<void>;

/** By the names of their backends. */
export const exampleModels: {
  readonly identity: (plan: IdentityPlan) => FunctionModel;
  readonly repeat: (plan: ExamplePlan) => FunctionModel;
  readonly square: (plan: ExamplePlan) => FunctionModel;
} = { identity, repeat, square };

/** Before the first instance of a model of identity. */
export function creationDelayMs(parameters: IdentityPlan["parameters"]): number {
  return 1000 * numberIn(parameters, "creation_delay_sec");
}

function identity(plan: IdentityPlan): FunctionModel {
  const { name, version, inputs, outputs, maxBatchSize, parameters, sleep } = plan;
  const pairs = pairsOf(inputs, outputs);
  const delayMs = numberIn(parameters, "execute_delay_ms");
  const multiplier = numberIn(parameters, "instance_wise_delay_multiplier");
  return withFunctions(
    model(name, {
      version,
      inputs: specsOf(inputs),
      outputs: specsOf(outputs),
      ...(maxBatchSize === 0 ? { batching: false } : { maxBatchSize }),
      infer: async (given, { instance, signal }) => {
        if (delayMs > 0) await sleep(delayMs * Math.max(1, multiplier * instance.index), signal);
        const entries = pairs.map(([output, input]) => {
          const tensor = given[input];
          if (tensor !== undefined) return [output, tensor] as const;
          const why = `output '${output}' is input '${input}', which this request does not have`;
          throw new InferenceError("INVALID_ARGUMENT", why);
        });
        return Object.fromEntries(entries);
      },
    }),
  );
}

/** Names of outputs, with those of their inputs. Throws INVALID_ARGUMENT. */
function pairsOf(
  inputs: readonly TensorDeclaration[],
  outputs: readonly TensorDeclaration[],
): readonly (readonly [output: string, input: string])[] {
  if (inputs.length !== outputs.length) {
    const got = `got ${inputs.length} and ${outputs.length}`;
    throw mismatch(`expected the same number of inputs and outputs, ${got}`);
  }
  return outputs.map((output, index) => {
    const number = numberOf(output.name);
    const twin = inputs.find(({ name }) => number !== "" && numberOf(name) === number);
    const input = twin ?? inputs[index];
    if (input === undefined) throw mismatch(`output '${output.name}' has no input`);
    const what = `of input '${input.name}' and output '${output.name}'`;
    if (input.datatype !== output.datatype) {
      const got = `got ${input.datatype} and ${output.datatype}`;
      throw mismatch(`expected datatypes ${what} to match, ${got}`);
    }
    const shapes = [formatShape(input.dims), formatShape(output.dims)];
    if (shapes[0] !== shapes[1]) {
      throw mismatch(`expected shapes ${what} to match, got ${shapes.join(" and ")}`);
    }
    return [output.name, input.name];
  });
}

function numberOf(name: string): string {
  return /\d*$/.exec(name)?.[0] ?? "";
}

function mismatch(why: string): InferenceError {
  return new InferenceError("INVALID_ARGUMENT", why);
}

function specsOf(declarations: readonly TensorDeclaration[]): TensorSpecs {
  const entries = declarations.map(({ name, datatype, dims, isOptional }) => {
    return [name, { datatype, dims, as: defaultForm(datatype), isOptional }] as const;
  });
  return Object.fromEntries(entries);
}

function numberIn(parameters: IdentityPlan["parameters"], key: string): number {
  const text = parameters[key] ?? "0";
  if (/^\d+$/.test(text)) return Number(text);
  const why = `parameter '${key}' must be a whole number, got '${text}'`;
  throw new InferenceError("INVALID_ARGUMENT", why);
}

/** When this instance takes its next request. */
interface Turn {
  over: Promise<void>;
  readonly isStopping: AbortSignal;
}

function repeat({ name, version, sleep }: ExamplePlan): FunctionModel {
  return withFunctions(
    model(name, {
      version,
      batching: false,
      inputs: { IN: int32(-1), DELAY: uint32(-1), WAIT: uint32(1) },
      outputs: { OUT: int32(1), IDX: uint32(1) },
      setup: ({ signal }): Turn => ({ over: Promise.resolve(), isStopping: signal }),
      infer: async function* ({ IN, DELAY, WAIT }, { state, signal }) {
        const [values, delays] = [IN.data, DELAY.data];
        if (values.length !== delays.length) {
          const got = `got ${formatShape(IN.shape)} and ${formatShape(DELAY.shape)}`;
          const why = `expected IN and DELAY shape to match, ${got}`;
          throw new InferenceError("INVALID_ARGUMENT", why);
        }
        const waitMs = WAIT.data[0] ?? 0;
        const before = state.over;
        state.over = before.then(() => sleep(waitMs, state.isStopping));
        await before;
        for (const [index, value] of values.entries()) {
          await sleep(delays[index] ?? 0, signal);
          yield { OUT: [value], IDX: [index] };
        }
      },
    }),
  );
}

function square({ name, version }: ExamplePlan): FunctionModel {
  return withFunctions(
    model(name, {
      version,
      batching: false,
      inputs: { IN: int32(1) },
      outputs: { OUT: int32(1) },
      infer: function* ({ IN }) {
        const [count = 0] = IN.data;
        for (let sent = 0; sent < count; sent += 1) yield { OUT: [count] };
      },
    }),
  );
}

/** What `model()` returns has its functions, although its type does not tell. */
function withFunctions(made: Model): FunctionModel {
  return made as FunctionModel;
}
