/**
 * Settings of backends, as Triton writes them: `onnxruntime,default-max-batch-size=8`, or without a
 * backend for all of them. One setting is known; others change nothing here, and are named.
 */
export interface BackendSettings {
  /** Most rows of a batch of an ONNX model whose configuration does not say. */
  readonly defaultMaxBatchSize: number;
  readonly warnings: readonly string[];
}

/** Triton's own. */
const builtIn = 4;

const format = /^(?:([^,=]+),|,)?([^,=]+)=(.*)$/;

export function isBackendConfig(text: string): boolean {
  const [, , key, value = ""] = format.exec(text) ?? [];
  if (key === undefined) return false;
  return key !== "default-max-batch-size" || /^\d{1,9}$/.test(value);
}

/** Of texts that are valid. */
export function readBackendConfig(texts: readonly string[]): BackendSettings {
  const warnings: string[] = [];
  let ofAll: number | undefined;
  let ofOnnx: number | undefined;
  for (const text of texts) {
    const [, backend, key, value] = format.exec(text) ?? [];
    if (key === "default-max-batch-size" && backend === undefined) ofAll = Number(value);
    else if (key === "default-max-batch-size" && backend === "onnxruntime") ofOnnx = Number(value);
    else warnings.push(`--backend-config ${text} changes nothing here`);
  }
  return { defaultMaxBatchSize: ofOnnx ?? ofAll ?? builtIn, warnings };
}
