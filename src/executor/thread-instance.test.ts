/** Instances in threads: the contract, what a thread is given, and its end. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ModelResponse } from "../core/instance.ts";
import type { Model } from "../definition/model.ts";
import { batchOf, contentsOf, numbers } from "../testing/batch-fixture.ts";
import { contractModels } from "../testing/contract-models.ts";
import { hostOptions, resolve } from "../testing/executor-fixture.ts";
import { instanceContract } from "../testing/instance-contract.ts";
import { InstanceProbe } from "../testing/instance-probe.ts";
import { withModule } from "../testing/module-file.ts";
import { WorkerWatch } from "../testing/worker-watch.ts";

const contract = instanceContract({
  name: "thread",
  hostOf: async (behaviour) => (await resolve(contractModels[behaviour])).host,
});

for (const { name, run } of contract) test(name, run);

const curious = `
  import { bytes, fp32, model } from "shoal";
  export const curious = model("curious", {
    module: import.meta.url,
    inputs: { x: fp32(1) },
    outputs: { told: bytes(1) },
    setup: ({ log, instance }) => log.info("set up " + instance.index),
    infer: (_, { log }) => {
      log.warning("odd");
      log.error("bad");
      return { told: [[JSON.stringify([process.argv.slice(2), process.env.SHOAL_TEST])]] };
    },
  });`;

test("a thread has the arguments and the environment of the process", async () => {
  await withModule("curious.mjs", curious, async (url) => {
    const { curious: of } = (await import(url)) as { readonly curious: Model };
    const options = hostOptions();
    process.argv.push("--flag");
    process.env["SHOAL_TEST"] = "set";
    const probe = new InstanceProbe((await resolve(of, options)).host, 3);
    process.argv.pop();
    delete process.env["SHOAL_TEST"];
    await probe.isReady;
    const { answers } = await probe.execute(batchOf([numbers("x", [1, 1], [1])]));
    const told = contentsOf(answers[0] as ModelResponse);
    check.deepEqual(told, [["told", [1, 1], ['[["--flag"],"set"]']]]);
    check.deepEqual(options.lines, ["info: set up 3", "warning: odd", "error: bad"]);
    probe.instance.stop();
    await probe.exit;
  });
});

test("abandoned, its thread ends, whatever it does", async () => {
  using watch = new WorkerWatch();
  const kinds = ["echoes", "waitsForItsCallersToGo", "loadsUntilStopped"] as const;
  for (const kind of kinds) {
    const probe = new InstanceProbe((await resolve(contractModels[kind])).host);
    if (kind !== "loadsUntilStopped") await probe.isReady;
    if (kind === "waitsForItsCallersToGo") {
      probe.execute(batchOf([numbers("x", [1, 2], [1, 2])])).catch(() => {});
    }
    probe.instance.abandon();
  }
  await watch.started(kinds.length);
  await Promise.all(watch.workers.map(({ exit }) => exit));
});
