/** The example models by themselves: for how long, and on what, they wait. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import type { FunctionModel } from "../definition/model.ts";
import { backendCall, fp32Tensor, instanceContext } from "../testing/onnx-fixture.ts";
import type { BackendCall, ResponseStream } from "./backend.ts";
import { type ExamplePlan, exampleModels, type IdentityPlan } from "./example-models.ts";
import { createFunctionBackend } from "./function.ts";

const tensor = { datatype: "FP32", dims: [1], isOptional: false } as const;

function identity(parameters: IdentityPlan["parameters"], slept: number[]): FunctionModel {
  return exampleModels.identity({
    name: "m",
    version: 1,
    inputs: [{ ...tensor, name: "INPUT0" }],
    outputs: [{ ...tensor, name: "OUTPUT0" }],
    maxBatchSize: 8,
    parameters,
    sleep: (durationMs) => {
      slept.push(durationMs);
      return Promise.resolve();
    },
  });
}

test("identity waits, each instance by its number", async () => {
  const slept: number[] = [];
  const parameters = { execute_delay_ms: "100", instance_wise_delay_multiplier: "4" };
  const backend = createFunctionBackend(identity(parameters, slept));
  for (const instanceIndex of [0, 1, 2]) {
    const loaded = await backend.load({ ...instanceContext(), instanceIndex });
    await loaded.run(backendCall({ INPUT0: fp32Tensor([1, 1], [5]) }));
  }
  check.deepEqual(slept, [100, 400, 800]);
});

test("identity: a delay that is no number", () => {
  check.throws(() => identity({ execute_delay_ms: "-1" }, []), {
    code: "INVALID_ARGUMENT",
    message: "parameter 'execute_delay_ms' must be a whole number, got '-1'",
  });
});

test("repeat: the instance is busy until WAIT is over, its responses come meanwhile", async () => {
  const log: string[] = [];
  const release: (() => void)[] = [];
  const plan: ExamplePlan = {
    name: "m",
    version: 1,
    sleep: (durationMs) => {
      log.push(`sleeps ${durationMs}`);
      if (durationMs < 1000) return Promise.resolve();
      return new Promise((resolve) => release.push(resolve));
    },
  };
  const loaded = await createFunctionBackend(exampleModels.repeat(plan)).load(instanceContext());
  const run = (value: number): Promise<unknown> => {
    return Promise.resolve(loaded.run(repeatCall({ IN: value, DELAY: value, WAIT: 1000 + value })));
  };
  const [first, second] = [run(1), run(2)];
  await first;
  check.deepEqual(log, ["sleeps 1001", "sleeps 1"]);
  release[0]?.();
  await second;
  check.deepEqual(log.slice(2).sort(), ["sleeps 1002", "sleeps 2"]);
});

/** One of each; nobody counts its responses. */
function repeatCall(inputs: Readonly<Record<"IN" | "DELAY" | "WAIT", number>>): BackendCall {
  const tensors = Object.entries(inputs).map(([name, value]) => {
    const datatype = name === "IN" ? ("INT32" as const) : ("UINT32" as const);
    const bytes = new Uint8Array(Int32Array.of(value).buffer);
    return [name, { datatype, shape: [1], bytes }] as const;
  });
  const call = backendCall(Object.fromEntries(tensors));
  const responses: ResponseStream = {
    isOver: false,
    respond() {},
    fail() {},
    whenRoom: () => undefined,
  };
  return Object.defineProperty(call, "responses", { value: responses });
}
