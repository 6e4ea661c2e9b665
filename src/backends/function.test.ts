/**
 * The function backend: what `setup` and `infer` get, and what becomes of what they throw.
 *
 * Not here: what `infer` returns (function-outputs.test.ts).
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { runInNewContext } from "node:vm";
import { type FunctionModel, type Model, model } from "../definition/model.ts";
import { bytes, fp32, int64, optional } from "../definition/specifications.ts";
import type { Tensor } from "../definition/tensor.ts";
import { UnrecoverableError } from "../definition/unrecoverable-error.ts";
import { InferenceError } from "../protocol/errors.ts";
import { packBytes } from "../protocol/packed-bytes.ts";
import {
  backendCall,
  fp32Tensor,
  fp32Values,
  instanceContext,
  type UnnamedTensor,
} from "../testing/onnx-fixture.ts";
import type { BackendResult, InstanceContext, LoadedModel } from "./backend.ts";
import { createFunctionBackend } from "./function.ts";

const x = fp32Tensor([1, 2], [1, 2]);
const tensors = { inputs: { x: fp32(2) }, outputs: { y: fp32(2) } };

async function load(definition: Model, context = instanceContext()): Promise<LoadedModel> {
  return await createFunctionBackend(definition as FunctionModel).load(context);
}

async function run(
  definition: Model,
  inputs: Readonly<Record<string, UnnamedTensor>> = { x },
): Promise<BackendResult> {
  return await (await load(definition)).run(backendCall(inputs));
}

test("setup runs once, and infer gets what it returned", async () => {
  const batches: number[] = [];
  const counting = model("m", {
    ...tensors,
    setup: async () => await Promise.resolve({ batchCount: 0 }),
    infer: ({ x: given }, { state }) => {
      state.batchCount += 1;
      batches.push(state.batchCount);
      return { y: given };
    },
  });
  const loaded = await load(counting);
  await loaded.run(backendCall({ x }));
  await loaded.run(backendCall({ x }));
  await loaded.unload();
  await loaded.unload();
  check.deepEqual(batches, [1, 2]);
  check.equal(loaded.description, undefined);
});

test("what setup and infer are told", async () => {
  const seen: unknown[] = [];
  const context: InstanceContext = {
    ...instanceContext("cuda:1"),
    modelName: "m",
    modelVersion: 3,
    instanceIndex: 2,
  };
  const fields = {
    model: { name: "m", version: 3 },
    instance: { index: 2 },
    device: "cuda:1",
    log: context.log,
  };
  const curious = model("m", {
    ...tensors,
    setup: (given) => void seen.push(given),
    infer: ({ x: given }, { model: of, instance, device, log, state, rows, requests, signal }) => {
      seen.push({ model: of, instance, device, log, state, rows, requests, signal });
      return { y: given };
    },
  });
  const call = backendCall({ x }, [[], ["y"]]);
  await (await load(curious, context)).run(call);
  check.deepEqual(seen, [
    { ...fields, signal: context.signal },
    { ...fields, state: undefined, rows: 2, requests: call.requests, signal: call.signal },
  ]);
});

test("an input that nobody sent is undefined", async () => {
  const definition = model("m", {
    inputs: { x: fp32(2), scale: optional(fp32(1)) },
    outputs: { y: fp32(2) },
    infer: ({ x: given, scale }) => ({ y: given.map((value) => value * (scale?.data[0] ?? 10)) }),
  });
  const [y] = (await run(definition)).outputs;
  check.deepEqual(y && fp32Values(y), [10, 20]);
  const [z] = (await run(definition, { x, scale: fp32Tensor([1, 1], [3]) })).outputs;
  check.deepEqual(z && fp32Values(z), [3, 6]);
});

test("what a client sent, and the model's type cannot hold, is the client's mistake", async () => {
  const definition = model("m", {
    inputs: { n: int64(1, { as: "number" }), text: bytes(1) },
    outputs: { y: fp32(1) },
    infer: ({ n, text }) => ({ y: [[(n.data[0] ?? 0) + (text.data[0]?.length ?? 0)]] }),
  });
  const n = { datatype: "INT64", shape: [1, 1], bytes: int64Bytes(7n) } as const;
  const text = {
    datatype: "BYTES",
    shape: [1, 1],
    bytes: packBytes([Uint8Array.of(0xff)]),
  } as const;
  const huge = { ...n, bytes: int64Bytes(2n ** 60n) };
  await check.rejects(run(definition, { n: huge, text }), {
    code: "INVALID_ARGUMENT",
    message: /2\^53/,
  });
  await check.rejects(run(definition, { n, text }), {
    code: "INVALID_ARGUMENT",
    message: /not UTF-8/,
  });
});

const failures: readonly [what: string, fail: () => never][] = [
  ["throws", () => fail()],
  ["rejects", (() => Promise.reject(new Error("/secret"))) as unknown as () => never],
];

for (const [what, infer] of failures) {
  test(`infer ${what}: the caller learns that the model failed, the cause is kept`, async () => {
    await check.rejects(run(model("m", { ...tensors, infer })), (error: InferenceError) => {
      check.ok(error instanceof InferenceError);
      check.deepEqual([error.code, error.reason], ["INTERNAL", "BACKEND"]);
      check.equal(error.message, "model 'm' failed: internal error");
      check.equal((error.cause as Error).message, "/secret");
      return true;
    });
  });
}

test("setup throws: the model does not load, and says why", async () => {
  const definition = model("m", { ...tensors, setup: () => fail(), infer: ({ x: y }) => ({ y }) });
  await check.rejects(load(definition), {
    code: "INTERNAL",
    message: "setup of model 'm' failed: /secret",
  });
});

test("an error for good is known by its cause, from setup and from infer", async () => {
  const unrecoverable = (): never => {
    throw new UnrecoverableError("the licence has run out");
  };
  const isKnown = ({ cause }: InferenceError): boolean => cause instanceof UnrecoverableError;
  const echo = ({ x: y }: { readonly x: Tensor<"FP32"> }): { y: Tensor<"FP32"> } => ({ y });
  await check.rejects(load(model("m", { ...tensors, setup: unrecoverable, infer: echo })), isKnown);
  await check.rejects(run(model("m", { ...tensors, infer: unrecoverable })), isKnown);
});

test("inputs are gone when infer has settled, however it did", async () => {
  const kept: Tensor<"FP32">[] = [];
  const clones: Tensor<"FP32">[] = [];
  const keeping = model("m", {
    ...tensors,
    infer: async ({ x: given }) => {
      kept.push(given);
      clones.push(given.clone());
      await Promise.resolve();
      check.deepEqual([...given.data], [1, 2], "still there while it runs");
      if (kept.length === 2) fail();
      return { y: [[0, 0]] };
    },
  });
  const loaded = await load(keeping);
  await loaded.run(backendCall({ x }));
  await check.rejects(async () => await loaded.run(backendCall({ x })));
  check.equal(kept.length, 2);
  for (const input of kept) {
    check.throws(() => input.data, /is gone: it was an input, and infer has settled/);
  }
  check.deepEqual(
    clones.map((clone) => clone.toNested()),
    [[[1, 2]], [[1, 2]]],
  );
});

test("a promise of another realm is waited for, too", async () => {
  const infer = (): Promise<{ y: number[][] }> => {
    return runInNewContext("Promise.resolve({ y: [[3, 4]] })") as Promise<{ y: number[][] }>;
  };
  const [y] = (await run(model("m", { ...tensors, infer }))).outputs;
  check.deepEqual(y && fp32Values(y), [3, 4]);
});

function int64Bytes(value: bigint): Uint8Array {
  return new Uint8Array(BigInt64Array.of(value).buffer);
}

function fail(): never {
  throw new Error("/secret");
}
