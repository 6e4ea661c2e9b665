/**
 * Models that are warmed up, in each form that a function may have: for tests that run them inline,
 * and in threads that import this file again. They log what they get.
 */
import { type InferContext, type Inputs, type Model, model } from "../definition/model.ts";
import { bytes, fp32, int64, optional } from "../definition/specifications.ts";
import type { Tensor } from "../definition/tensor.ts";
import { UnrecoverableError } from "../definition/unrecoverable-error.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { WarmupSample } from "../protocol/warmup.ts";

const inputs = { x: fp32(2) };
const warmup: WarmupSample = { name: "pair", inputs: "random", batchSizes: [1, 3], count: 2 };
const tensors = { module: import.meta.url, inputs, outputs: { y: fp32(2) }, warmup };

interface Answer {
  readonly y: Tensor<"FP32">;
}

interface Counted {
  calls: number;
}

const countingSetup = (): Counted => ({ calls: 0 });

/** With its first value, to see that it is not zero. */
function note({ x }: Inputs<typeof inputs>, context: InferContext<Counted>): void {
  const { rows, requests, isWarmup, log, state } = context;
  state.calls += 1;
  const isRandom = x.data.some((value) => value > 0);
  const what = `rows ${rows}, requests ${requests.length}, random ${isRandom}`;
  log.info(`call ${state.calls}: ${what}, warm-up ${isWarmup}`);
}

/** More than the window of a reader: nobody takes them, and the warm-up goes on. */
function responsesIn({ isWarmup }: InferContext<Counted>): number {
  return isWarmup ? 100 : 1;
}

export const formModels: Readonly<Record<string, Model>> = {
  sync: model("sync", {
    ...tensors,
    setup: countingSetup,
    infer: (given, context): Answer => {
      note(given, context);
      return { y: given.x };
    },
  }),
  async: model("async", {
    ...tensors,
    setup: countingSetup,
    infer: async (given, context): Promise<Answer> => {
      await Promise.resolve();
      note(given, context);
      return { y: given.x };
    },
  }),
  generator: model("generator", {
    ...tensors,
    setup: countingSetup,
    *infer(given, context) {
      note(given, context);
      for (let left = responsesIn(context); left > 0; left -= 1) yield { y: given.x.clone() };
    },
  }),
  asyncGenerator: model("async-generator", {
    ...tensors,
    setup: countingSetup,
    async *infer(given, context) {
      await Promise.resolve();
      note(given, context);
      for (let left = responsesIn(context); left > 0; left -= 1) yield { y: given.x.clone() };
    },
  }),
  sender: model("sender", {
    ...tensors,
    decoupled: true,
    setup: countingSetup,
    infer: async (given, context) => {
      note(given, context);
      const { requests, send, end } = context;
      for (const [index, { firstRow }] of requests.entries()) {
        await send(index, { y: given.x.slice(firstRow, firstRow + 1).clone() });
        end(index);
      }
    },
  }),
};

const failing = { module: import.meta.url, inputs, outputs: { y: fp32(2) } };
const three: WarmupSample = { inputs: "zero", batchSizes: 3 };

/** Each with what the load fails with, in both kinds of instances. */
export const failingModels: readonly (readonly [model: Model, why: string])[] = [
  [
    model("throws", {
      ...failing,
      warmup: three,
      infer: (): Answer => {
        throw new TypeError("no table yet");
      },
    }),
    "INTERNAL: model 'throws' failed its warm-up, sample 'warmup' with batch size 3: " +
      "TypeError: no table yet",
  ],
  [
    model("refuses", {
      ...failing,
      warmup: [{ inputs: "random" }, three],
      infer: ({ x }): Answer => {
        if (x.rows === 3) throw new InferenceError("UNAVAILABLE", "not so many");
        return { y: x };
      },
    }),
    "UNAVAILABLE: model 'refuses' failed its warm-up, sample 'warmup[1]' with batch size 3: " +
      "not so many",
  ],
  [
    model("wrong", { ...failing, warmup: three, infer: () => ({ y: new Float32Array(1) }) }),
    "INTERNAL: model 'wrong' failed its warm-up, sample 'warmup' with batch size 3: " +
      "model 'wrong': output 'y' must be elements of shape [3,2]; got 1 elements",
  ],
  [
    model("gives-up", {
      ...failing,
      warmup: three,
      infer: (): Answer => {
        throw new UnrecoverableError("the device is gone");
      },
    }),
    "INTERNAL: model 'gives-up' failed its warm-up, sample 'warmup' with batch size 3: " +
      "UnrecoverableError: the device is gone",
  ],
  [
    model("fails-one", {
      ...failing,
      decoupled: true,
      warmup: three,
      infer: ({ x }, { send, fail }) => {
        for (let index = 0; index < x.rows; index += 1) {
          if (index === 1) fail(index, new InferenceError("NOT_FOUND", "no such word"));
          else send(index, { y: x.slice(0, 1).clone() }, { isFinal: true }).catch(() => {});
        }
      },
    }),
    "NOT_FOUND: model 'fails-one' failed its warm-up, sample 'warmup' with batch size 3: " +
      "no such word",
  ],
];

/** Logs every element that it gets. */
export const showModel: Model = model("show", {
  inputs: { text: bytes(-1), id: int64(2), scale: optional(fp32(1)) },
  outputs: { y: fp32(1) },
  infer: ({ text, id, scale }, { log, requests, rows }) => {
    const numbers = id.toNested() as readonly (readonly bigint[])[];
    const ids = numbers.map((row) => row.map(String));
    const parameters = requests.map((request) => request.parameters);
    const given = scale?.toNested();
    log.info(JSON.stringify([text.toNested(), ids, given ?? null, parameters[0]]));
    return { y: new Float32Array(rows) };
  },
});
