/** Instances in threads: the contracts of instances, about memory, and of streams. */
import { contractModels } from "../testing/contract-models.ts";
import { resolve } from "../testing/executor-fixture.ts";
import { instanceContract } from "../testing/instance-contract.ts";
import { memoryContract } from "../testing/memory-contract.ts";
import { streamContract } from "../testing/stream-contract.ts";

instanceContract({
  name: "thread",
  hostOf: async (behaviour) => (await resolve(contractModels[behaviour])).host,
});

memoryContract({ name: "thread", prepare: (model) => model, isLazy: false });

streamContract({ name: "thread", prepare: (model) => model });
