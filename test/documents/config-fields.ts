/**
 * What becomes of each field of a model's configuration, found out by giving it: one after another,
 * alone, with values that say something.
 */
import { findIneffectiveFields, findRefusedFields } from "../../dist/core/config/config-support.js";
import { findLoadingMistakes } from "../../dist/core/config/loading-mistakes.js";
import { normaliseConfig } from "../../dist/core/config/normalise-config.js";
import {
  type ConfigField,
  configSchema,
  type WrittenConfig,
} from "../../dist/protocol/written-config.js";

export type FieldStatus = "supported" | "no effect" | "refused";

/** Of all fields, through lists, maps and messages: `input.reshape.shape`. */
export function fieldStatuses(): ReadonlyMap<string, FieldStatus> {
  return new Map(fieldsUnder("ModelConfig", []).map((steps) => [nameOf(steps), statusOf(steps)]));
}

interface Step {
  readonly name: string;
  readonly field: ConfigField;
}

function fieldsUnder(message: string, above: readonly Step[]): readonly (readonly Step[])[] {
  return Object.entries(configSchema.messages[message] ?? {}).flatMap(([name, field]) => {
    const steps = [...above, { name, field }];
    const inside = fieldsUnder(field.type, steps);
    return inside.length === 0 ? [steps] : inside;
  });
}

function nameOf(steps: readonly Step[]): string {
  return steps.map(({ name }) => name).join(".");
}

function statusOf(steps: readonly Step[]): FieldStatus {
  const configs = [1, true, false, "x", {}, ...enumValues(steps)].map((value) => {
    return configWith(steps, value) as WrittenConfig;
  });
  if (configs.some(isRefused)) return "refused";
  return configs.some((config) => findIneffectiveFields(config).length > 0)
    ? "no effect"
    : "supported";
}

function enumValues(steps: readonly Step[]): readonly string[] {
  return Object.keys(configSchema.enums[steps.at(-1)?.field.type ?? ""] ?? {}).slice(1);
}

function configWith(steps: readonly Step[], value: unknown): unknown {
  return steps.reduceRight((inner, { name, field }) => {
    // A tensor without a name is refused for that.
    const named = /^Model(In|Out)put$/.test(field.type) ? { name: "x", ...Object(inner) } : inner;
    if (field.keyType !== undefined) return { [name]: { 1: named } };
    return { [name]: field.isRepeated === true ? [named] : named };
  }, value);
}

function isRefused(config: WrittenConfig): boolean {
  if (findRefusedFields(config, "m").length > 0) return true;
  const isTensorRt = [config.input, config.output].flat().some((tensor) => tensor?.is_shape_tensor);
  if (!isTensorRt) return false;
  const normal = normaliseConfig(config, { name: "m", gpus: [], defaultInstanceCount: 1 });
  const mistakes = findLoadingMistakes(normal, { gpus: undefined, backends: [""] });
  return mistakes.some((mistake) => mistake.startsWith("shape tensors"));
}
