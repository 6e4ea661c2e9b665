/** From a model's definition to its backend: the module is imported again, up to `serve()`. */
import { strict as check } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";
import { pathToFileURL } from "node:url";
import { closeModelTable } from "../definition/model-table.ts";
import { onnx } from "../definition/onnx-model.ts";
import { instanceContext } from "../testing/onnx-fixture.ts";
import { createBackend } from "./model-backend.ts";

const folder = mkdtempSync(join(tmpdir(), "shoal-modules-"));
after(() => rmSync(folder, { recursive: true }));
afterEach(closeModelTable);

const index = new URL("../index.js", import.meta.url).href;
let count = 0;

/** A module with models, of the names that it is given, where `define` stands in it. */
function moduleOf(text: string): string {
  count += 1;
  const path = join(folder, `models-${count}.mjs`);
  const head = `import { fp32, model, serve } from ${JSON.stringify(index)};
    const define = (name, version) => model(name, {
      version, inputs: { x: fp32(1) }, outputs: { y: fp32(1) },
      setup: ({ log }) => log.info(name + "/" + version), infer: ({ x }) => ({ y: x }),
    });\n`;
  writeFileSync(path, head + text);
  return pathToFileURL(path).href;
}

/** Loads what was found, and tells which model it is. */
async function found(module: string, name: string, version = 1): Promise<readonly string[]> {
  const backend = await createBackend({ name, version, module, onnx: undefined });
  check.equal(backend.mayTerminateWhileBusy, true);
  const lines: string[] = [];
  const log = { ...instanceContext().log, info: (line: string) => void lines.push(line) };
  await backend.load({ ...instanceContext(), log });
  return lines;
}

test("the model of this name and version, among others", async () => {
  const module = moduleOf('define("a", 1); define("m", 1); define("m", 2); define("b", 2);');
  check.deepEqual(await found(module, "m", 2), ["m/2"]);
});

test("what stands below serve() is not waited for", async () => {
  const module = moduleOf('define("m", 1); await serve([]); throw new Error("not reached");');
  check.deepEqual(await found(module, "m"), ["m/1"]);
});

const failures: readonly (readonly [what: string, text: string, why: RegExp])[] = [
  [
    "another name",
    'define("a", 1);',
    /nothing of that name and version is defined when a thread imports file:/,
  ],
  [
    "another version",
    'define("m", 2);',
    /nothing of that name and version is defined when a thread imports file:/,
  ],
  [
    "defined too late",
    'await serve([]); define("m", 1);',
    /its definition must stand above serve\(\) in file:/,
  ],
  [
    "an error",
    'define("m", 1); throw new Error("no GPU");',
    /its module file:.* cannot be imported again: no GPU; define the model in a file that can be, /,
  ],
  ["not JavaScript", "const = 5;", /its module file:.* cannot be imported again: /],
];

for (const [what, text, why] of failures) {
  test(`not found: ${what}`, async () => {
    const module = moduleOf(text);
    const failure = createBackend({ name: "m", version: 1, module, onnx: undefined });
    await check.rejects(failure, {
      name: "InferenceError",
      code: "INVALID_ARGUMENT",
      message: why,
    });
    await check.rejects(failure, { message: /^model 'm' cannot be loaded in a thread: / });
  });
}

test("not found: it does not say where it lives", async () => {
  const plan = { name: "m", version: 1, module: undefined, onnx: undefined };
  await check.rejects(createBackend(plan), {
    message: "model 'm' cannot be loaded in a thread: it does not say where it lives",
  });
});

test("not found: an ONNX model of that name in the module", async () => {
  const onnxIndex = new URL("../onnx.js", import.meta.url).href;
  const module = moduleOf(
    `const { onnx } = await import(${JSON.stringify(onnxIndex)}); onnx("m", { path: "m.onnx" });`,
  );
  await check.rejects(createBackend({ name: "m", version: 1, module, onnx: undefined }), {
    message: /nothing of that name and version/,
  });
});

test("an ONNX model needs no module", async () => {
  const model = onnx("m", { path: "/no/such/model.onnx" });
  const backend = await createBackend({ name: "m", version: 1, module: undefined, onnx: model });
  check.equal(backend.mayTerminateWhileBusy, false);
  await check.rejects(backend.load(instanceContext()), { code: "NOT_FOUND" });
});
