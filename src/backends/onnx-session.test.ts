/**
 * What onnxruntime is asked for when an ONNX model is opened, as a runtime without any model saw it.
 *
 * With the real one, providers that are not there, and shares of cores: onnx-load.test.ts.
 */
import { strict as check } from "node:assert";
import { availableParallelism } from "node:os";
import test from "node:test";
import type { InferenceSession } from "onnxruntime-node";
import { type OnnxOptions, onnx } from "../definition/onnx-model.ts";
import type { OnnxTuning } from "../definition/onnx-tuning.ts";
import type { InstanceContext } from "./backend.ts";
import type { OnnxRuntime } from "./onnx-runtime.ts";
import { openSession } from "./onnx-session.ts";

interface Seen {
  readonly path: string;
  readonly options: InferenceSession.SessionOptions;
  /** Providers with the options that were read. */
  readonly providers: readonly unknown[];
  isReleased: boolean;
}

/** Reads of each provider what stands here, as native code does. */
async function open(
  options: Omit<OnnxOptions, "path">,
  device: InstanceContext["device"] = "cpu",
  reads: readonly string[] = [],
  tuning?: OnnxTuning,
): Promise<Seen> {
  let seen: Seen | undefined;
  const create = async (path: string, given: InferenceSession.SessionOptions): Promise<unknown> => {
    const providers = (given.executionProviders ?? []).map((provider) => {
      const read = provider as unknown as Readonly<Record<string, unknown>>;
      const names = ["name", "deviceId", ...reads].filter((name) => name in read);
      return Object.fromEntries(names.map((name) => [name, read[name]]));
    });
    const now: Seen = { path, options: given, providers, isReleased: false };
    seen = now;
    return await Promise.resolve({
      release: async () => {
        now.isReleased = true;
        await Promise.resolve();
      },
    });
  };
  const runtime = {
    InferenceSession: { create },
    listSupportedBackends: () =>
      ["cpu", "cuda", "tensorrt"].map((name) => ({ name, bundled: true })),
  } as unknown as OnnxRuntime;
  try {
    const model = onnx("m", { path: "/models/m.onnx", ...options });
    await openSession(runtime, { ...model, ...(tuning && { tuning }) }, device);
  } catch (error) {
    check.ok(seen === undefined || seen.isReleased, "nothing stays open");
    throw error;
  }
  return seen ?? check.fail("no session was made");
}

test("without options: all cores, one operator at a time, no spinning, the whole optimisation", async () => {
  const { path, options, providers } = await open({});
  check.equal(path, "/models/m.onnx");
  check.deepEqual(
    { ...options, executionProviders: undefined },
    {
      intraOpNumThreads: availableParallelism(),
      interOpNumThreads: 1,
      executionMode: "sequential",
      graphOptimizationLevel: "all",
      executionProviders: undefined,
      logSeverityLevel: 4,
      extra: { "session.intra_op.allow_spinning": "0", "session.inter_op.allow_spinning": "0" },
    },
  );
  check.deepEqual(providers, [{ name: "cpu" }]);
});

test("threads and optimisation as they are asked for", async () => {
  const { options } = await open({
    intraOpThreads: 3,
    interOpThreads: 2,
    graphOptimizationLevel: "basic",
    instances: 7,
  });
  check.equal(options.intraOpNumThreads, 3);
  check.deepEqual([options.interOpNumThreads, options.executionMode], [2, "parallel"]);
  check.equal(options.graphOptimizationLevel, "basic");
});

test("what a configuration of a repository says besides", async () => {
  const { options } = await open({ interOpThreads: 2 }, "cpu", [], {
    executionMode: "sequential",
    memArena: false,
    memPattern: true,
    entries: { "session.inter_op.allow_spinning": "1", "session.x": "y" },
  });
  const { executionMode, enableCpuMemArena, enableMemPattern, extra } = options;
  check.deepEqual(
    [executionMode, enableCpuMemArena, enableMemPattern],
    ["sequential", false, true],
  );
  check.deepEqual(extra, {
    "session.intra_op.allow_spinning": "0",
    "session.inter_op.allow_spinning": "1",
    "session.x": "y",
  });
});

const providers: readonly (readonly [
  what: string,
  options: Omit<OnnxOptions, "path">,
  device: InstanceContext["device"],
  expected: readonly unknown[],
])[] = [
  ["an instance on a GPU", {}, "cuda:2", [{ name: "cuda", deviceId: 2 }]],
  [
    "a provider by its name",
    { executionProviders: ["cuda"] },
    "cpu",
    [{ name: "cuda", deviceId: 0 }],
  ],
  [
    "a provider on its device",
    { executionProviders: [{ name: "cuda", deviceId: 3 }] },
    "cpu",
    [{ name: "cuda", deviceId: 3 }],
  ],
  [
    "several, in their order, on the device of the instance",
    { executionProviders: ["tensorrt", { name: "cuda" }, "cpu"] },
    "cuda:1",
    [{ name: "tensorrt", deviceId: 1 }, { name: "cuda", deviceId: 1 }, { name: "cpu" }],
  ],
  [
    "the device said twice alike",
    { executionProviders: [{ name: "cuda", deviceId: 1 }] },
    "cuda:1",
    [{ name: "cuda", deviceId: 1 }],
  ],
];

for (const [what, options, device, expected] of providers) {
  test(`providers: ${what}`, async () => {
    check.deepEqual((await open(options, device)).providers, expected);
  });
}

test("options of a provider are handed over, and those that are read are fine", async () => {
  const executionProviders = [
    { name: "cuda", options: { cudnnConvUseMaxWorkspace: false, gpuMemLimit: 5 } },
  ] as const;
  const reads = ["cudnnConvUseMaxWorkspace", "gpuMemLimit"];
  const seen = await open({ executionProviders }, "cpu", reads);
  check.deepEqual(seen.providers, [
    { name: "cuda", deviceId: 0, cudnnConvUseMaxWorkspace: false, gpuMemLimit: 5 },
  ]);
  check.equal(seen.isReleased, false);
});

test("options of a provider that nobody reads are refused, all of them", async () => {
  const executionProviders = [
    { name: "cuda", options: { useArena: true, gpuMemLimit: 5, x: "" } },
  ] as const;
  await check.rejects(open({ executionProviders }, "cpu", ["gpuMemLimit"]), {
    code: "INVALID_ARGUMENT",
    message: "onnxruntime-node does not read option 'useArena', 'x' of execution provider 'cuda'",
  });
});
