/**
 * Warm-up samples in their resolved form: one for each sample and batch size, with the inputs that
 * it gives, each with its whole dims where they are known.
 */
import { noParameters } from "../protocol/infer.ts";
import type { TensorDeclaration } from "../protocol/model-options.ts";
import { batchSizesOf, type Warmup, warmupInputs, warmupSamples } from "../protocol/warmup.ts";
import type { WarmupConfig, WarmupInputConfig } from "./model-config.ts";

/** Samples that findWarmupMistakes has accepted. */
export function warmupConfigs(
  warmup: Warmup | undefined,
  declared: readonly TensorDeclaration[],
): readonly WarmupConfig[] {
  const required = declared.filter(({ isOptional }) => !isOptional).map(({ name }) => name);
  return warmupSamples(warmup).flatMap(([field, sample]) => {
    const { name = field, count = 1, parameters = noParameters } = sample;
    const given = new Map(warmupInputs(sample, required));
    const inputs = declared.flatMap(({ name: input, datatype, dims }): WarmupInputConfig[] => {
      const source = given.get(input);
      if (source === undefined) return [];
      return [{ name: input, datatype, dims: source.dims ?? dims, source }];
    });
    return batchSizesOf(sample).map((batchSize) => {
      return { name, batchSize, count, inputs, parameters };
    });
  });
}
