/** Inline instances: the contract. */
import { contractModels } from "../testing/contract-models.ts";
import { inline, resolve } from "../testing/executor-fixture.ts";
import { instanceContract } from "../testing/instance-contract.ts";

instanceContract({
  name: "inline",
  hostOf: async (behaviour) => (await resolve(inline(contractModels[behaviour]))).host,
});
