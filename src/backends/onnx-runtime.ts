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
    return runtime;
  } catch (error) {
    throw new InferenceError("UNAVAILABLE", whyNotImported(error), { cause: error });
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
