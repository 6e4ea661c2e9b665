/**
 * ONNX graphs as onnxruntime-node describes them, one at a time. Where that is not installed, there
 * is a reason and no graph.
 */
import { describeSession } from "../backends/onnx-description.ts";
import { importOnnxRuntime, type OnnxRuntime } from "../backends/onnx-runtime.ts";
import type { Graph } from "../core/config/complete-from-graph.ts";
import { InferenceError } from "../protocol/errors.ts";

export class OnnxGraphs {
  readonly #load: () => Promise<OnnxRuntime>;
  #runtime: Promise<OnnxRuntime | string> | undefined = undefined;

  constructor(load: () => Promise<OnnxRuntime> = importOnnxRuntime) {
    this.#load = load;
  }

  /** Undefined: there is no runtime. Rejects with an InferenceError for what is no such graph. */
  async read(path: string): Promise<Graph | undefined> {
    this.#runtime ??= this.#load().catch((error: unknown) => InferenceError.from(error).message);
    const runtime = await this.#runtime;
    if (typeof runtime === "string") return undefined;
    const session = await runtime.InferenceSession.create(path, {
      graphOptimizationLevel: "disabled",
      intraOpNumThreads: 1,
    }).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      throw new InferenceError("INVALID_ARGUMENT", `it cannot be loaded: ${why}`);
    });
    try {
      return describeSession(session);
    } finally {
      await session.release();
    }
  }

  /** Why none could be read; undefined: they could, or none was there. */
  async missing(): Promise<string | undefined> {
    const runtime = await this.#runtime;
    return typeof runtime === "string" ? runtime : undefined;
  }
}
