/**
 * The 14 datatypes of the protocol: their widths, and their names in a model configuration.
 *
 * `byteSize` is bytes per element; BYTES has none (0): its elements carry their own length.
 */
export const datatypes = {
  BOOL: { byteSize: 1, configName: "TYPE_BOOL" },
  UINT8: { byteSize: 1, configName: "TYPE_UINT8" },
  UINT16: { byteSize: 2, configName: "TYPE_UINT16" },
  UINT32: { byteSize: 4, configName: "TYPE_UINT32" },
  UINT64: { byteSize: 8, configName: "TYPE_UINT64" },
  INT8: { byteSize: 1, configName: "TYPE_INT8" },
  INT16: { byteSize: 2, configName: "TYPE_INT16" },
  INT32: { byteSize: 4, configName: "TYPE_INT32" },
  INT64: { byteSize: 8, configName: "TYPE_INT64" },
  FP16: { byteSize: 2, configName: "TYPE_FP16" },
  BF16: { byteSize: 2, configName: "TYPE_BF16" },
  FP32: { byteSize: 4, configName: "TYPE_FP32" },
  FP64: { byteSize: 8, configName: "TYPE_FP64" },
  BYTES: { byteSize: 0, configName: "TYPE_STRING" },
} as const;

export type Datatype = keyof typeof datatypes;

export function isDatatype(text: string): text is Datatype {
  return Object.hasOwn(datatypes, text);
}
