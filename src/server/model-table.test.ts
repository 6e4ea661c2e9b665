/** The table of models, as it is printed at the start. */
import { strict as check } from "node:assert";
import test from "node:test";
import { modelTable } from "./model-table.ts";

test("one row a model, with the reason of what is not ready", () => {
  const table = modelTable([
    { name: "linear", version: 1, state: "READY", reason: "" },
    { name: "ocr", version: undefined, state: "UNAVAILABLE", reason: "no\n  file" },
  ]);
  check.deepEqual(table, [
    "+--------+---------+----------------------+",
    "| Model  | Version | Status               |",
    "+--------+---------+----------------------+",
    "| linear | 1       | READY                |",
    "| ocr    | -       | UNAVAILABLE: no file |",
    "+--------+---------+----------------------+",
  ]);
});

test("no models: heads alone", () => {
  check.equal(modelTable([]).length, 4);
});
