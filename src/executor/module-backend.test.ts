/** A module of a repository in an instance that starts later than others. */
import { strict as check } from "node:assert";
import { afterEach, test } from "node:test";
import { assert } from "../assert.ts";
import { closeModelTable } from "../definition/model-table.ts";
import { withModule } from "../testing/module-file.ts";
import { instanceContext } from "../testing/onnx-fixture.ts";
import { createModuleBackend } from "./module-backend.ts";

afterEach(closeModelTable);

const about = { name: "m", version: 3 };

function text(rows: number): string {
  return `import { fp32, model } from "shoal";
    export default model("m", {
      inputs: { x: fp32(1) }, outputs: { y: fp32(1) }, maxBatchSize: ${rows},
      warmup: { inputs: { x: { file: new URL("file:///a%20b") } } },
      infer: ({ x }) => ({ y: x }),
    });`;
}

test("it starts while its module says what it said, and no more when it does not", async () => {
  const expected = await withModule("model.mjs", text(4), async (url) => {
    const asked = await createModuleBackend(about, { url, expected: undefined });
    const { description } = await asked.load(instanceContext());
    assert(description !== undefined && "options" in description, "it describes itself");
    check.deepEqual(description.options, {
      maxBatchSize: 4,
      warmup: { inputs: { x: { file: "file:///a%20b" } } },
    });
    const found = { definition: description, options: description.options, parameters: {} };
    await createModuleBackend(about, { url, expected: found });
    return found;
  });
  await withModule("model.mjs", text(5), async (url) => {
    await check.rejects(createModuleBackend(about, { url, expected }), {
      code: "UNAVAILABLE",
      message: "'model.mjs' defines another model than when it was loaded: load the model again",
    });
  });
});
