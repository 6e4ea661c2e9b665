/**
 * Models that behave as the contract of instances asks (instance-contract.ts): real functions, to
 * be run inline, or in threads that import this file again.
 */
import { once } from "node:events";
import { type Inputs, type Model, model } from "../definition/model.ts";
import { bytes, fp32, optional } from "../definition/specifications.ts";
import { Tensor } from "../definition/tensor.ts";
import { UnrecoverableError } from "../definition/unrecoverable-error.ts";
import { InferenceError } from "../protocol/errors.ts";
import type { Behaviour } from "./instance-contract.ts";

const inputs = { x: fp32(2), text: optional(bytes(1)) };
const outputs = { y: fp32(2), copy: bytes(1) };
const tensors = { module: import.meta.url, inputs, outputs };

interface Echo {
  readonly y: Tensor<"FP32">;
  readonly copy: Tensor<"BYTES">;
}

function echo({ x, text }: Inputs<typeof inputs>): Echo {
  return { y: x, copy: text ?? Tensor.zeros("BYTES", [x.rows, 1]) };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, "abort");
}

export const contractModels: Readonly<Record<Behaviour, Model>> = {
  echoes: model("echoes", { ...tensors, infer: echo }),

  failsAtFirst: model("fails-at-first", {
    ...tensors,
    setup: () => ({ isFirst: true }),
    infer: (given, { state }) => {
      if (!state.isFirst) return echo(given);
      state.isFirst = false;
      throw new InferenceError("UNAVAILABLE", "not yet");
    },
  }),

  failsTheSecond: model("fails-the-second", {
    ...tensors,
    infer: (given, { requests, fail }) => {
      if (requests.length > 1) fail(1, new InferenceError("NOT_FOUND", "no such row"));
      return echo(given);
    },
  }),

  waitsForItsCallersToGo: model("waits", {
    ...tensors,
    infer: async (given, { signal }) => {
      await untilAborted(signal);
      return echo(given);
    },
  }),

  failsToLoad: model("fails-to-load", {
    ...tensors,
    setup: () => {
      throw new InferenceError("INVALID_ARGUMENT", "no weights");
    },
    infer: echo,
  }),

  givesUp: model("gives-up", {
    ...tensors,
    infer: (): Echo => {
      throw new UnrecoverableError("the device is gone");
    },
  }),

  givesUpLoading: model("gives-up-loading", {
    ...tensors,
    setup: () => {
      throw new UnrecoverableError("there is no device");
    },
    infer: echo,
  }),

  loadsUntilStopped: model("loads-until-stopped", {
    ...tensors,
    setup: ({ signal }) => untilAborted(signal),
    infer: echo,
  }),
};
