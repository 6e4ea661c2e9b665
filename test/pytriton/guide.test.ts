/**
 * The migration guide (docs/from-pytriton.md), row by row: for each feature of PyTriton the way of
 * Shoal beside it is carried out. A row without a test fails, and so does a test without a row; what
 * a row writes as code of Shoal stands in its test. Known defects are tested in defects.test.ts,
 * the table of clients in clients.test.ts.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { readPage, sectionOf, tableRows } from "../documents/page.ts";
import { readText } from "../repository.ts";
import { batchingRows } from "./guide-batching.ts";
import { errorRows } from "./guide-errors.ts";
import type { Rows } from "./guide-fixture.ts";
import { formRows } from "./guide-forms.ts";
import { helperRows } from "./guide-helpers.ts";
import { modelRows } from "./guide-models.ts";
import { optionRows } from "./guide-options.ts";
import { carryOut } from "./guide-rows.ts";
import { servingRows } from "./guide-serving.ts";

const tests: Rows = {
  ...servingRows,
  ...modelRows,
  ...batchingRows,
  ...optionRows,
  ...formRows,
  ...helperRows,
  ...errorRows,
};

const page = readPage("docs/from-pytriton.md");
const defects = "Known defects, and here";
const rows = page.headings
  .filter(({ level, text }) => level === 2 && text !== defects)
  .flatMap(({ text }) => tableRows(sectionOf(page, text)));

carryOut(rows, tests);

test("each known defect has a test, unless another place is named", () => {
  const tested = readText("test/pytriton/defects.test.ts").matchAll(/^test\("(\d+): /gm);
  const written = tableRows(sectionOf(page, defects)).filter(
    ([, , here]) => !here?.includes(".ts"),
  );
  check.deepEqual(
    written.map(([number]) => number),
    [...new Set(Array.from(tested, ([, number]) => number))],
  );
});
