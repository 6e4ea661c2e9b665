/**
 * Keeping models: each does with its memory what a model may do, or should not: keeps what it got
 * or returned, and changes it later; returns one thing twice, parts of things, and memory that
 * nobody can give away. Real functions, run inline or in threads that import this file again.
 */
import { type Model, model } from "../definition/model.ts";
import { bytes, fp32, uint8 } from "../definition/specifications.ts";
import { Tensor } from "../definition/tensor.ts";

const module = import.meta.url;
const inputs = { x: fp32(2) };
const outputs = { y: fp32(2) };

/** What reading something that is gone throws. */
function complaint(read: () => unknown): string {
  try {
    return `no complaint: ${String(read())}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The compiler knows only the language. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Memory: new (size: { readonly initial: number }) => { readonly buffer: ArrayBuffer };
  };
};

class Floats extends Float32Array {}

export type Keeping =
  | "returnsItsInput"
  | "changesItsInput"
  | "returnsDataOfItsInput"
  | "returnsANewTensor"
  | "returnsNestedArrays"
  | "keepsAnArray"
  | "keepsTensors"
  | "keepsACopy"
  | "returnsOneThingTwice"
  | "returnsParts"
  | "returnsOddMemory";

export const keepingModels: Readonly<Record<Keeping, Model>> = {
  returnsItsInput: model("returns-its-input", {
    module,
    inputs,
    outputs,
    infer: ({ x }) => ({ y: x }),
  }),

  /** In the middle of its own batch: that is allowed. */
  changesItsInput: model("changes-its-input", {
    module,
    inputs,
    outputs,
    infer: ({ x }) => {
      for (const [index, value] of x.data.entries()) x.data[index] = value * 10;
      return { y: x };
    },
  }),

  returnsDataOfItsInput: model("returns-data-of-its-input", {
    module,
    inputs,
    outputs,
    infer: ({ x }) => ({ y: x.data }),
  }),

  returnsANewTensor: model("returns-a-new-tensor", {
    module,
    inputs,
    outputs,
    infer: ({ x }) => ({ y: x.map((value) => value * 10) }),
  }),

  returnsNestedArrays: model("returns-nested-arrays", {
    module,
    inputs,
    outputs,
    infer: ({ x }) => ({ y: x.toNested() as number[][] }),
  }),

  /** The first is kept whole, the second one row longer: a view of it is returned. */
  keepsAnArray: model("keeps-an-array", {
    module,
    inputs,
    outputs: { y: fp32(2), z: fp32(2) },
    setup: () => ({ y: new Float32Array(0), z: new Float32Array(0) }),
    infer: ({ x }, { state }) => {
      const length = x.data.length;
      if (state.y.length !== length) {
        state.y = new Float32Array(length);
        state.z = new Float32Array(length + 2);
      }
      state.y.fill(9);
      state.z.fill(9);
      state.y.set(x.data);
      state.z.set(x.data, 2);
      return { y: state.y, z: state.z.subarray(2) };
    },
  }),

  /** And reads both in the next batch: what it may not, and is told so. */
  keepsTensors: model("keeps-tensors", {
    module,
    inputs,
    outputs: { y: fp32(2), told: bytes(3) },
    setup: () => ({ told: ["", "", ""] as string[], read: [] as (() => unknown)[] }),
    infer: ({ x }, { state }) => {
      const told = state.read.map(complaint);
      const y = Tensor.zeros("FP32", x.shape);
      y.data.set(x.data);
      const row = y.slice(0, 1);
      state.read = [() => x.data, () => y.data[0], () => row.toNested()];
      return {
        y,
        told: Array.from({ length: x.rows }, () => (told.length > 0 ? told : ["", "", ""])),
      };
    },
  }),

  keepsACopy: model("keeps-a-copy", {
    module,
    inputs,
    outputs,
    setup: () => ({ last: undefined as Tensor<"FP32"> | undefined }),
    infer: ({ x }, { state }) => {
      const y = state.last?.clone() ?? x.clone();
      state.last = x.clone();
      return { y };
    },
  }),

  returnsOneThingTwice: model("returns-one-thing-twice", {
    module,
    inputs,
    outputs: { y: fp32(2), z: fp32(2), v: fp32(2), w: fp32(2) },
    infer: ({ x }) => {
      const array = x.data.map((value) => value + 1);
      return { y: x, z: x, v: array, w: array };
    },
  }),

  returnsParts: model("returns-parts", {
    module,
    batching: false,
    inputs: { x: fp32(4, 2) },
    outputs: { whole: fp32(4, 2), row: fp32(2), rows: fp32(2, 2) },
    infer: ({ x }) => ({ whole: x, row: x.row(1), rows: x.slice(2) }),
  }),

  /** Buffers of a pool, subclasses, memory of WebAssembly, and shared memory. */
  returnsOddMemory: model("returns-odd-memory", {
    module,
    inputs,
    outputs: { pooled: uint8(2), own: uint8(2), subclass: fp32(2), wasm: fp32(2), shared: fp32(2) },
    setup: () => ({ memory: new WebAssembly.Memory({ initial: 1 }) }),
    infer: ({ x }, { state, rows }) => {
      const pooled = Buffer.from(Array.from(x.data));
      const own = Tensor.from(uint8(2), pooled, [rows, 2]);
      const subclass = Tensor.from(fp32(2), Floats.from(x.data), [rows, 2]);
      const wasm = new Float32Array(state.memory.buffer, 64, 2 * rows);
      const shared = new Float32Array(new SharedArrayBuffer(8 * rows));
      for (const array of [wasm, shared]) array.set(x.data);
      const outputs = { pooled, own, subclass: subclass.map((value) => value), wasm, shared };
      // What is not its own is copied before anybody can do this.
      setImmediate(() => {
        for (const array of [pooled, wasm, shared]) array.fill(99);
      });
      return outputs;
    },
  }),
};
