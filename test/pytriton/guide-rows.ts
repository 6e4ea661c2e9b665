/**
 * Rows of a table that has what PyTriton does on the left, and the way of Shoal beside it: each is
 * carried out by a test of its own, which has all that the row writes as code of Shoal.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { codeSpans } from "../documents/page.ts";
import type { Rows } from "./guide-fixture.ts";

/** Words of the language, and placeholders. */
const ignored = /^(await|using|new|true|false|undefined|fn|wrap|\w)$/;

/** A row without a test fails, and so does a test without a row. */
export function carryOut(rows: readonly (readonly string[])[], tests: Rows): void {
  void test("each row has a test, and each test a row", () => {
    const written = rows.map(([theirs]) => theirs);
    check.deepEqual([...new Set(written)], written, "a row is there twice");
    check.deepEqual(Object.keys(tests).sort(), written.sort());
  });

  for (const [theirs = "", ours = ""] of rows) {
    void test(theirs, async (context) => {
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
}
