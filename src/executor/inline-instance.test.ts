/** Inline instances: the contracts of instances, and about memory. */
import { contractModels } from "../testing/contract-models.ts";
import { inline, resolve } from "../testing/executor-fixture.ts";
import { instanceContract } from "../testing/instance-contract.ts";
import { memoryContract } from "../testing/memory-contract.ts";

instanceContract({
  name: "inline",
  hostOf: async (behaviour) => (await resolve(inline(contractModels[behaviour]))).host,
});

memoryContract({ name: "inline", prepare: inline, isLazy: true });
