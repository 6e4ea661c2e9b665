/**
 * A model file for the length of a test, and a batch for a loaded model.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackendCall, InstanceContext } from "../backends/backend.ts";
import { MetricsRecorder } from "../backends/metrics-recorder.ts";
import type { Datatype } from "../protocol/datatype.ts";
import { joinBytes } from "../protocol/sliced-bytes.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";

const silent = { info() {}, warning() {}, error() {} };

/** Its name is the key that it stands under. */
export interface UnnamedTensor {
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

/** Calls `use` with the path of a file of these bytes, and removes it afterwards. */
export async function withModelFile<Result>(
  bytes: Uint8Array,
  use: (path: string) => Result | Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), "shoal-onnx-"));
  try {
    const path = join(folder, "model.onnx");
    await writeFile(path, bytes);
    return await use(path);
  } finally {
    await rm(folder, { recursive: true });
  }
}

export function instanceContext(device: InstanceContext["device"] = "cpu"): InstanceContext {
  return {
    modelName: "m",
    modelVersion: 1,
    instanceIndex: 0,
    device,
    log: silent,
    metrics: new MetricsRecorder({ declare() {}, record() {} }),
    signal: new AbortController().signal,
  };
}

/** One request per entry of `requestedOutputs`. */
export function backendCall(
  inputs: Readonly<Record<string, UnnamedTensor>>,
  requestedOutputs: readonly (readonly string[])[] = [[]],
): BackendCall {
  return {
    inputs: Object.entries(inputs).map(([name, { datatype, shape, bytes }]) => {
      return wireTensor({ name, datatype, shape }, bytes);
    }),
    rows: requestedOutputs.length,
    requests: requestedOutputs.map((names, firstRow) => ({
      id: "",
      parameters: {},
      headers: {},
      deadlineMs: undefined,
      requestedOutputs: names,
      firstRow,
      rows: 1,
      isAborted: () => false,
    })),
    log: silent,
    isWarmup: false,
    signal: new AbortController().signal,
    join: bytesOf,
    allocate: (byteLength) => new Uint8Array(byteLength),
    get responses(): never {
      throw new Error("this model does not stream");
    },
    get siblings(): never {
      throw new Error("this model calls no others");
    },
  };
}

/** FP32. */
export function fp32Tensor(shape: readonly number[], values: readonly number[]): UnnamedTensor {
  return { datatype: "FP32", shape, bytes: new Uint8Array(new Float32Array(values).buffer) };
}

export function fp32Values(tensor: WireTensor): readonly number[] {
  const { buffer, byteOffset, byteLength } = bytesOf(tensor);
  return [...new Float32Array(buffer, byteOffset, byteLength / 4)];
}

export function bytesOf({ chunks, byteLength }: WireTensor): Uint8Array {
  return joinBytes(chunks, byteLength, 8);
}
