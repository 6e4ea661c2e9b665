/** Modules of users: JavaScript, and TypeScript on any Node, with all that it has. */
import { strict as check } from "node:assert";
import test from "node:test";
import { Tensor } from "../definition/tensor.ts";
import { InferenceError } from "../protocol/errors.ts";
import { withModule } from "../testing/module-file.ts";
import { importModule } from "./import-module.ts";

test("JavaScript", async () => {
  const text = "export const answer = await Promise.resolve(42);";
  const exported = await withModule("m.mjs", text, importModule);
  check.deepEqual({ ...exported }, { answer: 42 });
});

/** Types alone Node can take out from 22.18 on; the rest must be translated. */
const dialects: Readonly<Record<string, string>> = {
  "types only": "export const kind: string = 'b' satisfies string;",
  "an enum": "enum Kind { A = 'a', B = 'b' } export const kind: string = Kind.B;",
  "parameter properties": `
    class Kind { constructor(readonly name: string) {} }
    export const kind: string = new Kind("b").name;`,
};

for (const [what, text] of Object.entries(dialects)) {
  for (const name of ["m.ts", "m.mts"]) {
    test(`TypeScript with ${what}: ${name}`, async () => {
      const exported = await withModule(name, text, importModule);
      check.equal((exported as { kind: string }).kind, "b");
    });
  }
}

test("TypeScript knows where it lives, and may wait at its top level", async () => {
  const text = "export const url: string = await Promise.resolve(import.meta.url);";
  await withModule("m.ts", text, async (url) => {
    check.equal(((await importModule(url)) as { url: string }).url, url);
  });
});

test("what TypeScript gets from shoal is what everybody has", async () => {
  const text = 'enum E { A } export { InferenceError, Tensor } from "shoal"; export const a = E.A;';
  const exported = await withModule("m.ts", text, importModule);
  check.deepEqual({ ...exported }, { InferenceError, Tensor, a: 0 });
});

for (const [name, text, expected] of [
  ["m.mjs", "throw new RangeError('no');", { name: "RangeError", message: "no" }],
  ["m.ts", "const e: Error = new RangeError('no'); throw e;", { name: "RangeError" }],
  ["m.mjs", "export const = 5;", { name: "SyntaxError" }],
  ["m.mjs", "import 'no-such-package';", { code: "ERR_MODULE_NOT_FOUND" }],
] as const) {
  test(`an error is the module's own: ${name}, ${text}`, async () => {
    await withModule(name, text, (url) => check.rejects(importModule(url), expected));
  });
}

test("a file that is not there", async () => {
  const url = new URL("./no-such-module.mjs", import.meta.url).href;
  await check.rejects(importModule(url), { code: "ERR_MODULE_NOT_FOUND" });
});
