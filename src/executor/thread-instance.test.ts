/** Instances in threads: the contracts of instances, and about memory. */
import { contractModels } from "../testing/contract-models.ts";
import { resolve } from "../testing/executor-fixture.ts";
import { instanceContract } from "../testing/instance-contract.ts";
import { memoryContract } from "../testing/memory-contract.ts";

instanceContract({
  name: "thread",
  hostOf: async (behaviour) => (await resolve(contractModels[behaviour])).host,
});

memoryContract({ name: "thread", prepare: (model) => model, isLazy: false });
