/**
 * Talkative model: says in the log what it was told about itself.
 */
import { type Model, model } from "../definition/model.ts";
import { fp32 } from "../definition/specifications.ts";

export const talkative: Model = model("talkative", {
  version: 3,
  module: import.meta.url,
  inputs: { x: fp32(1) },
  outputs: { y: fp32(1) },
  setup: ({ model: { name, version }, instance, device, log }) => {
    log.info(`setup of instance ${instance.index} of ${name} ${version} on ${device}`);
  },
  infer: ({ x }, { instance, log }) => {
    log.warning(`infer of instance ${instance.index}`);
    log.error(`infer of instance ${instance.index}`);
    return { y: x };
  },
});
