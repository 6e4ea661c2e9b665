/** Instances in threads: the contract. */
import { contractModels } from "../testing/contract-models.ts";
import { resolve } from "../testing/executor-fixture.ts";
import { instanceContract } from "../testing/instance-contract.ts";

instanceContract({
  name: "thread",
  hostOf: async (behaviour) => (await resolve(contractModels[behaviour])).host,
});
