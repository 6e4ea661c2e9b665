/**
 * The migration guide (docs/from-pytriton.md), row by row: for each feature of PyTriton the way of
 * Shoal beside it is carried out. A row without a test fails, and so does a test without a row; what
 * a row writes as code of Shoal stands in its test. The table of known defects: defects.test.ts.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { codeSpans, readPage, sectionOf, tableRows } from "../documents/page.ts";
import { batchingRows } from "./guide-batching.ts";
import { errorRows } from "./guide-errors.ts";
import type { Rows } from "./guide-fixture.ts";
import { formRows } from "./guide-forms.ts";
import { helperRows } from "./guide-helpers.ts";
import { modelRows } from "./guide-models.ts";
import { optionRows } from "./guide-options.ts";
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

test("each row has a test, and each test a row", () => {
  const written = rows.map(([theirs]) => theirs);
  check.deepEqual([...new Set(written)], written, "a row is there twice");
  check.deepEqual(Object.keys(tests).sort(), written.sort());
});

/** Words of the language, and placeholders. */
const ignored = /^(await|using|new|true|false|undefined|fn|wrap|\w)$/;

for (const [theirs = "", ours = ""] of rows) {
  test(theirs, async (context) => {
    const run = tests[theirs] ?? check.fail("there is no test");
    const words = new Set(run.toString().match(/\w+/g));
    const named = codeSpans(ours).flatMap((code) => code.match(/\w+/g) ?? []);
    check.deepEqual(
      named.filter((word) => !words.has(word) && !ignored.test(word)),
      [],
      "the test uses something else",
    );
    await run(context);
  });
}
