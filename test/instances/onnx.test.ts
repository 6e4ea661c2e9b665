/**
 * ONNX models in a server: several instances at a time, what cannot be loaded, and texts.
 */
import { strict as check } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { onnx } from "shoal/onnx";
import { addSubGraph, identityGraph } from "../../dist/testing/onnx-graphs.js";
import { ask } from "../conformance/raw-client.ts";
import { LoggedServer } from "./logged-server.ts";

const folder = mkdtempSync(join(tmpdir(), "shoal-onnx-"));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, graph: Uint8Array): string {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, graph);
  return path;
}

const width = 16;
const identity = write("identity", identityGraph("FP32", ["rows", 1]));

test("several instances answer many callers, each with its own rows", async (t) => {
  const path = write("add-sub", addSubGraph(["rows", width]));
  const model = onnx("add-sub", { path, instances: 3, maxBatchSize: 4 });
  const served = await LoggedServer.start(t, model);
  const tensor = (name: string, rows: number, value: number): object => ({
    name,
    shape: [rows, width],
    datatype: "FP32",
    data: new Array(rows * width).fill(value),
  });
  const calls = Array.from({ length: 60 }, async (_, index) => {
    const rows = 1 + (index % 3);
    const inputs = [tensor("a", rows, index), tensor("b", rows, 1000)];
    const body = JSON.stringify({ id: `${index}`, inputs });
    const { status, text } = await ask(served.port, "POST", "/v2/models/add-sub/infer", { body });
    check.equal(status, 200, text);
    const { id, outputs } = JSON.parse(text) as { id: string; outputs: readonly unknown[] };
    check.equal(id, `${index}`);
    const output = (name: string, value: number): object => ({
      name,
      datatype: "FP32",
      shape: [rows, width],
      data: new Array(rows * width).fill(value),
    });
    check.deepEqual(outputs, [output("sum", index + 1000), output("difference", index - 1000)]);
  });
  await Promise.all(calls);
  const { success } = await served.statistics("add-sub");
  check.equal(success?.count, 60);
  check.match(await served.metrics(), /^shoal_instances\{model="add-sub",state="ready",.*\} 3$/m);
});

/** No machine has so many GPUs. */
const deviceId = 9999;

const failures = [
  {
    what: "a provider that is not there",
    model: onnx("m", { path: identity, executionProviders: [{ name: "cuda", deviceId }, "cpu"] }),
    told: /^Unavailable: model 'm': execution provider 'cuda' is not there: .*npm rebuild|has cuda/,
  },
  {
    what: "a file that is not there",
    model: onnx("m", { path: join(folder, "none.onnx") }),
    told: /^Not found: model 'm': there is no file .*none\.onnx$/,
  },
  {
    what: "a file that is no model",
    model: onnx("m", { path: write("text", new TextEncoder().encode("no model")) }),
    told: /^Invalid argument: model 'm': .*text\.onnx is not an ONNX model$/,
  },
] as const;

for (const { what, model, told } of failures) {
  test(`it fails to load: ${what}`, async (t) => {
    const good = onnx("good", { path: identity });
    const served = await LoggedServer.start(t, [model, good]);
    await check.rejects(served.server.ready);
    const index = JSON.parse((await ask(served.port, "POST", "/v2/repository/index")).text);
    const entry = index.find(({ name }: { readonly name: string }) => name === "m");
    check.equal(entry.state, "UNAVAILABLE");
    check.match(entry.reason, told);
    check.equal((await ask(served.port, "GET", "/v2/health/ready")).status, 400);
    await served.ready("good");
    const { outputs } = await served.server.infer({ model: good, inputs: { x: [[5]] } });
    check.deepEqual(outputs["y"]?.toNested(), [[5]]);
  });
}

test("a text that is not UTF-8 fails its batch, and the instance goes on", async (t) => {
  const path = write("texts", identityGraph("BYTES", ["rows", 1]));
  const texts = onnx("texts", { path });
  const served = await LoggedServer.start(t, texts);
  const infer = async (text: string | Uint8Array): Promise<unknown> => {
    const { outputs } = await served.server.infer({ model: texts, inputs: { x: [[text]] } });
    return outputs["y"]?.toNested();
  };
  await check.rejects(infer(Uint8Array.of(0xff)), {
    code: "INVALID_ARGUMENT",
    message: /^model 'texts': element 0 of input 'x' is not UTF-8/,
  });
  check.deepEqual(await infer("魚 🐟"), [["魚 🐟"]]);
});
