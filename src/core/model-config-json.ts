/**
 * The wire form of a model configuration, as `GET .../config` shows it.
 *
 * A plain object whose JSON has the published names, in the published order, with 64-bit integers
 * as numbers; defaults are shown, messages that are not set are left out.
 */
import type { ModelConfig } from "./model-config.ts";

export function modelConfigJson(config: ModelConfig): Readonly<Record<string, unknown>> {
  throw new Error(`not built yet: ${config.name}`);
}
