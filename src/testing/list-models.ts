/**
 * Models of a function for each instance, which say in their answer where it ran: the number of
 * the function, the index of its instance, and its GPU; -1 on the CPU.
 */
import { type Model, model } from "../definition/model.ts";
import { fp32, int32 } from "../definition/specifications.ts";

const tensors = { inputs: { x: fp32(1) }, outputs: { at: int32(3) } } as const;

interface Place {
  readonly instance: { readonly index: number };
  readonly device: string;
}

function placeOf(number: number, { instance, device }: Place): readonly (readonly number[])[] {
  const gpu = device === "cpu" ? -1 : Number(device.slice("cuda:".length));
  return [[number, instance.index, gpu]];
}

export const list: Model = model("list", {
  ...tensors,
  module: import.meta.url,
  instances: [{ device: "cuda:7" }, { devices: ["cpu", "cuda:3"] }],
  infer: [
    (_, context) => ({ at: placeOf(0, context) }),
    async (_, context) => await Promise.resolve({ at: placeOf(1, context) }),
    (_, context) => ({ at: placeOf(2, context) }),
  ],
});

export const inlineList: Model = model("inline-list", {
  ...tensors,
  instances: { kind: "inline" },
  infer: [
    (_, context) => ({ at: placeOf(0, context) }),
    (_, context) => ({ at: placeOf(1, context) }),
  ],
});

export const streamList: Model = model("stream-list", {
  ...tensors,
  infer: [
    function* (_, context) {
      yield { at: placeOf(0, context) };
    },
    async function* (_, context) {
      yield { at: await Promise.resolve(placeOf(1, context)) };
    },
  ],
});
