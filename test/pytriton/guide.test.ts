/**
 * The migration guide (docs/from-pytriton.md), row by row: for each feature of PyTriton the way of
 * Shoal beside it is carried out. A row without a test fails, and so does a test without a row; what
 * a row writes as code of Shoal stands in its test. The table of known defects: defects.test.ts; that
 * of clients: clients.test.ts.
 */
import { readPage, sectionOf, tableRows } from "../documents/page.ts";
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
const rows = page.headings
  .filter(({ level, text }) => level === 2 && text !== "Known defects, and here")
  .flatMap(({ text }) => tableRows(sectionOf(page, text)));

carryOut(rows, tests);
