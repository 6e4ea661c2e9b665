/** Tables: columns, what is cut off, colours, and texts that would break a line. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { linesWithin, tableLines } from "./text-table.ts";

const titles = ["NAME", "ROWS ", "WHY"];

test("columns are as wide as their widest cell, numbers to the right", () => {
  const rows = [
    ["a", "10", ""],
    ["longer", "7", "it\nbroke\u001b[2J"],
  ];
  check.deepEqual(tableLines({ titles, rows }), [
    "NAME    ROWS  WHY\n",
    "a         10\n",
    "longer     7  it broke\\u001b[2J\n",
  ]);
});

test("a line that is too long is cut off, before it is painted", () => {
  const rows = [["m", "1", "a reason of many words"]];
  const paint = (text: string, row: number, column: number): string => {
    return column === 2 ? `<${row}:${text}>` : text;
  };
  for (let columns = 20; columns < 40; columns += 1) {
    const plain = tableLines({ titles, rows }, { columns });
    for (const line of plain) check.ok(line.length - 1 <= columns, `${columns}: ${line}`);
  }
  check.deepEqual(tableLines({ titles, rows }, { columns: 24, paint }), [
    "NAME  ROWS  WHY\n",
    "m        1  <0:a reason ...>\n",
  ]);
});

test("what there is no room for is counted", () => {
  const lines = ["A\n", "1\n", "2\n", "3\n"];
  check.deepEqual(linesWithin(lines, 4), lines);
  check.deepEqual(linesWithin(lines, 3), ["A\n", "1\n", "... and 2 more\n"]);
  check.deepEqual(linesWithin(lines, -2), ["A\n", "... and 3 more\n"]);
});
