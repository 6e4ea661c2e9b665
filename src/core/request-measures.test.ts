/** Measures of a model: what becomes of a request by them, whatever they return. */
import { strict as check } from "node:assert";
import test from "node:test";
import { InferenceError } from "../protocol/errors.ts";
import { inferRequest, modelConfig } from "../testing/core-fixture.ts";
import { measure, noMeasures } from "./request-measures.ts";

const request = inferRequest({ id: "r" });
const config = modelConfig({ options: { batching: { maxCost: 10 } } });

function told(measures: { cost?: () => unknown; bucket?: () => unknown }): unknown {
  const measured = measure(request, { cost: undefined, bucket: undefined, ...measures }, config);
  if (!(measured instanceof InferenceError)) return measured;
  return `${measured.code}: ${measured.message}`;
}

test("a model without measures", () => {
  check.deepEqual(measure(request, noMeasures, config), { cost: 0, bucket: undefined });
});

test("what is measured", () => {
  check.deepEqual(told({ cost: () => 2.5 }), { cost: 2.5, bucket: undefined });
  check.deepEqual(told({ cost: () => 10, bucket: () => 3 }), { cost: 10, bucket: 3 });
  check.deepEqual(told({ bucket: () => "" }), { cost: 0, bucket: "" });
});

test("a request that no batch could hold", () => {
  check.equal(
    told({ cost: () => 10.5 }),
    "INVALID_ARGUMENT: [request id: r] inference request cost must be <= 10 for 'm'; got 10.5",
  );
});

test("what is no measure", () => {
  const cost = "INTERNAL: model 'm': cost must return a number from 0; got";
  for (const [value, shown] of [
    [Number.NaN, "NaN"],
    [-1, "-1"],
    ["5", "string"],
    [undefined, "undefined"],
    [Promise.resolve(5), "object"],
  ] as const) {
    check.equal(told({ cost: () => value }), `${cost} ${shown}`);
  }
  const bucket = "INTERNAL: model 'm': bucket must return a string or a number; got";
  check.equal(told({ bucket: () => undefined }), `${bucket} undefined`);
  check.equal(told({ bucket: () => Number.NaN }), `${bucket} NaN`);
});

test("a measure that throws: an InferenceError is meant for the caller, nothing else is", () => {
  const fail = (error: Error) => (): never => {
    throw error;
  };
  check.equal(
    told({ cost: fail(new Error("/secret/path")) }),
    "INTERNAL: model 'm': cost failed: internal error",
  );
  check.equal(
    told({ bucket: fail(new InferenceError("INVALID_ARGUMENT", "too short")) }),
    "INVALID_ARGUMENT: too short",
  );
});
