/**
 * Which backend runs a model of a repository, if its configuration leaves that open: from its
 * platform, its file's name, and the files of its highest version.
 *
 * Backend, platform and file name of a model are completed together, or not at all; an ensemble has
 * a platform only. Whether the result makes sense: polling-mistakes.ts.
 */
import type { WrittenConfig } from "../../protocol/written-config.ts";

export const ensemblePlatform = "ensemble";
export const onnxBackend = "onnxruntime";
export const onnxPlatform = "onnxruntime_onnx";
const functionBackend = "function";

const onnxFile = "model.onnx";

/** Of models in JavaScript, first come first. */
const functionFiles = ["model.js", "model.mjs", "model.ts"];

/** `files` are the names in the highest version's folder. */
export function completeBackend(config: WrittenConfig, files: readonly string[]): WrittenConfig {
  const { platform = "", backend = "", default_model_filename: file = "" } = config;
  if (platform === ensemblePlatform) return config;
  const isOpen = platform === "" && backend === "" && file === "";
  const isOnnx =
    backend === "" &&
    (platform === onnxPlatform || file === onnxFile || (isOpen && files.includes(onnxFile)));
  if (isOnnx || backend === onnxBackend) {
    return {
      ...config,
      platform: platform || onnxPlatform,
      backend: onnxBackend,
      default_model_filename: file || onnxFile,
    };
  }
  const functionFile = functionFiles.find((name) => files.includes(name));
  const isFunction = isOpen && functionFile !== undefined;
  if (!isFunction && backend !== functionBackend) return config;
  return {
    ...config,
    backend: functionBackend,
    default_model_filename: file || (functionFile ?? functionFiles[0] ?? ""),
  };
}
