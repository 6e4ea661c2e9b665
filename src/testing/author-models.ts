/**
 * Models that use what an author gets beside his inputs, for tests that run them inline, and in
 * threads that import this file again.
 */
import { type Inputs, type Model, model } from "../definition/model.ts";
import { fp32 } from "../definition/specifications.ts";
import type { Tensor } from "../definition/tensor.ts";

const inputs = { x: fp32(2) };
const tensors = { module: import.meta.url, inputs, outputs: { y: fp32(2) } };

interface Answer {
  readonly y: Tensor<"FP32">;
}

function echo({ x }: Inputs<typeof inputs>): Answer {
  return { y: x };
}

export const authorModels: Readonly<Record<"logs" | "tells", Model>> = {
  /** When it is set up, about its batch, about the second request of it, and when that is over. */
  logs: model("logs", {
    ...tensors,
    setup: ({ log }) => {
      log.info("set up");
      return { over: Promise.resolve() };
    },
    infer: async (given, { log, state }): Promise<Answer> => {
      log.warning("all");
      log.error("the second", { request: 1 });
      await state.over;
      log.info("awaited");
      setImmediate(() => log.info("over"));
      return echo(given);
    },
  }),

  /** What it knows of its callers; moments on the clock of all threads. */
  tells: model("tells", {
    ...tensors,
    infer: (given, { log, deadlineMs, requests }): Answer => {
      const moment = (ms: number | undefined): number | null => {
        return ms === undefined ? null : performance.timeOrigin + ms;
      };
      const each = requests.map((one) => [one.headers, moment(one.deadlineMs)]);
      log.info(JSON.stringify([moment(deadlineMs), each]));
      return echo(given);
    },
  }),
};
