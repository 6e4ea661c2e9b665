/** What each maker of specifications gives, and what it refuses. */
import { strict as check } from "node:assert";
import test from "node:test";
import { datatypes } from "../protocol/datatype.ts";
import * as makers from "./specifications.ts";

type Maker = (...args: readonly unknown[]) => makers.TensorSpec;

/** Called as a user without types would. */
const untyped = makers as unknown as Readonly<Record<string, Maker>>;

const forms: Readonly<Record<string, string>> = {
  BOOL: "boolean",
  INT64: "bigint",
  UINT64: "bigint",
  BYTES: "string",
};

for (const datatype of Object.keys(datatypes)) {
  test(`${datatype} has a maker of its name`, () => {
    const spec = untyped[datatype.toLowerCase()]?.(-1, 3);
    const as = forms[datatype] ?? "number";
    check.deepEqual(spec, { datatype, dims: [-1, 3], as, isOptional: false });
    check.ok(Object.isFrozen(spec) && Object.isFrozen(spec?.dims));
  });
}

test("options come last", () => {
  const asNumber = { datatype: "INT64", dims: [16], as: "number", isOptional: false };
  check.deepEqual(makers.int64(16, { as: "number" }), asNumber);
  check.deepEqual(makers.uint64(16, { as: "number" }), { ...asNumber, datatype: "UINT64" });
  const asBytes = { datatype: "BYTES", dims: [-1, 2], as: "bytes", isOptional: false };
  check.deepEqual(makers.bytes(-1, 2, { as: "bytes" }), asBytes);
  check.deepEqual(makers.bytes(1, { as: "string" }).as, "string");
  check.deepEqual(untyped["int64"]?.(1, {}).as, "bigint");
});

test("an optional specification is another one", () => {
  const required = makers.fp32(4);
  const spec = makers.optional(required);
  check.deepEqual(spec, { ...required, isOptional: true });
  check.equal(required.isOptional, false);
  check.ok(Object.isFrozen(spec));
});

const dimension = "a dimension must be an integer from 1, or -1 for any size";

const refusals: readonly [maker: string, args: readonly unknown[], message: string][] = [
  ["fp32", [], "fp32(): at least one dimension is needed, such as fp32(-1)"],
  ["int64", [{ as: "number" }], "int64(): at least one dimension is needed, such as int64(-1)"],
  ["fp32", [3, 0], `fp32(): ${dimension}; got 0`],
  ["fp32", [-2], `fp32(): ${dimension}; got -2`],
  ["fp32", [1.5], `fp32(): ${dimension}; got 1.5`],
  ["fp32", ["3"], `fp32(): ${dimension}; got "3"`],
  ["fp32", [[3, 4]], `fp32(): ${dimension}; got [3, 4]`],
  ["fp32", [1, { as: "number" }], `fp32(): ${dimension}; got an object`],
  ["bytes", [{ as: "bytes" }, 1], `bytes(): ${dimension}; got an object`],
  ["int64", [null], `int64(): ${dimension}; got null`],
  ["int64", [1, { as: "string" }], `int64(): 'as' must be "bigint" or "number"; got "string"`],
  ["bytes", [1, { as: 5 }], `bytes(): 'as' must be "string" or "bytes"; got 5`],
  ["bytes", [1, { like: "bytes" }], "bytes(): unknown option 'like' (there is 'as')"],
];

for (const [maker, args, message] of refusals) {
  test(`refused: ${message}`, () => {
    check.throws(() => untyped[maker]?.(...args), { name: "TypeError", message });
  });
}
