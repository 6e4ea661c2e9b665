/** A shown configuration as a message: names, enums, and keys of maps, which are the user's. */
import { strict as check } from "node:assert";
import test from "node:test";
import { normaliseConfig } from "../../core/config/normalise-config.ts";
import { shownConfig } from "../../core/config/shown-config.ts";
import { inference } from "../../protocol/generated/messages.js";
import type { WrittenConfig } from "../../protocol/written-config.ts";
import { shownMessage } from "./model-config-message.ts";

function received(config: WrittenConfig): inference.ModelConfig {
  const options = { name: "m", gpus: [], defaultInstanceCount: 1 };
  const shown = shownConfig(normaliseConfig(config, options));
  return inference.ModelConfig.decode(inference.ModelConfig.encode(shownMessage(shown)).finish());
}

test("enums are numbers, whichever message they are in", () => {
  const { batchInput, instanceGroup, input } = received({
    batch_input: [{ kind: "BATCH_ITEM_SHAPE", data_type: "TYPE_FP32" }],
    instance_group: [{ kind: "KIND_MODEL" }],
    input: [{ name: "KIND_CPU", format: "FORMAT_NCHW" }],
  });
  check.deepEqual([batchInput[0]?.kind, batchInput[0]?.dataType], [4, 11]);
  check.equal(instanceGroup[0]?.kind, 3);
  check.deepEqual([input[0]?.name, input[0]?.format], ["KIND_CPU", 2]);
});

test("keys of maps stay as they are", () => {
  const { ensembleScheduling, metricTags, parameters } = received({
    platform: "ensemble",
    ensemble_scheduling: {
      step: [{ input_map: { some_input: "some_tensor" }, model_version: -1 }],
    },
    metric_tags: { data_type: "TYPE_FP32" },
    parameters: { string_value: { string_value: "a" } },
  });
  check.deepEqual(ensembleScheduling?.step?.[0]?.inputMap, { some_input: "some_tensor" });
  check.equal(String(ensembleScheduling?.step?.[0]?.modelVersion), "-1");
  check.deepEqual(metricTags, { data_type: "TYPE_FP32" });
  check.equal(parameters["string_value"]?.stringValue, "a");
});
