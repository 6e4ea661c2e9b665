/**
 * Models that note what becomes of their memory. Threads import this file again.
 */
import { fp32, type Model, model } from "shoal";

/** Of this many floats a row: too many for what is cut from slabs. */
export const width = 4096;

const tensors = { inputs: { x: fp32(width) }, outputs: { y: fp32(width) } } as const;

/** Inline only: what it has got and returned, by batch. */
export const seen: { readonly got: unknown; readonly returned: unknown }[] = [];

export const notesItsMemory: Model = model("notes-its-memory", {
  ...tensors,
  infer: ({ x }) => {
    const y = x.map((value) => -value);
    seen.push({ got: x.data.buffer, returned: y.data.buffer });
    return { y };
  },
});

export const returnsWhatItGot: Model = model("returns-what-it-got", {
  ...tensors,
  infer: ({ x }) => {
    seen.push({ got: x.data.buffer, returned: x.data.buffer });
    return { y: x };
  },
});

/** In a thread: tells with each batch how long the arrays of the one before are by now. */
export const tellsOfItsArrays: Model = model("tells-of-its-arrays", {
  module: import.meta.url,
  inputs: tensors.inputs,
  outputs: { ...tensors.outputs, left: fp32(2) },
  setup: () => ({ arrays: [] as Float32Array[] }),
  infer: ({ x }, { state, rows }) => {
    const left = state.arrays.map(({ length }) => length);
    const y = x.map((value) => -value);
    state.arrays = [x.data, y.data];
    const told = left.length > 0 ? left : [-1, -1];
    return { y, left: Array.from({ length: rows }, () => told) };
  },
});
