/**
 * Element types as onnxruntime names them, by datatype. BF16 is not among them: onnxruntime's
 * JavaScript has no tensor of it.
 */
import type { Datatype } from "../protocol/datatype.ts";

export type OrtDatatype = Exclude<Datatype, "BF16">;

export const ortTypes = {
  BOOL: "bool",
  UINT8: "uint8",
  UINT16: "uint16",
  UINT32: "uint32",
  UINT64: "uint64",
  INT8: "int8",
  INT16: "int16",
  INT32: "int32",
  INT64: "int64",
  FP16: "float16",
  FP32: "float32",
  FP64: "float64",
  BYTES: "string",
} as const;

export type OrtType = (typeof ortTypes)[OrtDatatype];

export function isOrtDatatype(datatype: Datatype): datatype is OrtDatatype {
  return datatype !== "BF16";
}

/** Undefined: there is none for it. */
export function datatypeOfOrtType(type: string): OrtDatatype | undefined {
  return datatypesByOrtType.get(type);
}

const datatypesByOrtType: ReadonlyMap<string, OrtDatatype> = new Map(
  (Object.keys(ortTypes) as OrtDatatype[]).map((datatype) => [ortTypes[datatype], datatype]),
);
