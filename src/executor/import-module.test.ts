/** Modules of the user's: JavaScript and TypeScript, on any Node that we run on. */
import { strict as check } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { importModule } from "./import-module.ts";

const folder = mkdtempSync(join(tmpdir(), "shoal-modules-"));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return pathToFileURL(path).href;
}

const modules: readonly (readonly [name: string, text: string])[] = [
  ["plain.mjs", "export const answer = await Promise.resolve(42);"],
  ["plain.cjs", "exports.answer = 42;"],
  ["typed.ts", "export const answer: number = 42;"],
  ["typed.mts", "const answer = 42 as const; export { answer };"],
  ["typed.cts", "const answer: number = 42; module.exports = { answer };"],
  ["needs-more.ts", "enum Answers { Only = 42 } export const answer = Answers.Only;"],
  [
    "parameters.ts",
    "class A { constructor(readonly answer: number) {} } export const { answer } = new A(42);",
  ],
  ["imports.ts", 'import { answer as typed } from "./typed.ts"; export const answer = typed;'],
];

for (const [name, text] of modules) {
  test(`a module: ${name}`, async () => {
    const imported = (await importModule(write(name, text))) as { readonly answer?: unknown };
    check.equal(imported.answer, 42);
  });
}

/** The folder of these tests lies where no package is. */
const beside: readonly (readonly [name: string, text: string])[] = [
  ["esm.mjs", 'import { model } from "shoal"; export const answer = typeof model;'],
  ["cjs.cjs", 'exports.answer = typeof require("shoal").model;'],
  ["types.ts", 'import { model } from "shoal"; export const answer: string = typeof model;'],
  [
    "neighbour.mjs",
    'import "./esm.mjs"; import { onnx } from "shoal/onnx"; export const answer = typeof onnx;',
  ],
  [
    "client.mjs",
    'import { createClient } from "shoal/client"; export const answer = typeof createClient;',
  ],
];

for (const [name, text] of beside) {
  test(`a module where no package is installed gets this one: ${name}`, async () => {
    const imported = (await importModule(write(name, text))) as { readonly answer?: unknown };
    check.equal(imported.answer, "function");
  });
}

test("what this package does not have is not found there either", async () => {
  for (const [name, text, why] of [
    ["no-entry.mjs", 'import "shoal/nothing";', /'.\/nothing' is not defined by "exports"/],
    ["no-package.mjs", 'import "shoal-of-fish";', /Cannot find package 'shoal-of-fish'/],
  ] as const) {
    await check.rejects(importModule(write(name, text)), why);
  }
});

test("a name with a space, as a URL has it", async () => {
  const url = write("my model.ts", "export const answer: number = 42;");
  check.match(url, /my%20model/);
  check.equal(((await importModule(url)) as { readonly answer?: unknown }).answer, 42);
});

for (const name of ["throws.mjs", "throws.ts"]) {
  test(`what a module throws is told: ${name}`, async () => {
    await check.rejects(importModule(write(name, 'throw new RangeError("at import");')), {
      name: "RangeError",
      message: "at import",
    });
  });
}

test("a module that is not there", async () => {
  await check.rejects(importModule(pathToFileURL(join(folder, "none.mjs")).href), {
    code: "ERR_MODULE_NOT_FOUND",
  });
});
