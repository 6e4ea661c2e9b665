/**
 * How onnxruntime runs a graph, as only configurations of repositories say it; `onnx()` has no
 * options for it.
 */
export interface OnnxTuning {
  readonly executionMode: "sequential" | "parallel";
  /** Memory that an operator has used is kept for others; default true. */
  readonly memArena?: boolean;
  /** Memory of a whole run is planned by the one before; default true. */
  readonly memPattern?: boolean;
  /** Entries of the session's configuration, `session.` included. */
  readonly entries: Readonly<Record<string, string>>;
}
