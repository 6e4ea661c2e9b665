/** Settings of backends: the one that counts, and what is told of the others. */
import { strict as check } from "node:assert";
import test from "node:test";
import { readBackendConfig } from "./backend-config.ts";

test("a backend's own default goes before that of all", () => {
  const sizeOf = (...texts: string[]) => readBackendConfig(texts).defaultMaxBatchSize;
  check.equal(sizeOf(), 4);
  check.equal(sizeOf("default-max-batch-size=8"), 8);
  check.equal(sizeOf(",default-max-batch-size=9"), 9);
  check.equal(sizeOf("onnxruntime,default-max-batch-size=0", "default-max-batch-size=8"), 0);
  check.equal(sizeOf("python,default-max-batch-size=16"), 4);
});

test("what changes nothing is named", () => {
  const texts = ["python,shm-default-byte-size=1", "onnxruntime,default-max-batch-size=2"];
  check.deepEqual(readBackendConfig(texts).warnings, [
    "--backend-config python,shm-default-byte-size=1 changes nothing here",
  ]);
});
