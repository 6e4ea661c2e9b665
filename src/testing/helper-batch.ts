/**
 * A batch for a model with helpers: its function runs in the real backend, over requests of so
 * many rows, and what comes back is shown as nested arrays.
 */
import type { BackendCall } from "../backends/backend.ts";
import { createFunctionBackend } from "../backends/function.ts";
import type { AnyTensor } from "../definition/infer-forms.ts";
import type { FunctionModel, Model } from "../definition/model.ts";
import { Tensor } from "../definition/tensor.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { Parameters } from "../protocol/infer.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import { bytesOf, instanceContext } from "./onnx-fixture.ts";

export interface BatchRequest {
  readonly rows: number;
  readonly parameters?: Parameters;
  /** Its caller has gone. */
  readonly hasGone?: () => boolean;
}

type NestedOutputs = Readonly<Record<string, unknown>>;

/** A response to one request (of a stream), or how it ended. */
export type Told =
  | readonly [request: number | undefined, outputs: NestedOutputs]
  | readonly [request: number, end: "end" | Error];

export interface BatchAnswer {
  readonly outputs: NestedOutputs;
  /** Of a model that streams, in order. */
  readonly told: readonly Told[];
}

/** Rejects with what its callers get, its cause behind. */
export async function runBatch(
  model: Model,
  inputs: Readonly<Record<string, AnyTensor>>,
  requests: readonly BatchRequest[],
): Promise<BatchAnswer> {
  const loaded = await createFunctionBackend(model as FunctionModel).load(instanceContext());
  const told: Told[] = [];
  const nested = (outputs: readonly WireTensor[]): NestedOutputs => {
    return Object.fromEntries(outputs.map((output) => [output.name, nestedOf(model, output)]));
  };
  let firstRow = 0;
  const call: BackendCall = {
    inputs: Object.entries(inputs).map(([name, { datatype, shape, bytes }]) => {
      return wireTensor({ name, datatype, shape }, bytes);
    }),
    rows: requests.reduce((sum, { rows }) => sum + rows, 0),
    requests: requests.map(({ rows, parameters = {}, hasGone = () => false }, index) => {
      firstRow += rows;
      const place = { firstRow: firstRow - rows, rows };
      const own = { headers: {}, deadlineMs: undefined };
      const about = { id: `${index}`, parameters, requestedOutputs: [], ...own };
      return { ...about, ...place, isAborted: hasGone };
    }),
    log: { info() {}, warning() {}, error() {} },
    isWarmup: false,
    get siblings(): never {
      throw new Error("this model calls no others");
    },
    signal: new AbortController().signal,
    join: bytesOf,
    allocate: (byteLength) => new Uint8Array(byteLength),
    responses: {
      isOver: false,
      respond: ({ requestIndex, outputs, isFinal }) => {
        if (outputs.length > 0) told.push([requestIndex, nested(outputs)]);
        if (isFinal && requestIndex !== undefined) told.push([requestIndex, "end"]);
      },
      fail: (requestIndex, error) => told.push([requestIndex, error]),
      whenRoom: () => undefined,
    },
  };
  const { outputs } = await loaded.run(call);
  return { outputs: nested(outputs), told };
}

/** Of the requests that failed: in order, with code and message. */
export function failuresOf(told: readonly Told[]): readonly (readonly unknown[])[] {
  return told.flatMap(([request, end]) => {
    return end instanceof InferenceError ? [[request, end.code, end.message]] : [];
  });
}

function nestedOf({ outputs }: Model, output: WireTensor): unknown {
  const { name, datatype, shape } = output;
  const as = outputs[name]?.as ?? "number";
  return new Tensor({ datatype, shape, as, bytes: bytesOf(output) }).toNested();
}
