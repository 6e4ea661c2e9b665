/**
 * What becomes of onnxruntime's memory when a model of its own function returns it, inline and
 * from a thread: given away where it is nobody's, copied and counted where the model keeps it.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import type { Model } from "../definition/model.ts";
import { batchOf, contentsOf, numbers } from "../testing/batch-fixture.ts";
import { hostOptions, inline, resolve } from "../testing/executor-fixture.ts";
import { InstanceProbe } from "../testing/instance-probe.ts";
import { keepsOutput, returnsItsInput, returnsOutput } from "../testing/ort-models.ts";
import type { CopiedBytes } from "./copied-bytes.ts";

const batches = [batchOf([numbers("x", [1, 2], [1, 2])]), batchOf([numbers("x", [1, 2], [3, 4])])];

interface Ran {
  /** By batch: the only answer's outputs. */
  readonly outputs: readonly unknown[];
  readonly copied: CopiedBytes;
}

async function run(model: Model): Promise<Ran> {
  const options = hostOptions();
  const { host } = await resolve(model, options);
  const probe = new InstanceProbe(host);
  await probe.isReady;
  const outputs: unknown[] = [];
  for (const batch of batches) {
    const { answers, error } = await probe.execute(batch);
    check.equal(error, undefined);
    const [answer] = answers;
    check.ok(answer !== undefined && !(answer instanceof Error));
    outputs.push(contentsOf(answer));
  }
  probe.instance.stop();
  await probe.exit;
  check.deepEqual(probe.faults, []);
  return { outputs, copied: options.copied };
}

const y = (...values: readonly number[]) => ["y", [1, 2], values];

const kinds = [
  { kind: "inline", prepare: inline, inputs: 0, left: 2 },
  // Inputs are gathered for the thread; what was returned is gone from it.
  { kind: "thread", prepare: (model: Model) => model, inputs: 16, left: 0 },
] as const;

for (const { kind, prepare, inputs, left } of kinds) {
  test(`${kind}: what onnxruntime returned is given away`, async () => {
    const { outputs, copied } = await run(prepare(returnsOutput));
    check.deepEqual(outputs, [
      [y(1, 2), ["left", [1, 1], [-1]]],
      [y(3, 4), ["left", [1, 1], [left]]],
    ]);
    check.deepEqual(copied, { inputs, outputs: 0 });
  });

  test(`${kind}: what the model keeps of it is copied, and counted`, async () => {
    const { outputs, copied } = await run(prepare(keepsOutput));
    check.deepEqual(outputs, [[y(1, 2)], [y(4, 6)]]);
    check.deepEqual(copied, { inputs, outputs: 16 });
  });

  test(`${kind}: what it has from an input is copied, and the input given away`, async () => {
    const { outputs, copied } = await run(prepare(returnsItsInput));
    check.deepEqual(outputs, [
      [y(1, 2), ["x", [1, 2], [1, 2]]],
      [y(3, 4), ["x", [1, 2], [3, 4]]],
    ]);
    check.deepEqual(copied, { inputs, outputs: 16 });
  });
}
