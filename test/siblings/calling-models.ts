/**
 * Models that call others, inline and in a thread, and some to be called: what a caller does is said
 * by its request, in parameters `does` and `to`. Threads import this file again.
 */
import {
  fp32,
  type InferContext,
  InferenceError,
  type Model,
  model,
  type Tensor,
  UnrecoverableError,
} from "shoal";

export const kinds = ["inline", "thread"] as const;
export type Kind = (typeof kinds)[number];

const tensors = {
  module: import.meta.url,
  inputs: { x: fp32(-1) },
  outputs: { y: fp32(-1) },
} as const;

const alone = { maxBatchSize: 1 };

function doubling(kind: Kind) {
  return model(`doubling-${kind}`, {
    ...tensors,
    instances: { kind },
    infer: ({ x }) => ({ y: x.map((value) => 2 * value) }),
  });
}

/** As many responses as its input says, or without end, if that is negative: 0, 1, ... */
function counting(kind: Kind) {
  return model(`counting-${kind}`, {
    ...tensors,
    maxBatchSize: 1,
    instances: { kind },
    *infer({ x }) {
      const [count = 0] = x.data;
      for (let k = 0; k !== count; k += 1) yield { y: [[k]] };
    },
  });
}

export const called = {
  doubling: { inline: doubling("inline"), thread: doubling("thread") },
  counting: { inline: counting("inline"), thread: counting("thread") },
};

/** Says no, with a code of its own. */
export const refusing = model("refusing", {
  ...tensors,
  infer: () => {
    throw new InferenceError("NOT_FOUND", "there is no such word", { retryAfterS: 7 });
  },
});

export const giving = model("giving-up", {
  ...tensors,
  infer: () => {
    throw new UnrecoverableError("the /secret device is gone");
  },
});

interface Given {
  readonly x: Tensor<"FP32">;
}

interface Answer {
  readonly y: Tensor<"FP32"> | readonly (readonly number[])[];
}

type Deed = (given: Given, context: InferContext<unknown>, to: string) => Answer | Promise<Answer>;

/** What it has learned, as a text that a client may see. */
function tell(what: unknown): never {
  throw new InferenceError("UNKNOWN", String(what));
}

function yOf(outputs: Readonly<Record<string, Tensor>>): Tensor<"FP32"> {
  return outputs["y"] as Tensor<"FP32">;
}

const deeds: Readonly<Record<string, Deed>> = {
  ask: async ({ x }, context, to) => ({ y: yOf(await context.model(to).infer({ x })) }),
  askDefined: async ({ x }, context, to) => {
    const kind = to.endsWith("thread") ? "thread" : "inline";
    const { y } = await context.model(called.doubling[kind]).infer({ x: [[...x.data]] });
    return { y };
  },
  askNested: async ({ x }, context, to) => {
    return { y: yOf(await context.model(to, 1).infer({ x: x.toNested(), unused: undefined })) };
  },
  askTwice: async ({ x }, context, to) => {
    const other = context.model(to);
    const [one, two] = await Promise.all([other.infer({ x }), other.infer({ x: [[100]] })]);
    return { y: [[(yOf(one).data[0] ?? 0) + (yOf(two).data[0] ?? 0)]] };
  },
  askInTurn: async ({ x }, context, to) => {
    let y = x;
    for (let left = 3; left > 0; left -= 1) y = yOf(await context.model(to).infer({ x: y }));
    return { y };
  },
  sum: async ({ x }, context, to) => {
    let sum = 0;
    for await (const outputs of context.model(to).stream({ x })) sum += yOf(outputs).data[0] ?? 0;
    return { y: [[sum]] };
  },
  takeThree: async ({ x }, context, to) => {
    const taken: number[] = [];
    for await (const outputs of context.model(to).stream({ x })) {
      taken.push(yOf(outputs).data[0] ?? 0);
      if (taken.length === 3) break;
    }
    return { y: [taken] };
  },
  askByHand: async ({ x }, context, to) => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const asked = context.model(to).infer({ X: x }, { signal });
    leaving.abort();
    const { code } = await asked.catch((error: InferenceError) => error);
    return tell(code);
  },
  askTooLate: async ({ x }, context, to) => {
    const deadlineMs = performance.now() - 1;
    const asked = context.model(to).infer({ X: x }, { deadlineMs });
    const { code } = await asked.catch((error: InferenceError) => error);
    return tell(code);
  },
  askHeld: async ({ x }, context, to) => {
    const { X } = await context.model(to).infer({ X: x });
    return { y: X as Tensor<"FP32"> };
  },
  /** Its call is left open. */
  forget: async ({ x }, context, to) => {
    void context.model(to).infer({ X: x });
    await context.model("bell").infer({ x });
    return { y: x };
  },
  dieCalling: async ({ x }, context, to) => {
    void context.model(to).infer({ X: x });
    await context.model("bell").infer({ x });
    process.exit(7);
  },
  ringThenAsk: async ({ x }, context, to) => {
    await context.model("bell").infer({ x });
    return { y: yOf(await context.model(to).infer({ x })) };
  },
  flood: async ({ x }, context, to) => {
    const other = context.model(to);
    for (let left = 1024; left > 0; left -= 1) void other.infer({ X: x });
    const { message } = await other.infer({ X: x }).catch((error: InferenceError) => error);
    return tell(message);
  },
  sendFunction: async (_, context, to) => {
    const why = await context
      .model(to)
      .infer({ x: [() => 1] })
      .catch(String);
    return tell(why);
  },
  misspell: async ({ x }, context, to) => {
    const options = { deadline: 5 } as object;
    const why = await context.model(to).infer({ x }, options).catch(String);
    return tell(why);
  },
  askNobody: (_, context) => {
    try {
      context.model(5 as unknown as string);
      return tell("nothing");
    } catch (error) {
      return tell(error);
    }
  },
  own: (_, { model: { name, version } }) => tell(`${name}/${version}`),
};

/** Contexts outlive their batches here, as they should not. */
let kept: InferContext<unknown> | undefined;

function calling(kind: Kind): Model {
  return model(`calling-${kind}`, {
    ...tensors,
    ...alone,
    instances: { kind },
    infer: async (given, context): Promise<Answer> => {
      const { does = "ask", to = "" } = context.requests[0]?.parameters ?? {};
      if (does === "keep") {
        kept = context;
        return { y: given.x };
      }
      if (does === "askLate") {
        const late = await kept
          ?.model(String(to))
          .infer({ x: [[1]] })
          .catch(String);
        return tell(late);
      }
      return await (deeds[String(does)] ?? tell)(given, context, String(to));
    },
  });
}

export const callers: Readonly<Record<Kind, Model>> = {
  inline: calling("inline"),
  thread: calling("thread"),
};

function relaying(kind: Kind): Model {
  return model(`relaying-${kind}`, {
    ...tensors,
    maxBatchSize: 1,
    instances: { kind },
    async *infer({ x }, context) {
      const { to = "" } = context.requests[0]?.parameters ?? {};
      for await (const outputs of context.model(String(to)).stream({ x })) {
        yield { y: yOf(outputs) };
      }
    },
  });
}

/** Hands on the stream of another. */
export const relays: Readonly<Record<Kind, Model>> = {
  inline: relaying("inline"),
  thread: relaying("thread"),
};

/** Each calls the next of the circle, whoever asks. */
function circling(name: string, next: string, kind: Kind): Model {
  return model(name, {
    ...tensors,
    ...alone,
    instances: { kind },
    infer: async ({ x }, context) => ({ y: yOf(await context.model(next).infer({ x })) }),
  });
}

export const circles: readonly Model[] = [
  circling("narcissus", "narcissus", "inline"),
  circling("hen", "egg", "inline"),
  circling("egg", "hen", "thread"),
  circling("one", "two", "thread"),
  circling("two", "three", "inline"),
  circling("three", "one", "thread"),
];

export const callsInSetup: Readonly<Record<Kind, Model>> = {
  inline: settingUp("inline"),
  thread: settingUp("thread"),
};

function settingUp(kind: Kind): Model {
  return model(`sets-up-${kind}`, {
    ...tensors,
    instances: { kind },
    setup: (context) => {
      const { model: own } = context;
      (own as unknown as InferContext<unknown>["model"])("doubling-inline");
    },
    infer: ({ x }) => ({ y: x }),
  });
}
