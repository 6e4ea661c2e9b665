/**
 * Float16Array in place of bits: with the machine's own from Node 24 on, and everywhere with a
 * class that says that it is one.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { type HalfFloats, isHalfFloats } from "./half-floats.ts";
import { Tensor } from "./tensor.ts";
import { writtenValues } from "./written-values.ts";

/** Of 16 bits, and no Uint16Array. */
class StandIn extends Int16Array {
  override get [Symbol.toStringTag](): never {
    return "Float16Array" as never;
  }
}

/** 1, -2 and 65,504, behind two bytes of something else. */
function halfFloats(): HalfFloats {
  const { buffer } = Uint16Array.of(0xffff, 0x3c00, 0xc000, 0x7bff);
  const { Float16Array: own = StandIn } = globalThis as { Float16Array?: typeof StandIn };
  return new own(buffer, 2, 3);
}

test("they are known by their tag, and nothing else is one", () => {
  const given = halfFloats();
  check.ok(isHalfFloats(given));
  check.ok(isHalfFloats(new StandIn(given.buffer as ArrayBuffer, 2, 3)));
  for (const other of [new Uint16Array(1), new DataView(new ArrayBuffer(2)), Buffer.alloc(2)]) {
    check.equal(isHalfFloats(other), false);
  }
});

test("a tensor of them is a copy", () => {
  const given = halfFloats();
  const tensor = Tensor.from("FP16", given, [3, 1]);
  new Uint8Array(given.buffer).fill(0);
  check.deepEqual(tensor.toNested(), [[1], [-2], [65_504]]);
  check.deepEqual(tensor.data, Uint16Array.of(0x3c00, 0xc000, 0x7bff));
});

test("a model may return them, and they stay its own", () => {
  const given = halfFloats();
  const expected = { datatype: "FP16", as: "number", dims: [3, -1] } as const;
  const { shape, bytes, isOwn } = writtenValues(expected, given);
  check.deepEqual([shape, isOwn, bytes.buffer === given.buffer], [[3, 1], false, true]);
  check.deepEqual(bytes, Uint8Array.of(0x00, 0x3c, 0x00, 0xc0, 0xff, 0x7b));
});

test("they are no other datatype, BF16 included", () => {
  for (const datatype of ["BF16", "UINT16", "FP32"] as const) {
    check.throws(() => Tensor.from(datatype, halfFloats() as never), {
      name: "TypeError",
      message: /^Tensor\.from: \w+ must be a (Uint16|Float32)Array; got a /,
    });
    const expected = { datatype, as: "number", dims: [-1] } as const;
    check.throws(() => writtenValues(expected, halfFloats()), /^TypeError: must be a \w+; got a /);
  }
});
