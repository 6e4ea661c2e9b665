/**
 * The function backend: setup once, infer for each batch, synchronous or not, and what it makes of
 * whatever the model's code throws. (What it returns: function-outputs.test.ts.)
 */
import { strict as check } from "node:assert";
import { afterEach, test } from "node:test";
import { runInNewContext } from "node:vm";
import { type FunctionModel, type Model, model } from "../definition/model.ts";
import {
  closeModelTable,
  openModelTable,
  waitInsteadOfServing,
} from "../definition/model-table.ts";
import { fp32, int64, optional } from "../definition/specifications.ts";
import type { Tensor } from "../definition/tensor.ts";
import { backendCall, fp32Tensor, fp32Values, instanceContext } from "../testing/onnx-fixture.ts";
import type { BackendResult, LoadedModel } from "./backend.ts";
import { createFunctionBackend } from "./function.ts";

afterEach(closeModelTable);

const tensors = { inputs: { x: fp32(1) }, outputs: { y: fp32(1) } } as const;
const call = backendCall({ x: fp32Tensor([1, 1], [5]) });

function load(definition: Model): Promise<LoadedModel> {
  return createFunctionBackend(definition as FunctionModel).load(instanceContext());
}

async function valuesOf(
  result: BackendResult | Promise<BackendResult>,
): Promise<readonly number[]> {
  const { outputs } = await result;
  return outputs.flatMap(fp32Values);
}

test("a thread in JavaScript may be terminated", () => {
  const definition: Model = model("m", { ...tensors, infer: ({ x }) => ({ y: x }) });
  check.equal(createFunctionBackend(definition as FunctionModel).mayTerminateWhileBusy, true);
});

test("setup runs once, and each batch gets what it returned", async () => {
  let setupCount = 0;
  const loaded = await load(
    model("m", {
      ...tensors,
      setup: async () => {
        setupCount += 1;
        return await Promise.resolve({ sum: 0 });
      },
      infer: ({ x }, { state }) => {
        state.sum += x.data[0] ?? 0;
        return { y: [[state.sum]] };
      },
    }),
  );
  const given = [await valuesOf(loaded.run(call)), await valuesOf(loaded.run(call))];
  check.deepEqual([given, setupCount], [[[5], [10]], 1]);
  await loaded.unload();
  await loaded.unload();
});

test("what is synchronous stays synchronous: no turn is lost", async () => {
  const loaded = await load(model("m", { ...tensors, infer: ({ x }) => ({ y: x }) }));
  check.ok(!(loaded.run(call) instanceof Promise));
  const later = await load(model("m", { ...tensors, infer: async ({ x }) => ({ y: x }) }));
  check.ok(later.run(call) instanceof Promise);
});

test("a promise of another realm will do", async () => {
  const { resolve } = runInNewContext("({ resolve: (value) => Promise.resolve(value) })") as {
    readonly resolve: <Value>(value: Value) => Promise<Value>;
  };
  const infer = ({ x }: { x: Tensor<"FP32"> }): Promise<{ y: Tensor<"FP32"> }> => resolve({ y: x });
  check.ok(!(resolve(1) instanceof Promise));
  const loaded = await load(model("m", { ...tensors, infer }));
  check.deepEqual(await valuesOf(loaded.run(call)), [5]);
});

test("the context tells of the instance, the batch and its requests", async () => {
  const seen: unknown[] = [];
  const loaded = await load(
    model("m", {
      ...tensors,
      setup: ({ model: own, instance, device, signal }) => {
        seen.push({ own, instance, device, aborted: signal.aborted });
      },
      infer: ({ x }, { model: own, instance, device, rows, requests, signal }) => {
        seen.push({
          own,
          instance,
          device,
          rows,
          ids: requests.map(({ id }) => id),
          aborted: signal.aborted,
        });
        return { y: x };
      },
    }),
  );
  await loaded.run(call);
  const about = {
    own: { name: "m", version: 1, ...tensors, options: {}, isDecoupled: false },
    instance: { index: 0 },
    device: "cpu",
    aborted: false,
  };
  check.deepEqual(seen, [about, { ...about, rows: 1, ids: [""] }]);
});

test("an optional input that is missing is undefined, and forms are those of the specification", async () => {
  let seen: unknown;
  const loaded = await load(
    model("m", {
      inputs: { x: fp32(1), n: int64(1, { as: "number" }), z: optional(fp32(1)) },
      outputs: tensors.outputs,
      infer: ({ x, n, z }) => {
        seen = [n.as, n.toNested(), z];
        return { y: x };
      },
    }),
  );
  const n = {
    datatype: "INT64",
    shape: [1, 1],
    bytes: new Uint8Array(BigInt64Array.of(7n).buffer),
  } as const;
  await loaded.run(backendCall({ x: fp32Tensor([1, 1], [5]), n }));
  check.deepEqual(seen, ["number", [[7]], undefined]);
});

test("inputs are gone when the batch has ended, however it did", async () => {
  const kept: Tensor<"FP32">[] = [];
  const ends = [
    (x: Tensor<"FP32">) => ({ y: x.clone() }),
    () => ({ y: 5 }),
    () => {
      throw new Error("failed");
    },
    async () => await Promise.reject(new Error("failed")),
    async (x: Tensor<"FP32">) => await Promise.resolve({ y: x }),
  ];
  for (const end of ends) {
    const infer = ({ x }: { x: Tensor<"FP32"> }): unknown => {
      kept.push(x);
      return end(x);
    };
    const loaded = await load(model("m", { ...tensors, infer: infer as never }));
    try {
      await loaded.run(call);
    } catch {
      // Its text is tested elsewhere.
    }
  }
  check.equal(kept.length, ends.length);
  for (const x of kept) check.throws(() => x.data, /is gone: it was/);
});

test("setup fails: synchronously or not", async () => {
  for (const setup of [
    () => {
      throw new Error("no weights");
    },
    async () => await Promise.reject(new Error("no weights")),
  ]) {
    await check.rejects(load(model("m", { ...tensors, setup, infer: ({ x }) => ({ y: x }) })), {
      code: "INTERNAL",
      message: "setup of model 'm' failed: no weights",
    });
  }
});

test("what stands below serve() has no value: the remedy is told to the operator", async () => {
  openModelTable();
  const use = (): number => below;
  const definition = model("m", { ...tensors, infer: () => ({ y: [[use()]] }) });
  const loaded = await load(definition);
  void waitInsteadOfServing();
  try {
    await loaded.run(call);
    check.fail("it has no value yet");
  } catch (error) {
    check.ok(error instanceof Error && error.cause instanceof Error);
    check.equal(error.message, "model 'm' failed: internal error");
    check.match(
      error.cause.message,
      /'below' before initialization: it is defined below serve\(\): define it above, or put/,
    );
    check.ok(error.cause.cause instanceof ReferenceError);
  }
  const below = 5;
  check.deepEqual(await valuesOf(loaded.run(call)), [below]);
});
