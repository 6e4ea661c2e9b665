/**
 * What the file system refuses is told with its code, whichever file it is: "internal error" would
 * help nobody.
 */
import { strict as check } from "node:assert";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { LoadOverride } from "../../core/inference-service.ts";
import { InferenceError } from "../../protocol/errors.ts";
import { asNobody } from "../../testing/as-nobody.ts";
import { addSubGraph } from "../../testing/onnx-graphs.ts";
import { serveRepository } from "../../testing/repository-fixture.ts";
import { fileFailure } from "./file-failure.ts";

const plain: LoadOverride = { config: undefined, files: new Map() };

const config = `output { name: 'sum' data_type: TYPE_FP32 dims: 16 label_filename: 'labels' }
  output { name: 'difference' data_type: TYPE_FP32 dims: 16 }
  model_warmup { name: 'w' batch_size: 1
    inputs { key: 'a' value { data_type: TYPE_FP32 dims: 16 input_data_file: 'rows' } }
    inputs { key: 'b' value { data_type: TYPE_FP32 dims: 16 zero_data: true } } }`;

const files = {
  "m/1/model.onnx": addSubGraph(),
  "m/config.pbtxt": config,
  "m/configs/special.pbtxt": config,
  "m/labels": "yes\nno",
  "m/warmup/rows": new Uint8Array(64),
};

/** What a load says when this one cannot be read. */
const refusals: Readonly<Record<string, RegExp>> = {
  "m/config.pbtxt": /poll from model repository: its configuration cannot be read \(EACCES\)$/,
  "m/configs/special.pbtxt": /its configuration cannot be read \(EACCES\)$/,
  "m/configs": /its configuration cannot be read \(EACCES\)$/,
  "m/labels": /Internal: label file 'labels' of model 'm' cannot be read \(EACCES\);\n$/,
  "m/warmup/rows": /warm-up sample 'w' cannot be used: input 'a' EACCES: permission denied/,
  "m/warmup": /Invalid argument: warm-up file 'warmup\/rows' cannot be read \(EACCES\);\n$/,
  "m/1": /poll from model repository: version 1 cannot be read \(EACCES\)$/,
  "m/1/model.onnx": /onnxruntime cannot load .*(permission|error number 13)/i,
  m: /poll from model repository: the folder of model 'm' cannot be read \(EACCES\)$/,
  "": / model repository '.*': it cannot be read \(EACCES\)$/,
};

// Windows has other rights.
if (process.platform !== "win32") {
  for (const [name, why] of Object.entries(refusals)) {
    test(`unreadable: ${name || "the repository"}`, async (t) => {
      const configName = name.includes("configs") ? "special" : "";
      const { folder, repository } = await serveRepository(t, files, {}, { names: [], configName });
      const path = join(folder, name);
      chmodSync(folder, 0o755);
      chmodSync(path, 0);
      const failure = await asNobody(() => repository.load("m", plain).then(() => "none", String));
      chmodSync(path, 0o755);
      check.match(failure, why);
      check.doesNotMatch(failure, /internal error|\n +at /);
    });
  }
}

test("without a place for what is sent", async (t) => {
  const { repository } = await serveRepository(t, files);
  const variable = process.platform === "win32" ? "TEMP" : "TMPDIR";
  const before = process.env[variable];
  const gone = mkdtempSync(join(tmpdir(), "shoal-gone-"));
  rmSync(gone, { recursive: true });
  process.env[variable] = gone;
  t.after(() => {
    if (before === undefined) delete process.env[variable];
    else process.env[variable] = before;
  });
  const sent = { config: "{}", files: new Map([["1/model.onnx", addSubGraph()]]) };
  await check.rejects(repository.load("m", sent), {
    message: /: the folder for file parameters cannot be made \(ENOENT\)$/,
  });
});

test("what is no refusal of the file system is ours", () => {
  for (const error of [new TypeError("x"), "x", Object.assign(new Error(), { code: "ERR_X" })]) {
    check.equal(fileFailure("it cannot be read", error).message, "internal error");
  }
  const own = new InferenceError("NOT_FOUND", "it is not there");
  check.equal(fileFailure("it cannot be read", own), own);
});
