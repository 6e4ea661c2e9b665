/**
 * The public list of `shoal/onnx`: models that are ONNX files. Needs the package
 * `onnxruntime-node`, but not before such a model is loaded.
 */
export {
  type ExecutionProvider,
  type ExecutionProviderName,
  type ExecutionProviderOptions,
  type GraphOptimizationLevel,
  type OnnxModel,
  type OnnxOptions,
  type OnnxSessionOptions,
  onnx,
} from "./definition/onnx-model.ts";
