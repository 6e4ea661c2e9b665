/** Wide integers: exact both ways, through the code that writes and reads them. */
import { strict as check } from "node:assert";
import test from "node:test";
import fc from "fast-check";
import { inference } from "./generated/messages.js";
import { fromBigint, toBigint, toInteger } from "./wide-integers.ts";

function thereAndBack(parameter: inference.InferParameter.$Properties): inference.InferParameter {
  const bytes = inference.InferParameter.encode(parameter).finish();
  return inference.InferParameter.decode(bytes);
}

test("every signed and every unsigned integer", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      (signed, unsigned) => {
        const { int64Param } = thereAndBack({ int64Param: fromBigint(signed) });
        const { uint64Param } = thereAndBack({ uint64Param: fromBigint(unsigned) });
        check.equal(toBigint(int64Param ?? 0), signed);
        check.equal(toBigint(uint64Param ?? 0), unsigned);
      },
    ),
  );
});

test("numbers where they are exact, bigint beyond", () => {
  const most = Number.MAX_SAFE_INTEGER;
  for (const value of [0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 32, most, -most]) {
    const { int64Param } = thereAndBack({ int64Param: value });
    check.equal(toInteger(int64Param ?? 0), value);
  }
  for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)]) {
    const { int64Param } = thereAndBack({ int64Param: fromBigint(value) });
    check.equal(toInteger(int64Param ?? 0), value);
  }
});
