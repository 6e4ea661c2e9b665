/**
 * Statistics as the protocol shows them: every key is there, zeros and empty lists too.
 */
import type { DurationCount } from "../../core/duration-counters.ts";
import type { ModelStatisticsSnapshot } from "../../core/model-statistics.ts";

export function statisticsJson(models: readonly ModelStatisticsSnapshot[]): object {
  return { model_stats: models.map(modelStatistics) };
}

function modelStatistics(model: ModelStatisticsSnapshot): object {
  return {
    name: model.modelName,
    version: String(model.modelVersion),
    last_inference: model.lastInferenceMs,
    inference_count: model.inferenceCount,
    execution_count: model.executionCount,
    inference_stats: {
      success: duration(model.success),
      fail: duration(model.fail),
      queue: duration(model.queue),
      compute_input: duration(model.computeInput),
      compute_infer: duration(model.computeInfer),
      compute_output: duration(model.computeOutput),
      cache_hit: duration(model.cacheHit),
      cache_miss: duration(model.cacheMiss),
    },
    response_stats: Object.fromEntries(
      model.responses.map((response, index) => [
        index,
        {
          compute_infer: duration(response.computeInfer),
          compute_output: duration(response.computeOutput),
          success: duration(response.success),
          fail: duration(response.fail),
          empty_response: duration(response.emptyResponse),
          cancel: duration(response.cancel),
        },
      ]),
    ),
    batch_stats: model.batches.map((batch) => ({
      batch_size: batch.batchSize,
      compute_input: duration(batch.computeInput),
      compute_infer: duration(batch.computeInfer),
      compute_output: duration(batch.computeOutput),
    })),
    memory_usage: [],
  };
}

function duration({ count, ns }: DurationCount): object {
  return { count, ns };
}
