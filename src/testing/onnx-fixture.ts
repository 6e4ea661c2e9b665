/**
 * A model file for the length of a test, and a batch for a loaded model.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BackendCall, BatchTensor, InstanceContext } from "../backends/backend.ts";

/** Its name is the key that it stands under. */
export type UnnamedTensor = Omit<BatchTensor, "name">;

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
    log: { info: () => {}, warning: () => {}, error: () => {} },
    signal: new AbortController().signal,
  };
}

/** One request per entry of `requestedOutputs`. */
export function backendCall(
  inputs: Readonly<Record<string, UnnamedTensor>>,
  requestedOutputs: readonly (readonly string[])[] = [[]],
): BackendCall {
  return {
    inputs: Object.entries(inputs).map(([name, tensor]) => ({ ...tensor, name })),
    rows: requestedOutputs.length,
    requests: requestedOutputs.map((names, firstRow) => ({
      id: "",
      parameters: {},
      requestedOutputs: names,
      firstRow,
      rows: 1,
      isAborted: () => false,
    })),
    signal: new AbortController().signal,
    allocate: (byteLength) => new Uint8Array(byteLength),
  };
}

/** FP32. */
export function fp32Tensor(shape: readonly number[], values: readonly number[]): UnnamedTensor {
  return { datatype: "FP32", shape, bytes: new Uint8Array(new Float32Array(values).buffer) };
}

export function fp32Values({ bytes }: Pick<BatchTensor, "bytes">): readonly number[] {
  return [...new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)];
}
