/**
 * Fragile models: in threads, and each request says by a parameter, `does`, what becomes of its
 * batch. Threads import this file again.
 */
import { appendFileSync, existsSync } from "node:fs";
import { setImmediate as turnOfTheLoop } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { fp32, type Model, type ModelOptions, model, UnrecoverableError } from "shoal";

const deeds: Readonly<Record<string, () => unknown>> = {
  answer: () => {},
  throw: () => {
    throw new Error("cannot open /secret/weights.bin", { cause: new Error("EACCES /secret") });
  },
  throwText: () => {
    throw "only /secret text";
  },
  throwNothing: () => {
    throw undefined;
  },
  throwLater: () => {
    setImmediate(() => {
      throw new Error("nobody awaits /secret/later");
    });
    return new Promise(() => {});
  },
  rejectLater: async () => {
    void Promise.reject(new Error("nobody handles /secret/rejection"));
    await new Promise(() => {});
  },
  exit: () => process.exit(7),
  /** Ends quietly: nothing keeps its loop alive. */
  closePort: () => {
    parentPort?.close();
    return new Promise(() => {});
  },
  loop: () => {
    for (;;);
  },
  wait: () => new Promise(() => {}),
  eatMemory: () => {
    const kept: number[][] = [];
    for (;;) kept.push(Array.from({ length: 100_000 }, (_, index) => index + 0.5));
  },
  giveUp: () => {
    throw new UnrecoverableError("the /secret device is gone");
  },
  /** Not meant for Shoal. */
  postNonsense: async () => {
    for (const nonsense of [null, "done", 5, { type: "done" }, { type: "failed" }, []]) {
      parentPort?.postMessage(nonsense);
    }
    await turnOfTheLoop();
  },
};

const tensors = {
  module: import.meta.url,
  inputs: { x: fp32(1) },
  outputs: { y: fp32(1) },
} as const;

function fragile<const Name extends string>(name: Name, options: ModelOptions = {}): Model {
  return model(name, {
    ...tensors,
    ...options,
    infer: async ({ x }, { requests }) => {
      for (const { parameters } of requests) await deeds[String(parameters["does"])]?.();
      return { y: x.map((value) => 10 * value) };
    },
  });
}

const oneByOne = { maxBatchSize: 1 } as const;

/** How it loads depends on a file whose path is in the environment: whether it is there. */
function isThere(variable: string): boolean {
  return existsSync(process.env[variable] ?? "");
}

/** Each load writes a line. */
function noteLoad(): void {
  const path = process.env["TEST_LOADS"];
  if (path !== undefined) appendFileSync(path, "load\n");
}

export const fragileModels = {
  fragile: fragile("fragile", oneByOne),
  impatient: fragile("impatient", { ...oneByOne, limits: { executionTimeoutMs: 200 } }),
  pair: fragile("pair", { ...oneByOne, instances: 2 }),
  batching: fragile("batching", { maxBatchSize: 4 }),
  stormy: fragile("stormy", {
    maxBatchSize: 4,
    instances: 2,
    limits: { executionTimeoutMs: 150 },
  }),

  /** Its first load works, later ones fail as long as the file is there. */
  falters: model("falters", {
    ...tensors,
    ...oneByOne,
    setup: () => {
      noteLoad();
      if (isThere("TEST_OBSTACLE")) throw new Error("there is an obstacle");
    },
    infer: ({ x }) => {
      if (x.data[0] === 13) process.exit(13);
      return { y: x };
    },
  }),

  hangsLoading: model("hangs-loading", {
    ...tensors,
    limits: { loadTimeoutMs: 200 },
    setup: () => {
      for (;;);
    },
    infer: ({ x }) => ({ y: x }),
  }),

  waitsLoading: model("waits-loading", {
    ...tensors,
    limits: { loadTimeoutMs: 200 },
    setup: () => new Promise<void>(() => {}),
    infer: ({ x }) => ({ y: x }),
  }),

  exitsLoading: model("exits-loading", {
    ...tensors,
    setup: () => process.exit(3),
    infer: ({ x }) => ({ y: x }),
  }),
} as const;
