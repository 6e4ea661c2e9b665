/**
 * Nothing outside a repository is read or written, whatever a client, a configuration, a graph or a
 * link calls it. What lies outside is as good as what would be inside: so a case that is not refused
 * loads.
 */
import { strict as check } from "node:assert";
import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import type { LoadOverride } from "../../core/inference-service.ts";
import { addSubGraph, externalAddGraph } from "../../testing/onnx-graphs.ts";
import { type Files, serveRepository } from "../../testing/repository-fixture.ts";

const graph = addSubGraph();

const weights = new Uint8Array(Float32Array.of(10, 20).buffer);

const config = `max_batch_size: 2 output { name: "sum" data_type: TYPE_FP32 dims: 16
  label_filename: "labels" } output { name: "difference" data_type: TYPE_FP32 dims: 16 }`;

/** Beside the repository, which is the folder `r`. */
const outside: Files = {
  "outside/m/1/model.onnx": graph,
  "outside/config.pbtxt": config,
  "outside/labels": "yes\nno",
  "outside/weights": weights,
};

const inside: Files = { "r/m/1/model.onnx": graph, "r/m/labels": "yes\nno" };

interface Case {
  readonly files?: Files;
  /** Targets by name, within their folder's. They replace what is there. */
  readonly links?: Readonly<Record<string, string>>;
  readonly override?: object;
  readonly sent?: Files;
  readonly name?: string;
  readonly why: RegExp;
}

const path = /must not contain path traversal characters$/;
const isOutside = /is outside its folder/;
const noModel = /there is no such model in the model repositories$/;
const noFileParameter = /Invalid file parameter 'file:.*must stay within model directory\.$/s;

const external = (file: string): Files => ({ "r/m/1/model.onnx": externalAddGraph(file, 2) });

const file = (name: string): Omit<Case, "why"> => {
  return { override: { backend: "onnxruntime", default_model_filename: name } };
};

const labels = (name: string): Omit<Case, "why"> => {
  const output = { name: "sum", data_type: "TYPE_FP32", dims: [16], label_filename: name };
  return { override: { output: [output] } };
};

const cases: Readonly<Record<string, Case>> = {
  "a name with ..": { name: "../outside/m", why: path },
  "the name ..": { name: "..", why: path },
  "the name .": { name: ".", why: path },
  "an absolute name": { name: "/etc", why: path },
  "a name with a backslash": { name: "..\\outside", why: path },
  "a name with NUL": { name: "m\0", why: path },
  "an over-long name": { name: "m".repeat(1e5), why: noModel },
  "a link for a model": { links: { "r/n": "../outside/m" }, name: "n", why: noModel },
  "a link for a version": {
    links: { "r/m/1": "../../outside/m/1" },
    why: /must specify 'platform' or 'backend' for 'm'$/,
  },
  "a link for the model's file": {
    links: { "r/m/1/model.onnx": "../../../outside/m/1/model.onnx" },
    why: isOutside,
  },
  "a device for the model's file": { links: { "r/m/1/model.onnx": "/dev/zero" }, why: isOutside },
  "a link for the configuration": {
    links: { "r/m/config.pbtxt": "../../outside/config.pbtxt" },
    why: isOutside,
  },
  "a link for a named configuration": {
    links: { "r/m/configs/special.pbtxt": "../../../outside/config.pbtxt" },
    why: isOutside,
  },
  "a link for labels": {
    files: { "r/m/config.pbtxt": config },
    links: { "r/m/labels": "../../outside/labels" },
    why: /is outside model directory/,
  },
  "labels with ..": { ...labels("../../outside/labels"), why: /is outside model directory/ },
  "labels at an absolute path": { ...labels("/etc/passwd"), why: /is outside model directory/ },
  "a file with ..": { ...file("../../../outside/m/1/model.onnx"), why: isOutside },
  "a file at an absolute path": { ...file("/etc/passwd"), why: /is not a relative path/ },
  "a file with NUL": { ...file("model.onnx\0"), why: /is not a relative path/ },
  "an over-long file": { ...file("m".repeat(1e5)), why: /mmm\.\.\.' is too long/ },
  "weights with ..": { files: external("../../../outside/weights"), why: /external data/i },
  "weights at an absolute path": { files: external("/etc/hostname"), why: /external data/i },
  "a link for weights": {
    files: external("weights"),
    links: { "r/m/1/weights": "../../../outside/weights" },
    why: /external data/i,
  },
  "a sent file with ..": { sent: { "../x": "" }, why: noFileParameter },
  "a sent file with .. in the midst": { sent: { "1/../../x": "" }, why: noFileParameter },
  "a sent file at an absolute path": { sent: { "/tmp/shoal-x": "" }, why: noFileParameter },
  "a sent file with a backslash": { sent: { "..\\x": "" }, why: noFileParameter },
  "a sent file with NUL": { sent: { "1/x\0": "" }, why: noFileParameter },
  "a sent file without a name": { sent: { "": "" }, why: noFileParameter },
  "an over-long sent file": { sent: { [`1/${"x".repeat(1e5)}`]: "" }, why: noFileParameter },
  "a sent file twice": {
    sent: { "1/x": "", "1/./x": "" },
    why: /'file:1\/\.\/x' cannot be written \(EEXIST\)$/,
  },
  "sent weights from elsewhere": {
    sent: { "1/model.onnx": externalAddGraph("/etc/hostname", 2) },
    why: /external data/i,
  },
};

// Windows makes links for administrators only.
if (process.platform !== "win32") {
  for (const [what, given] of Object.entries(cases)) {
    test(`refused: ${what}`, async (t) => {
      const { files = {}, links = {}, override, sent, name = "m", why } = given;
      const options = { names: [], folders: ["r"], configName: "special" };
      const all = { ...outside, ...inside, ...files };
      const { folder, repository } = await serveRepository(t, all, {}, options);
      for (const [link, target] of Object.entries(links)) {
        mkdirSync(dirname(join(folder, link)), { recursive: true });
        rmSync(join(folder, link), { recursive: true, force: true });
        symlinkSync(target, join(folder, link));
        check.ok(target.startsWith("/") || existsSync(join(folder, link)), "it leads somewhere");
      }
      const bytes = Object.entries(sent ?? {}).map(([path, content]) => {
        return [path, Buffer.from(content)] as const;
      });
      const asked: LoadOverride = {
        config:
          override || sent ? JSON.stringify({ backend: "onnxruntime", ...override }) : undefined,
        files: new Map(bytes),
      };
      await check.rejects(repository.load(name, asked), { name: "InferenceError", message: why });
      check.equal(existsSync(join(folder, "x")) || existsSync("/tmp/shoal-x"), false);
    });
  }

  test("what is inside is served, links and all", async (t) => {
    const links = { "r/m/config.pbtxt": "labels-not", "r/n": "m" };
    const all = { ...outside, ...inside, "r/m/labels-not": config };
    const { core, failure } = await serveRepository(t, all, links, { folders: ["r"] });
    check.equal(failure, undefined);
    check.equal(core.lookUp("m", 1).config.maxBatchSize, 2);
    check.equal(core.lookUp("n", 1).config.maxBatchSize, 2);
  });
}
