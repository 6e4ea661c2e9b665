/**
 * Several instances that differ: which function each one runs, and which device it is told; of
 * ONNX models that their device comes as far as onnxruntime.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import type { Model } from "../definition/model.ts";
import { onnx } from "../definition/onnx-model.ts";
import { InferenceError } from "../protocol/errors.ts";
import { batchOf, contentsOf, numbers } from "../testing/batch-fixture.ts";
import { resolve } from "../testing/executor-fixture.ts";
import { InstanceProbe } from "../testing/instance-probe.ts";
import { inlineList, list, streamList } from "../testing/list-models.ts";
import { withModelFile } from "../testing/onnx-fixture.ts";
import { identityGraph } from "../testing/onnx-graphs.ts";

const cases: readonly (readonly [
  what: string,
  model: Model,
  /** Function, index, GPU. */
  places: readonly (readonly number[])[],
])[] = [
  [
    "thread",
    list,
    [
      [0, 0, 7],
      [1, 1, -1],
      [2, 2, 3],
    ],
  ],
  [
    "inline",
    inlineList,
    [
      [0, 0, -1],
      [1, 1, -1],
    ],
  ],
];

for (const [what, model, places] of cases) {
  test(`${what}: each instance runs its own function, and knows its index and device`, async () => {
    const { host, config } = await resolve(model);
    const count = config.instanceGroups.reduce((sum, group) => sum + group.count, 0);
    check.equal(count, places.length);
    // The second time as if each had died.
    for (const index of [...places.keys(), ...places.keys()]) {
      const probe = new InstanceProbe(host, index);
      await probe.isReady;
      const { answers, error } = await probe.execute(batchOf([numbers("x", [1, 1], [5])]));
      check.equal(error, undefined);
      const [answer] = answers;
      check.ok(answer !== undefined && !(answer instanceof Error));
      const [at] = answer.outputs;
      const { buffer, byteOffset } = at?.chunks[0] ?? check.fail("it has an output");
      check.deepEqual([...new Int32Array(buffer, byteOffset, 3)], places[index]);
      probe.instance.stop();
      await probe.exit;
    }
  });
}

test("a list of generators streams, and each of them has its instance", async () => {
  check.equal(streamList.isDecoupled, true);
  const { config } = await resolve(streamList);
  check.deepEqual(
    config.instanceGroups.map(({ count }) => count),
    [2],
  );
});

/** No machine has so many GPUs, and most builds have no provider for one. */
test("an ONNX model on GPUs that are not there fails to load, and says why", async () => {
  await withModelFile(identityGraph("FP32"), async (path) => {
    const places = [
      { devices: ["cuda:9998", "cuda:9999"] },
      [{ device: "cuda:9998" }, {}],
    ] as const;
    for (const instances of places) {
      await check.rejects(resolve(onnx("m", { path, instances })), (error: unknown) => {
        check.ok(error instanceof InferenceError);
        check.match(error.message, /^model 'm': .*(provider 'cuda'|CUDA|cuda)/);
        return true;
      });
    }
    // The first instance reads the graph on the CPU; the second one is elsewhere.
    const { host } = await resolve(
      onnx("m", { path, instances: { devices: ["cpu", "cuda:9999"] } }),
    );
    const [first, second] = [new InstanceProbe(host, 0), new InstanceProbe(host, 1)];
    await first.isReady;
    const { error } = await second.exit;
    check.match(error?.message ?? "", /^model 'm': .*(provider 'cuda'|CUDA|cuda)/);
    const { answers } = await first.execute(batchOf([numbers("x", [1, 1], [5])]));
    const [answer] = answers;
    check.ok(answer !== undefined && !(answer instanceof Error));
    check.deepEqual(contentsOf(answer), [["y", [1, 1], [5]]]);
    first.instance.stop();
    await first.exit;
  });
});
