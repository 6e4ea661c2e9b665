/**
 * ONNX backend: runs a model file in onnxruntime, one session per instance.
 *
 * A run blocks the thread that calls it although it returns a promise, nothing can cancel it, and
 * ending a thread in the middle of one aborts the whole process. So this backend lives in threads
 * that nobody terminates while busy.
 *
 * Not here: what the graph means for serving (onnx-description.ts), options and providers
 * (onnx-session.ts), memory (onnx-tensors.ts), texts of errors (onnx-errors.ts).
 */
import { stat } from "node:fs/promises";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import type { OnnxModel } from "../definition/onnx-model.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { WireTensor } from "../protocol/tensor.ts";
import type {
  Backend,
  BackendCall,
  BackendResult,
  InstanceContext,
  LoadedModel,
  ModelDescription,
} from "./backend.ts";
import { describeOnnxModel, describeSession } from "./onnx-description.ts";
import { toLoadError, toRunError } from "./onnx-errors.ts";
import { importOnnxRuntime, type OnnxRuntime } from "./onnx-runtime.ts";
import { openSession } from "./onnx-session.ts";
import { fromOnnxTensor, toOnnxTensor } from "./onnx-tensors.ts";

/** `importRuntime` is for tests of what happens without the package. */
export function createOnnxBackend(
  model: OnnxModel,
  importRuntime: () => Promise<OnnxRuntime> = importOnnxRuntime,
): Backend {
  return {
    mayTerminateWhileBusy: false,
    load: async ({ device }) => {
      try {
        return await load(model, device, importRuntime);
      } catch (error) {
        throw toLoadError(model, error);
      }
    },
  };
}

async function load(
  model: OnnxModel,
  device: InstanceContext["device"],
  importRuntime: () => Promise<OnnxRuntime>,
): Promise<LoadedModel> {
  const runtime = await importRuntime();
  await checkFile(model.path);
  const session = await openSession(runtime, model, device);
  try {
    const description = describeSession(session);
    const batches = describeOnnxModel(description, model).maxBatchSize > 0;
    return new LoadedOnnxModel({ runtime, session, description, batches, name: model.name });
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function checkFile(path: string): Promise<void> {
  const file = await stat(path).catch((error: unknown) => {
    throw new InferenceError("NOT_FOUND", `there is no file ${path}`, { cause: error });
  });
  if (!file.isFile()) throw new InferenceError("INVALID_ARGUMENT", `${path} is not a file`);
  if (file.size === 0) throw new InferenceError("INVALID_ARGUMENT", `${path} is empty`);
}

interface LoadedOnnxModelOptions {
  readonly runtime: OnnxRuntime;
  readonly session: InferenceSession;
  readonly description: ModelDescription;
  readonly batches: boolean;
  readonly name: string;
}

class LoadedOnnxModel implements LoadedModel {
  readonly description: ModelDescription;
  readonly #options: LoadedOnnxModelOptions;
  #isUnloaded = false;

  constructor(options: LoadedOnnxModelOptions) {
    this.description = options.description;
    this.#options = options;
  }

  async run(call: BackendCall): Promise<BackendResult> {
    const { session, name } = this.#options;
    try {
      const values = await session.run(this.#feeds(call), this.#fetches(call));
      return { outputs: this.#outputs(values), copiedBytes: 0 };
    } catch (error) {
      throw toRunError(name, error);
    }
  }

  async unload(): Promise<void> {
    if (this.#isUnloaded) return;
    this.#isUnloaded = true;
    await this.#options.session.release();
  }

  #feeds(call: BackendCall): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {};
    for (const input of this.description.inputs) {
      const tensor = call.inputs.find(({ name }) => name === input.name);
      if (tensor !== undefined) {
        const { runtime } = this.#options;
        feeds[input.name] = toOnnxTensor(runtime, tensor, call.join(tensor), input);
      }
    }
    return feeds;
  }

  /** The outputs that any request of the batch wants; what nobody wants need not be computed. */
  #fetches({ requests }: BackendCall): string[] {
    const names = this.description.outputs.map(({ name }) => name);
    const wantsAll = requests.some(({ requestedOutputs }) => requestedOutputs.length === 0);
    if (wantsAll || requests.length === 0) return names;
    const wanted = new Set(requests.flatMap(({ requestedOutputs }) => requestedOutputs));
    return names.filter((name) => wanted.has(name));
  }

  #outputs(values: InferenceSession.ReturnType): readonly WireTensor[] {
    return this.description.outputs.flatMap((output) => {
      const value = values[output.name];
      return value === undefined ? [] : [fromOnnxTensor(value, output, this.#options.batches)];
    });
  }
}
