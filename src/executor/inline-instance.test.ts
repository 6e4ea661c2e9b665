/** Inline instances: the contracts of instances, about memory, and of streams. */
import { contractModels } from "../testing/contract-models.ts";
import { inline, resolve } from "../testing/executor-fixture.ts";
import { instanceContract } from "../testing/instance-contract.ts";
import { memoryContract } from "../testing/memory-contract.ts";
import { streamContract } from "../testing/stream-contract.ts";

instanceContract({
  name: "inline",
  hostOf: async (behaviour) => (await resolve(inline(contractModels[behaviour]))).host,
});

memoryContract({ name: "inline", prepare: inline, isLazy: true });

streamContract({ name: "inline", prepare: inline });
