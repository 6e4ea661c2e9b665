/**
 * Models that stream, for the contract of streams (stream-contract.ts): real functions, to be run
 * inline, or in threads that import this file again.
 *
 * Each takes `n` INT32 [rows,1] and gives `k` INT32 [rows,1]. What they log is how a test sees
 * inside: "ended" when a generator is over, and whether anybody was left.
 */
import { type InferContext, type Inputs, type Model, model } from "../definition/model.ts";
import { int32, uint8 } from "../definition/specifications.ts";
import { Tensor } from "../definition/tensor.ts";
import { InferenceError } from "../protocol/errors.ts";

const inputs = { n: int32(1) };
const tensors = { module: import.meta.url, inputs, outputs: { k: int32(1) }, maxBatchSize: 8 };

type Given = Inputs<typeof inputs>;

/** The same number in each row. */
function rowsOf(value: number, rows: number): { readonly k: Int32Array } {
  return { k: new Int32Array(rows).fill(value) };
}

function mostOf({ n }: Given): number {
  return Math.max(...n.data);
}

function noteEnd({ log, signal }: InferContext<unknown>): void {
  log.info(signal.aborted ? "ended, nobody was left" : "ended");
}

interface Counted {
  pulled: number;
}

const countingSetup = (): Counted => ({ pulled: 0 });

function* countUp(given: Given, context: InferContext<Counted>) {
  const { state, rows } = context;
  const count = mostOf(given);
  if (count < 0) {
    yield rowsOf(state.pulled, rows);
    return;
  }
  try {
    for (let k = 0; k < count; k += 1) {
      state.pulled += 1;
      yield rowsOf(k, rows);
    }
  } finally {
    noteEnd(context);
  }
}

type Behaviour =
  | "counts"
  | "countsInTurns"
  | "large"
  | "throws"
  | "wrong"
  | "keeps"
  | "sends"
  | "endsEach"
  | "sendsAstray"
  | "floods"
  | "sendsLate"
  | "sendsWrong"
  | "endless";

export const streamModels: Readonly<Record<Behaviour, Model>> = {
  /** 0, 1, ... up to the largest n of its batch; for a negative n how many it was asked for. */
  counts: model("counts", {
    ...tensors,
    setup: countingSetup,
    async *infer(given, context) {
      let k = 0;
      for (const response of countUp(given, context)) {
        yield response;
        if (k % 7 === 0) await Promise.resolve();
        k += 1;
      }
    },
  }),

  /** The same, by a generator that cannot wait. */
  countsInTurns: model("counts-in-turns", {
    ...tensors,
    setup: countingSetup,
    infer: countUp,
  }),

  /** 64 kB each time. */
  large: model("large", {
    ...tensors,
    outputs: { k: uint8(-1) },
    setup: countingSetup,
    async *infer(given, { state, rows }) {
      const count = mostOf(given);
      if (count < 0) {
        yield { k: Tensor.zeros("UINT8", [rows, 1]).map(() => state.pulled) };
        return;
      }
      for (let k = 0; k < count; k += 1) {
        state.pulled += 1;
        yield { k: Tensor.zeros("UINT8", [rows, 65_536]) };
        if (k % 7 === 0) await Promise.resolve();
      }
    },
  }),

  throws: model("throws", {
    ...tensors,
    async *infer(given, { rows }) {
      for (let k = 0; k < mostOf(given); k += 1) yield rowsOf(k, rows);
      await Promise.resolve();
      throw new InferenceError("UNAVAILABLE", "no more today");
    },
  }),

  /** Its second response lacks a row. */
  wrong: model("wrong", {
    ...tensors,
    *infer(_given, context) {
      try {
        yield rowsOf(0, context.rows);
        yield { k: Tensor.zeros("INT32", [context.rows + 1, 1]) };
        yield rowsOf(2, context.rows);
      } finally {
        noteEnd(context);
      }
    },
  }),

  /** Gives what it got, twice, and reads it afterwards; then a tensor of its own, twice. */
  keeps: model("keeps", {
    ...tensors,
    *infer({ n }) {
      yield { k: n };
      yield { k: n.slice(0, n.rows) };
      const own = n.map((value) => value + 1);
      yield { k: own };
      yield { k: own };
    },
  }),

  /** Each request for itself, the last one first; n responses, of which the last says so if n is odd. */
  sends: model("sends", {
    ...tensors,
    decoupled: true,
    infer: async ({ n }, { send, requests }) => {
      const last = requests.length - 1;
      await Promise.all(
        requests.map(async (_, index) => {
          const request = last - index;
          const { firstRow, rows } = requests[request] ?? { firstRow: 0, rows: 0 };
          const count = n.data[firstRow] ?? 0;
          for (let k = 0; k < count; k += 1) {
            const isFinal = k === count - 1 && count % 2 === 1;
            await send(request, rowsOf(k, rows), { isFinal });
          }
        }),
      );
    },
  }),

  /** One by one it ends its requests: with nothing, with an error, after a response. */
  endsEach: model("ends-each", {
    ...tensors,
    decoupled: true,
    infer: async (_given, { send, end, fail }) => {
      end(0);
      fail(1, new InferenceError("NOT_FOUND", "nothing here"));
      end(1);
      await send(1, rowsOf(1, 1));
      await send(2, rowsOf(2, 1));
      end(2);
    },
  }),

  /** Sends to a request that is not there. */
  sendsAstray: model("sends-astray", {
    ...tensors,
    decoupled: true,
    infer: ({ n }, { send }) => send(n.rows, rowsOf(0, 1)),
  }),

  /** Sends without waiting. */
  floods: model("floods", {
    ...tensors,
    decoupled: true,
    infer: async ({ n }, { send, rows }) => {
      const sent: Promise<void>[] = [];
      for (let k = 0; k < mostOf({ n }); k += 1) sent.push(send(0, rowsOf(k, rows)));
      await Promise.all(sent);
    },
  }),

  /** Sends and ends when it has settled, and waits for nothing. */
  sendsLate: model("sends-late", {
    ...tensors,
    decoupled: true,
    infer: (_given, { send, end, rows }) => {
      setImmediate(() => {
        end(0);
        for (let k = 0; k < 3; k += 1) void send(0, rowsOf(k, rows));
      });
    },
  }),

  /** To its first request something wrong, and waits for nothing. */
  sendsWrong: model("sends-wrong", {
    ...tensors,
    decoupled: true,
    infer: (_given, { send }) => {
      void send(0, rowsOf(1, 2));
      void send(0, rowsOf(2, 1));
      void send(1, rowsOf(3, 1));
      void send(2, rowsOf(4, 1));
    },
  }),

  /** Does not end by itself, and goes on while somebody waits. */
  endless: model("endless", {
    ...tensors,
    async *infer(_given, context) {
      try {
        for (let k = 0; !context.signal.aborted; k += 1) {
          yield rowsOf(k, context.rows);
          await new Promise((resolve) => {
            setImmediate(resolve);
          });
        }
      } finally {
        noteEnd(context);
      }
    },
  }),
};
