/** The model table: open while a module is imported for its models, and nowhere else. */
import { strict as check } from "node:assert";
import { afterEach, test } from "node:test";
import { model } from "./model.ts";
import {
  closeModelTable,
  hasReachedServe,
  isCollectingModels,
  openModelTable,
  waitInsteadOfServing,
} from "./model-table.ts";
import { onnx } from "./onnx-model.ts";
import { fp32 } from "./specifications.ts";

afterEach(closeModelTable);

const definition = {
  inputs: { x: fp32(1) },
  outputs: { y: fp32(1) },
  infer: (): { y: number[][] } => ({ y: [[1]] }),
};

test("models are collected in the order of their definition, while it is open", () => {
  model("before", definition);
  check.equal(isCollectingModels(), false);
  const table = openModelTable();
  check.equal(isCollectingModels(), true);
  const models = [model("b", definition), model("a", definition)];
  check.deepEqual(table.models, models);
  closeModelTable();
  check.equal(isCollectingModels(), false);
  model("afterwards", definition);
  check.deepEqual(table.models, models);
});

test("a table that is opened again is empty", () => {
  openModelTable();
  model("m", definition);
  check.deepEqual(openModelTable().models, []);
});

test("serve() is told of, and never resolves", async () => {
  const table = openModelTable();
  check.deepEqual([table.hasReachedServe, hasReachedServe()], [false, false]);
  let hasServed = false;
  waitInsteadOfServing().then(
    () => {
      hasServed = true;
    },
    () => {},
  );
  await table.servePromise;
  check.deepEqual([table.hasReachedServe, hasReachedServe(), hasServed], [true, true, false]);
});

test("without a table, serve() in an instance still waits", () => {
  void waitInsteadOfServing();
  check.equal(hasReachedServe(), false);
});

test("a second copy of the package sees the same table", async () => {
  const copy = (await import(`${new URL("model-table.js", import.meta.url).href}?copy`)) as {
    readonly registerModel: (model: unknown) => void;
  };
  const { models } = openModelTable();
  copy.registerModel("from the copy");
  check.deepEqual(models, ["from the copy"]);
});

test("ONNX models need no table: a thread gets them as they are", () => {
  const { models } = openModelTable();
  onnx("m", { path: "m.onnx" });
  check.deepEqual(models, []);
});
