/** Models of a repository in JavaScript and TypeScript: what serves, what is added, what is refused. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { InferenceCore } from "../../core/inference-core.ts";
import type { LoadOverride } from "../../core/inference-service.ts";
import { modelConfigJson } from "../../core/model-config-json.ts";
import {
  type Files,
  indexLines,
  serveRepository,
  writeFiles,
} from "../../testing/repository-fixture.ts";
import { inferInProcess } from "../in-process-infer.ts";

const plain: LoadOverride = { config: undefined, files: new Map() };

/** What modules import by name comes from this very build. */
const shoal = JSON.stringify(new URL("../../index.js", import.meta.url).href);

const tensors = "inputs: { x: fp32(-1) }, outputs: { y: fp32(-1) }";

/** The model "m", which adds a number, with further fields. */
function adding(addend: number | string, fields = "", from = shoal): string {
  return `
    import { fp32, model } from ${from};
    globalThis.isImportedHere = true;
    export default model("m", {
      ${tensors}, ${fields}
      infer: ({ x }) => ({ y: x.map((value) => value + ${addend}) }),
    });`;
}

async function answer(core: InferenceCore, x: unknown, version?: number): Promise<unknown> {
  const request = { model: "m", inputs: { x }, ...(version !== undefined && { version }) };
  return (await inferInProcess(core, request, {})).outputs["y"]?.toNested();
}

const enumText = `
  import { fp32, model, type Model } from ${shoal};
  enum Addends { Only = 5 }
  const made: Model = model("m", {
    ${tensors}, infer: ({ x }) => ({ y: x.map((value: number): number => value + Addends.Only) }),
  });
  export default made;`;

const modules: Readonly<Record<string, Files>> = {
  "model.js": { "m/1/model.js": adding(5) },
  "model.mjs": { "m/1/model.mjs": adding(5) },
  "model.ts": { "m/1/model.ts": enumText },
  "model.js beside a package.json of CommonJS": {
    "m/1/model.mjs": adding(5),
    "m/1/package.json": '{ "type": "commonjs" }',
  },
  "model.js where no package is installed": { "m/1/model.js": adding(5, "", '"shoal"') },
  "model.ts where no package is installed": {
    "m/1/model.ts": enumText.replace(shoal, '"shoal"'),
  },
  "a file of another name, with one of its own": {
    "m/config.pbtxt": 'backend: "function" default_model_filename: "add.js"',
    "m/1/add.js": `import { five } from "../five.mjs";${adding("five")}`,
    "m/five.mjs": "export const five = 5;",
  },
};

for (const [what, files] of Object.entries(modules)) {
  test(`serves: ${what}`, async (t) => {
    const { core, failure } = await serveRepository(t, files);
    check.equal(failure, undefined);
    check.deepEqual(await answer(core, [[1, 2]]), [[6, 7]]);
    check.equal("isImportedHere" in globalThis, false);
  });
}

test("what it is is shown: its definition, completed", async (t) => {
  const { core } = await serveRepository(t, { "m/1/model.js": adding(1, "instances: 2,") });
  const shown = modelConfigJson(core.lookUp("m", 1).config);
  check.deepEqual(
    [shown["platform"], shown["backend"], shown["max_batch_size"], shown["default_model_filename"]],
    ["", "function", 32, "model.js"],
  );
  check.match(JSON.stringify(shown["input"]), /"name":"x","data_type":"TYPE_FP32".*"dims":\[-1\]/);
  check.match(JSON.stringify(shown["instance_group"]), /"name":"m_0","kind":"KIND_CPU","count":2/);
});

test("a configuration adds to it", async (t) => {
  const config = `max_batch_size: 8
    dynamic_batching { max_queue_delay_microseconds: 500 }
    instance_group { name: "pair" count: 2 }
    version_policy { all {} }
    parameters { key: "a" value { string_value: "b" } }
    output { name: "y" label_filename: "labels.txt" }`;
  const { core, failure } = await serveRepository(t, {
    "m/config.pbtxt": config,
    "m/labels.txt": "",
    "m/1/model.js": adding(1),
    "m/2/model.js": adding(2, "batching: { preferredBatchSizes: [4] }, "),
  });
  check.equal(failure, undefined);
  check.deepEqual(await answer(core, [[1]], 1), [[2]]);
  check.deepEqual(await answer(core, [[1]], 2), [[3]]);
  const { config: served } = core.lookUp("m", 2);
  check.deepEqual(
    [served.maxBatchSize, served.dynamicBatching?.maxQueueDelayMs, served.parameters],
    [8, 0.5, { a: "b" }],
  );
  check.deepEqual(served.dynamicBatching?.preferredBatchSizes, [4]);
  const shown = modelConfigJson(served);
  check.deepEqual(shown["version_policy"], { all: {} });
  check.match(JSON.stringify(shown["output"]), /"dims":\[-1\].*"label_filename":"labels.txt"/);
  check.match(JSON.stringify(shown["instance_group"]), /"name":"pair","kind":"KIND_CPU","count":2/);
  check.match(JSON.stringify(shown["dynamic_batching"]), /"preferred_batch_size":\[4\],.*:500,/);
});

test("without batches, if the configuration says so", async (t) => {
  const { core } = await serveRepository(t, {
    "m/config.pbtxt": "max_batch_size: 0",
    "m/1/model.js": adding(1),
  });
  check.deepEqual(await answer(core, [1, 2]), [2, 3]);
});

test("a module that has changed is new at a reload, what it imports too", async (t) => {
  const { core, repository, folder } = await serveRepository(t, {
    "m/1/model.js": `import { addend } from "./addend.js";${adding("addend")}`,
    "m/1/addend.js": "export const addend = 1;",
    "m/1/package.json": '{ "type": "module" }',
  });
  check.deepEqual(await answer(core, [[1]]), [[2]]);
  writeFiles(folder, { "m/1/addend.js": "export const addend = 20;" });
  await repository.load("m", plain);
  check.deepEqual(await answer(core, [[1]]), [[21]]);
  writeFiles(folder, { "m/1/model.js": adding(300) });
  await repository.load("m", plain);
  check.deepEqual(await answer(core, [[1]]), [[301]]);
  writeFiles(folder, { "m/1/model.js": "no module" });
  await check.rejects(repository.load("m", plain), /'model.js' cannot be imported: /);
  check.deepEqual(await answer(core, [[1]]), [[301]]);
  check.equal("isImportedHere" in globalThis, false);
});

test("in TypeScript that Node does not read by itself, too", async (t) => {
  const { core, repository, folder } = await serveRepository(t, {
    "m/1/model.ts": `import { addend } from "./addend.ts";${enumText.replace("= 5", "= addend")}`,
    "m/1/addend.ts": "export const addend: number = 1;",
  });
  check.deepEqual(await answer(core, [[1]]), [[2]]);
  writeFiles(folder, { "m/1/addend.ts": "export const addend: number = 20;" });
  await repository.load("m", plain);
  check.deepEqual(await answer(core, [[1]]), [[21]]);
});

const wrong: Readonly<Record<string, readonly [text: string, why: RegExp, config?: string]>> = {
  "what does not parse": [
    "export default (",
    /'model.js' cannot be imported: Unexpected end of input/,
  ],
  "what throws": [
    'throw new Error("out of order");',
    /'model.js' cannot be imported: out of order/,
  ],
  "what ends its thread": ["process.exit(3);", /its thread exited with code 3/],
  "no model": ["export default 5;", /'model.js' its default export must be what model\(\) returns/],
  "an ONNX model": [
    `import { onnx } from ${shoal.replace("index.js", "onnx.js")}; export default onnx("m", { path: "m.onnx" });`,
    /must be what model\(\) returns; an ONNX file is a model of a repository by itself/,
  ],
  "what serves": [
    `import { serve } from ${shoal}; ${adding(1)} await serve([]);`,
    /'model.js' must not call serve\(\)/,
  ],
  "another name": [
    adding(1).replace('"m"', '"n"'),
    /the definition's name is 'n', but that of its folder in the repository 'm'/,
  ],
  "another version": [adding(1, "version: 3,"), /'version' is 3 in the definition, .* folder 1/],
  "inline instances": [adding(1, 'instances: { kind: "inline" },'), /'instances.kind' must be/],
  "a function over requests that wait": [
    adding(1, "bucket: () => 1,"),
    /'bucket' is not for models of a repository/,
  ],
  "another batch size": [
    adding(1, "maxBatchSize: 4,"),
    /'max_batch_size' is 8 in the configuration, but 'maxBatchSize' is 4 in the definition/,
    "max_batch_size: 8",
  ],
  "another count of instances": [
    adding(1, "instances: 3,"),
    /'instance_group' is \[\{"count":2\}\] in the .*, but 'instances' is \[\{"count":3\}\] in the/,
    "instance_group { count: 2 }",
  ],
  "a tensor that it does not have": [
    adding(1),
    /unexpected inference input 'z', allowed inputs are: x/,
    'input { name: "z" data_type: TYPE_FP32 dims: -1 }',
  ],
  "a datatype that it does not have": [
    adding(1),
    /'data_type' of input 'x' is TYPE_INT8 in the configuration, but TYPE_FP32 in the definition/,
    'input { name: "x" data_type: TYPE_INT8 dims: -1 }',
  ],
  "streams that it does not have": [
    adding(1),
    /'model_transaction_policy.decoupled' is true in the configuration, but .* does not stream/,
    "model_transaction_policy { decoupled: true }",
  ],
};

for (const [what, [text, why, config = ""]] of Object.entries(wrong)) {
  test(`wrong: ${what}`, async (t) => {
    const { core, failure } = await serveRepository(t, {
      "m/1/model.js": text,
      "m/config.pbtxt": `backend: "function" ${config}`,
    });
    check.match(failure ?? "none", why);
    check.match(indexLines(core).join(), /^m\/1 UNAVAILABLE /);
  });
}

test("one count, said by both in their own ways", async (t) => {
  const { core, failure } = await serveRepository(t, {
    "m/1/model.js": adding(1, "instances: 2,"),
    "m/config.pbtxt": "instance_group { count: 2 }",
  });
  check.equal(failure, undefined);
  check.deepEqual(await answer(core, [[1]]), [[2]]);
});
