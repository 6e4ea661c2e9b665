/**
 * One model for each helper, and for nested ones, that compute the same thing: x * scale, and a
 * greeting. Threads import this file again.
 */
import {
  bytes,
  eachRequest,
  fillOptionals,
  firstValue,
  fp32,
  groupByValues,
  type Inputs,
  type Model,
  model,
  optional,
  padBatch,
  requestList,
  sample,
  type Tensor,
} from "shoal";

const inputs = { x: fp32(2), scale: optional(fp32(1)), language: bytes(1) } as const;
const outputs = { y: fp32(2), greeting: bytes(1) } as const;

type Given = Inputs<typeof inputs>;

const greetings: Readonly<Record<string, string>> = { en: "hello", de: "hallo", zh: "你好" };

function greet(language: string): string {
  return greetings[language] ?? "?";
}

/** Of any number of rows. */
function compute({ x, scale, language }: Given) {
  const y = x.map((value, index) => value * (scale?.data[Math.floor(index / 2)] ?? 1));
  return { y, greeting: language.map(greet) };
}

async function computeLater(given: Given): Promise<ReturnType<typeof compute>> {
  return await Promise.resolve(compute(given));
}

function* twice(given: Given) {
  yield compute(given);
  yield compute(given);
}

async function* twiceLater(given: Given) {
  yield await computeLater(given);
  yield compute(given);
}

/** Once for all rows: they have one language. */
function greetAll({ x, language }: { readonly x: Tensor<"FP32">; readonly language: string }) {
  return { y: x, greeting: Array.from({ length: x.rows }, () => [greet(language)]) };
}

class Computing {
  readonly #compute = compute;

  infer(given: Given) {
    return this.#compute(given);
  }
}

export interface HelperModels {
  readonly answering: readonly Model[];
  /** Each response comes twice. */
  readonly streaming: readonly Model[];
}

export function helperModels(kind: "inline" | "thread"): HelperModels {
  const common = {
    module: import.meta.url,
    instances: { kind },
    inputs,
    outputs,
    maxBatchSize: 8,
    setup: () => ({ greet }),
  };
  return {
    answering: [
      model("an-object", { ...common, infer: new Computing() }),
      model("request-list", {
        ...common,
        infer: requestList((requests) => requests.map(({ inputs: own }) => compute(own))),
      }),
      model("request-list-later", {
        ...common,
        infer: requestList(async (requests) => {
          return await Promise.all(requests.map(({ inputs: own }) => computeLater(own)));
        }),
      }),
      model("each-request", { ...common, infer: eachRequest(compute) }),
      model("each-request-later", {
        ...common,
        infer: eachRequest({ concurrency: 2 }, computeLater),
      }),
      model("sample", {
        ...common,
        infer: sample(({ x, scale, language }, { state }) => ({
          y: x.map((value) => value * (scale?.data[0] ?? 1)),
          greeting: language.map(state.greet),
        })),
      }),
      model("sample-later", {
        ...common,
        infer: sample(async ({ x, scale, language }) => ({
          y: await Promise.resolve(x.map((value) => value * (scale?.data[0] ?? 1))),
          greeting: language.map(greet),
        })),
      }),
      model("group-by-values", { ...common, infer: groupByValues(["language"], computeLater) }),
      model("fill-optionals", { ...common, infer: fillOptionals({ scale: [1] }, compute) }),
      model("first-value", {
        ...common,
        infer: eachRequest(
          firstValue(["language"], ({ x, scale, language }) => {
            const y = x.map((value, index) => value * (scale?.data[Math.floor(index / 2)] ?? 1));
            return greetAll({ x: y, language });
          }),
        ),
      }),
      model("pad-batch", { ...common, infer: padBatch({ sizes: [2, 6] }, computeLater) }),
      model("nested", {
        ...common,
        infer: fillOptionals(
          { scale: [1] },
          groupByValues(
            ["language", "scale"],
            firstValue(
              ["language", "scale"],
              padBatch(({ scale, language, x }) => {
                return greetAll({ x: x.map((value) => value * scale), language });
              }),
            ),
          ),
        ),
      }),
    ],
    streaming: [
      model("request-list-stream", {
        ...common,
        infer: requestList(function* (requests) {
          yield requests.map(({ inputs: own }) => compute(own));
          yield requests.map(({ inputs: own }) => compute(own));
        }),
      }),
      model("each-request-stream", { ...common, infer: eachRequest(twiceLater) }),
      model("sample-stream", {
        ...common,
        infer: sample(async function* ({ x, scale, language }) {
          for (let k = 0; k < 2; k += 1) {
            const y = x.map((value) => value * (scale?.data[0] ?? 1));
            yield await Promise.resolve({ y, greeting: language.map(greet) });
          }
        }),
      }),
      model("group-by-values-stream", { ...common, infer: groupByValues(["language"], twice) }),
      model("fill-optionals-stream", { ...common, infer: fillOptionals({ scale: [1] }, twice) }),
      model("pad-batch-stream", { ...common, infer: padBatch(twiceLater) }),
      model("nested-stream", {
        ...common,
        infer: padBatch(groupByValues(["language"], eachRequest(twiceLater))),
      }),
      model("sending", {
        ...common,
        decoupled: true,
        infer: groupByValues(
          ["language"],
          eachRequest(async (given, { send, end }) => {
            await send(0, compute(given));
            await send(0, compute(given));
            end(0);
          }),
        ),
      }),
    ],
  };
}

/** Threads look for them here. */
helperModels("thread");
