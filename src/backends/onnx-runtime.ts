/**
 * onnxruntime-node, imported late: only an instance that runs an ONNX model needs the package,
 * so it is an optional peer, and whoever lacks it is told what to install.
 *
 * It is told to be silent before anything else happens: it would write warnings in colour to
 * stderr, past our log. What goes wrong comes as an exception anyway.
 */
import type * as Ort from "onnxruntime-node";
import { InferenceError } from "../protocol/errors.ts";

export type OnnxRuntime = typeof Ort;

/** Rejects with an InferenceError that says what is missing; the caller adds the model's name. */
export async function importOnnxRuntime(
  load: () => Promise<OnnxRuntime> = () => import("onnxruntime-node"),
): Promise<OnnxRuntime> {
  try {
    const runtime = await load();
    runtime.env.logLevel = "fatal";
    keepHalfFloatsAsBits(runtime);
    return runtime;
  } catch (error) {
    throw new InferenceError("UNAVAILABLE", whyNotImported(error), { cause: error });
  }
}

/**
 * Where there is a Float16Array (from Node 24 on), its JavaScript part would put FP16 into one, and
 * its native part does not know what that is: no FP16 model would run. It looks once, at the first
 * tensor; so that one is made while there is none.
 */
function keepHalfFloatsAsBits({ Tensor }: OnnxRuntime): void {
  const own = Object.getOwnPropertyDescriptor(globalThis, "Float16Array");
  if (own === undefined) return;
  Object.defineProperty(globalThis, "Float16Array", { ...own, value: undefined });
  try {
    new Tensor("float32", new Float32Array(1), [1]);
  } finally {
    Object.defineProperty(globalThis, "Float16Array", own);
  }
}

function whyNotImported(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ERR_MODULE_NOT_FOUND") {
    return "the package onnxruntime-node is not installed: npm install onnxruntime-node";
  }
  // The package is there, its native part is not: it comes for some platforms only.
  const platform = `${process.platform}/${process.arch}`;
  const reason = error instanceof Error ? firstLine(error.message) : String(error);
  return `onnxruntime-node cannot be loaded on ${platform}: ${reason}`;
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
