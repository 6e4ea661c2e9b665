/**
 * Parts of a configuration that this server does not have, as one table: those that change results
 * are refused, those that only change speed are told once.
 *
 * A field counts as given if it says something else than nothing: its default is always welcome.
 */
import { isFields } from "../../protocol/fields.ts";
import { configSchema, type WrittenConfig } from "../../protocol/written-config.ts";

interface UnsupportedField {
  /** Through lists and messages. */
  readonly path: string;
  readonly status: "refused" | "ineffective";
  /** What it means to say nothing, if that is not the schema's default. */
  readonly ordinary?: unknown;
}

const unsupportedFields: readonly UnsupportedField[] = [
  { path: "sequence_batching", status: "refused" },
  { path: "batch_input", status: "refused" },
  { path: "batch_output", status: "refused" },
  { path: "input.allow_ragged_batch", status: "refused" },
  { path: "input.is_non_linear_format_io", status: "refused" },
  { path: "output.is_non_linear_format_io", status: "refused" },
  { path: "ensemble_scheduling.step.model_namespace", status: "refused" },
  { path: "model_operations", status: "refused" },
  { path: "model_repository_agents", status: "refused" },
  { path: "runtime", status: "ineffective" },
  { path: "optimization.priority", status: "ineffective" },
  { path: "optimization.cuda", status: "ineffective" },
  { path: "optimization.execution_accelerators", status: "ineffective" },
  { path: "optimization.input_pinned_memory.enable", status: "ineffective", ordinary: true },
  { path: "optimization.output_pinned_memory.enable", status: "ineffective", ordinary: true },
  { path: "optimization.gather_kernel_buffer_threshold", status: "ineffective" },
  { path: "optimization.eager_batching", status: "ineffective" },
  { path: "instance_group.rate_limiter", status: "ineffective" },
  { path: "instance_group.secondary_devices", status: "ineffective" },
  { path: "instance_group.profile", status: "ineffective" },
  { path: "instance_group.host_policy", status: "ineffective" },
  { path: "cc_model_filenames", status: "ineffective" },
  { path: "model_metrics", status: "ineffective" },
];

/** One text for each; `name` is the model's. */
export function findRefusedFields(config: WrittenConfig, name: string): readonly string[] {
  return given(config, "refused").map((path) => {
    return `'${path}' is not supported by this server for ${name}`;
  });
}

/** Their paths. */
export function findIneffectiveFields(config: WrittenConfig): readonly string[] {
  return given(config, "ineffective");
}

function given(config: WrittenConfig, wanted: UnsupportedField["status"]): readonly string[] {
  const found = unsupportedFields.filter(({ path, status, ordinary }) => {
    return status === wanted && valuesAt(config, path.split(".")).some(saysMoreThan(ordinary));
  });
  return found.map(({ path }) => path);
}

function valuesAt(value: unknown, path: readonly string[]): readonly unknown[] {
  const [name, ...rest] = path;
  if (name === undefined) return value === undefined ? [] : [value];
  if (Array.isArray(value)) return value.flatMap((each: unknown) => valuesAt(each, path));
  return isFields(value) ? valuesAt(value[name], rest) : [];
}

const firstNames: ReadonlySet<unknown> = new Set(
  Object.values(configSchema.enums).map((values) => Object.keys(values)[0]),
);

function saysMoreThan(ordinary: unknown): (value: unknown) => boolean {
  return (value) => {
    if (ordinary !== undefined) return value !== ordinary;
    const isDefault = value === 0 || value === "" || value === false || firstNames.has(value);
    return !isDefault;
  };
}
