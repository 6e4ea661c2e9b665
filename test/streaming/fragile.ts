/**
 * Models that stream until something goes wrong, inline and in a thread: N, INT32 [1], says what.
 */
import { InferenceError, int32, type Model, model } from "shoal";

export const faults = {
  /** Three responses, then an error that is meant for the caller. */
  throws: -1,
  /** Three responses, then an error that is not. */
  fails: -2,
  /** Three responses, then the end of its thread. */
  exits: -3,
  /** Responses without end, as fast as they are read. */
  neverEnds: -4,
  /** One response, then nothing until its caller has gone. */
  waits: -5,
  /** Three responses, then one of the wrong shape. */
  wrong: -6,
} as const;

function fragileIn(name: string, kind: "inline" | "thread", isBatching: boolean): Model {
  return model(name, {
    inputs: { N: int32(1) },
    outputs: { K: int32(1) },
    ...(isBatching
      ? { maxBatchSize: 4, batching: { maxQueueDelayMs: 60_000 } }
      : { batching: false }),
    module: import.meta.url,
    instances: { kind, concurrency: isBatching ? 1 : 50 },
    async *infer({ N }, { signal, rows }) {
      const fault = Math.min(...N.data);
      const rowsOf = (k: number): Int32Array => new Int32Array(isBatching ? rows : 1).fill(k);
      for (let k = 0; fault === faults.neverEnds || k < 3; k += 1) yield { K: rowsOf(k) };
      if (fault === faults.throws) throw new InferenceError("NOT_FOUND", "three were enough");
      if (fault === faults.fails) throw new Error("secret path /etc/model");
      if (fault === faults.exits) process.exit(7);
      if (fault === faults.wrong) yield { K: new Int32Array(5) };
      if (fault === faults.waits && !signal.aborted) {
        await new Promise((resolve) => {
          signal.addEventListener("abort", resolve);
        });
      }
    },
  });
}

export const fragileInline: Model = fragileIn("fragile-inline", "inline", false);
export const fragileInThread: Model = fragileIn("fragile-thread", "thread", false);
/** Its requests wait for company for a minute, or for a fourth one. */
export const batchedInline: Model = fragileIn("batched-inline", "inline", true);
