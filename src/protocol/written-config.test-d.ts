/** Types of a written configuration: they say what the schema says. */
import type { ExactInteger, Written, WrittenConfig } from "./written-config.ts";

export const all: WrittenConfig = {
  name: "m",
  max_batch_size: 8,
  input: [{ name: "X", data_type: "TYPE_FP32", dims: [-1, 2n], reshape: { shape: [] } }],
  dynamic_batching: { priority_queue_policy: { "1": { timeout_action: "DELAY" } } },
  version_policy: { latest: { num_versions: 1 } },
  parameters: { key: { string_value: "value" } },
};

export const dims: readonly ExactInteger[] | undefined = all.input?.[0]?.dims;
export const policy: Written<"ModelVersionPolicy"> | undefined = all.version_policy;

// @ts-expect-error no such field
export const unknownField: WrittenConfig = { max_batch_sise: 8 };
// @ts-expect-error no such name
export const unknownName: Written<"ModelInput"> = { data_type: "FP32" };
// @ts-expect-error a list
export const noList: WrittenConfig = { input: {} };
// @ts-expect-error 32 bits are a number
export const wide: WrittenConfig = { max_batch_size: 8n };
