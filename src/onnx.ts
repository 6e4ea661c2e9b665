/**
 * The public list of `shoal/onnx`: models that are ONNX files, and tensors for those who call
 * onnxruntime themselves. Needs the package `onnxruntime-node`, but not before such a model is
 * loaded.
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
export {
  type FromOrtOptions,
  fromOrtTensor,
  type OrtRuntime,
  type OrtTensor,
  toOrtTensor,
} from "./definition/ort-tensors.ts";
