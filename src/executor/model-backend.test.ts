/**
 * How an instance finds its model: by importing its module again, which may hold the server, too.
 *
 * Here without a thread: an open model table is what makes `serve()` wait.
 */
import { strict as check } from "node:assert";
import test, { afterEach } from "node:test";
import { closeModelTable } from "../definition/model-table.ts";
import type { InferenceError } from "../protocol/errors.ts";
import { withModule } from "../testing/module-file.ts";
import { backendCall, fp32Tensor, fp32Values, instanceContext } from "../testing/onnx-fixture.ts";
import { createBackend } from "./model-backend.ts";

afterEach(closeModelTable);

const start = `
  import { fp32, model, serve } from "shoal";
  const define = (name, factor, options = {}) => model(name, {
    inputs: { x: fp32(1) },
    outputs: { y: fp32(1) },
    infer: ({ x }) => ({ y: x.map((value) => factor() * value) }),
    ...options,
  });
`;

/** What the model of this name makes of 10. */
async function runFrom(module: string, name: string, version = 1): Promise<readonly number[]> {
  const backend = await createBackend({ name, version, module, onnx: undefined });
  check.equal(backend.mayTerminateWhileBusy, true);
  const loaded = await backend.load(instanceContext());
  const { outputs } = await loaded.run(backendCall({ x: fp32Tensor([1, 1], [10]) }));
  await loaded.unload();
  return outputs.flatMap(fp32Values);
}

test("by its name and its version", async () => {
  const text = `${start}
    define("a", () => 1);
    define("b", () => 2);
    define("b", () => 3, { version: 2 });`;
  await withModule("m.mjs", text, async (module) => {
    check.deepEqual(await runFrom(module, "b"), [20]);
  });
  await withModule("m.mjs", text, async (module) => {
    check.deepEqual(await runFrom(module, "b", 2), [30]);
  });
});

test("in TypeScript that Node cannot run by itself", async () => {
  const text = `
    import { fp32, model } from "shoal";
    enum Factor { Two = 2 }
    export const m = model("m", {
      inputs: { x: fp32(1) },
      outputs: { y: fp32(1) },
      infer: ({ x }) => ({ y: x.map((value: number) => Factor.Two * value) }),
    });`;
  await withModule("m.ts", text, async (module) => {
    check.deepEqual(await runFrom(module, "m"), [20]);
  });
});

test("in the file that serves it: what stands below serve() does not happen", async () => {
  const text = `${start}
    const factor = 2;
    await serve(define("m", () => factor), { httpPort: 0, allowMetrics: false });
    throw new Error("below serve()");`;
  await withModule("m.mjs", text, async (module) => {
    check.deepEqual(await runFrom(module, "m"), [20]);
  });
});

test("in a file that serves it and does not wait", async () => {
  const text = `${start}
    void serve(define("m", () => factor), { httpPort: 0, allowMetrics: false });
    const factor = 2;`;
  await withModule("m.mjs", text, async (module) => {
    check.deepEqual(await runFrom(module, "m"), [20]);
  });
});

test("what the model uses stands below serve(): the log says what to do", async () => {
  const text = `${start}
    await serve(define("m", () => factor), { httpPort: 0, allowMetrics: false });
    const factor = 2;`;
  await withModule("m.mjs", text, async (module) => {
    await check.rejects(runFrom(module, "m"), (error: InferenceError) => {
      check.equal(error.message, "model 'm' failed: internal error");
      check.equal(
        (error.cause as Error).message,
        "Cannot access 'factor' before initialization: it is defined below serve(): define it " +
          "above, or put models in a file of their own",
      );
      return true;
    });
  });
});

test("a dead zone without serve() is a mistake of another kind", async () => {
  const text = `${start}
    define("m", () => { const two = later; const later = 2; return two; });`;
  await withModule("m.mjs", text, async (module) => {
    await check.rejects(runFrom(module, "m"), (error: InferenceError) => {
      check.equal((error.cause as Error).message, "Cannot access 'later' before initialization");
      return true;
    });
  });
});

/** Modules in which the model 'm' is not found, and why. */
const failures: readonly [what: string, text: string, why: RegExp][] = [
  [
    "of another name",
    `${start} define("n", () => 1);`,
    /nothing of that name and version is defined in file:\/\/.*m\.mjs$/,
  ],
  [
    "of another version",
    `${start} define("m", () => 1, { version: 2 });`,
    /nothing of that name and version is defined in file:/,
  ],
  [
    "below serve()",
    `${start} await serve([], { httpPort: 0, allowMetrics: false }); define("m", () => 1);`,
    /its definition must stand above serve\(\) in file:/,
  ],
  [
    "in a module that throws",
    `${start} throw new Error("no disk");`,
    /its module file:.*m\.mjs cannot be imported: no disk$/,
  ],
  [
    "of another kind",
    'import { onnx } from "shoal/onnx"; onnx("m", { path: "m.onnx" });',
    /nothing of that name and version/,
  ],
];

for (const [what, text, why] of failures) {
  test(`not found: ${what}`, async () => {
    await withModule("m.mjs", text, async (module) => {
      const message = new RegExp(`^model 'm' cannot be loaded in a thread: ${why.source}`);
      await check.rejects(runFrom(module, "m"), { code: "INVALID_ARGUMENT", message });
    });
  });
}

test("not found: without a module", async () => {
  const plan = { name: "m", version: 1, module: undefined, onnx: undefined };
  await check.rejects(createBackend(plan), {
    message: "model 'm' cannot be loaded in a thread: it does not say where it lives",
  });
});
