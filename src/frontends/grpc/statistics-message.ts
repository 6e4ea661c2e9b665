/**
 * Statistics as messages: what HTTP shows as JSON (frontends/http/statistics-json.ts).
 */
import type { DurationCount } from "../../core/duration-counters.ts";
import type { ModelStatisticsSnapshot } from "../../core/model-statistics.ts";
import type { inference } from "../../protocol/generated/messages.js";

export function statisticsMessage(
  models: readonly ModelStatisticsSnapshot[],
): inference.ModelStatisticsResponse.$Properties {
  return { modelStats: models.map(modelStatistics) };
}

function modelStatistics(model: ModelStatisticsSnapshot): inference.ModelStatistics.$Properties {
  return {
    name: model.modelName,
    version: String(model.modelVersion),
    lastInference: model.lastInferenceMs,
    inferenceCount: model.inferenceCount,
    executionCount: model.executionCount,
    inferenceStats: {
      success: duration(model.success),
      fail: duration(model.fail),
      queue: duration(model.queue),
      computeInput: duration(model.computeInput),
      computeInfer: duration(model.computeInfer),
      computeOutput: duration(model.computeOutput),
      cacheHit: duration(model.cacheHit),
      cacheMiss: duration(model.cacheMiss),
    },
    batchStats: model.batches.map((batch) => ({
      batchSize: batch.batchSize,
      computeInput: duration(batch.computeInput),
      computeInfer: duration(batch.computeInfer),
      computeOutput: duration(batch.computeOutput),
    })),
    responseStats: Object.fromEntries(
      model.responses.map((response, index) => [
        index,
        {
          computeInfer: duration(response.computeInfer),
          computeOutput: duration(response.computeOutput),
          success: duration(response.success),
          fail: duration(response.fail),
          emptyResponse: duration(response.emptyResponse),
          cancel: duration(response.cancel),
        },
      ]),
    ),
  };
}

function duration({ count, ns }: DurationCount): inference.StatisticDuration.$Properties {
  return { count, ns };
}
