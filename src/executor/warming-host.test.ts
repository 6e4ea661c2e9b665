/**
 * Warm-up: every form of function and kind of instance runs it before it is ready, and one that
 * fails is why the load failed.
 */
import { strict as check } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { pathToFileURL } from "node:url";
import type { Model } from "../definition/model.ts";
import { onnx } from "../definition/onnx-model.ts";
import { InferenceError } from "../protocol/errors.ts";
import { packBytes } from "../protocol/packed-bytes.ts";
import type { Warmup } from "../protocol/warmup.ts";
import { batchOf, contentsOf, numbers } from "../testing/batch-fixture.ts";
import { hostOptions, inline, resolve } from "../testing/executor-fixture.ts";
import { InstanceProbe } from "../testing/instance-probe.ts";
import { withModelFile } from "../testing/onnx-fixture.ts";
import { identityGraph } from "../testing/onnx-graphs.ts";
import { failingModels, formModels, showModel } from "../testing/warmup-models.ts";

const folder = mkdtempSync(join(tmpdir(), "shoal-warm-up-"));
after(() => rmSync(folder, { recursive: true }));

const kinds: readonly (readonly [name: string, prepare: (model: Model) => Model])[] = [
  ["inline", inline],
  ["in a thread", (model) => model],
];

for (const [kind, prepare] of kinds) {
  for (const [form, model] of Object.entries(formModels)) {
    test(`${kind}, ${form}: it has run its samples when it is ready`, async () => {
      const options = hostOptions();
      const { host } = await resolve(prepare(model), options);
      const probe = new InstanceProbe(host);
      await probe.isReady;
      const calls = [1, 1, 3, 3].map((rows, index) => {
        return `call ${index + 1}: rows ${rows}, requests ${rows}, random true, warm-up true`;
      });
      check.deepEqual(messages(options.lines), calls);
      const { answers } = await probe.execute(batchOf([numbers("x", [1, 2], [0, 0])]));
      check.equal(answers.length, 1);
      const last = "call 5: rows 1, requests 1, random false, warm-up false";
      check.deepEqual(messages(options.lines), [...calls, last]);
      probe.instance.stop();
      await probe.exit;
      const said = probe.said.filter((word) => word !== "responded");
      check.deepEqual(said, ["ready", "done", "exited"]);
    });
  }

  for (const [model, why] of failingModels) {
    test(`${kind}: model '${model.name}' is never ready`, async () => {
      const { host } = await resolve(prepare(model));
      const probe = new InstanceProbe(host);
      const { error, isFinal } = await probe.exit;
      check.ok(error instanceof InferenceError);
      check.equal(`${error.code}: ${error.message}`, why);
      check.equal(isFinal, model.name === "gives-up");
      check.deepEqual(probe.said, ["exited"]);
    });
  }
}

test("asked to stop while it is warmed, it runs no further sample", async () => {
  const { host } = await resolve(inline(formModels["sync"] as Model));
  const probe = new InstanceProbe(host);
  probe.instance.stop();
  check.deepEqual(await probe.exit, { error: undefined, isFinal: false });
  check.deepEqual(probe.said, ["exited"]);
});

test("an ONNX model is warmed as any other", async () => {
  await withModelFile(identityGraph("FP32", ["rows", 2]), async (path) => {
    const model = onnx("identity", { path, warmup: { inputs: "random", batchSizes: [1, 32] } });
    const { host, config } = await resolve(model);
    check.deepEqual(
      config.warmup.map(({ batchSize }) => batchSize),
      [1, 32],
    );
    const probe = new InstanceProbe(host);
    await probe.isReady;
    const { answers } = await probe.execute(batchOf([numbers("x", [1, 2], [1, 2])]));
    const [answer] = answers;
    check.ok(answer !== undefined && !(answer instanceof Error));
    check.deepEqual(contentsOf(answer), [["y", [1, 2], [1, 2]]]);
    probe.instance.stop();
    await probe.exit;
  });
});

test("what does not fit the graph of an ONNX model fails its load", async () => {
  await withModelFile(identityGraph("FP32", ["rows", "width"]), async (path) => {
    const model = onnx("identity", { path, warmup: { inputs: "zero", batchSizes: 64 } });
    await check.rejects(resolve(model), {
      code: "INVALID_ARGUMENT",
      message:
        "model 'identity': 'warmup.batchSizes' must be at most maxBatchSize, 32; got 64\n" +
        "model 'identity': 'warmup.inputs' must give input 'x' its dims: [-1] has free " +
        "dimensions; say how large they are, such as { zero: true, dims: [16] }",
    });
  });
});

async function shown(warmup: Warmup): Promise<readonly unknown[]> {
  const options = hostOptions();
  const { host } = await resolve({ ...showModel, options: { warmup } }, options);
  const probe = new InstanceProbe(host);
  await probe.isReady;
  probe.instance.stop();
  await probe.exit;
  return messages(options.lines).map((line) => JSON.parse(line) as unknown);
}

const zeros = [[[""]], [["0", "0"]], null, {}];

test("zeros, values and parameters", async () => {
  const text = { zero: true, dims: [1] } as const;
  check.deepEqual(await shown({ inputs: { text, id: "zero" } }), [zeros]);
  const id = { values: [1, 2n] };
  const given = await shown({
    inputs: { text: { values: ["one", "two"] }, id, scale: { values: new Float32Array([3]) } },
    batchSizes: 2,
    parameters: { beams: 4 },
  });
  const twice = <T>(value: T): readonly T[] => [value, value];
  check.deepEqual(given, [[twice(["one", "two"]), twice(["1", "2"]), twice([3]), { beams: 4 }]]);
});

test("random values depend on their seed only, and differ from row to row", async () => {
  const text = { random: 7, dims: [1] } as const;
  const sample = { inputs: { text, id: { random: 8 } }, batchSizes: 2, count: 2 } as const;
  const [one, other] = await shown(sample);
  check.deepEqual(one, other);
  const texts = [["abzsnkmg"], ["osgetnfj"]];
  const ids = [
    ["1", "6"],
    ["3", "6"],
  ];
  check.deepEqual(one, [texts, ids, null, {}]);
});

test("from files: bytes of the wire, and JSON", async () => {
  const raw = join(folder, "text.bin");
  const encoder = new TextEncoder();
  writeFileSync(raw, packBytes([encoder.encode("raw"), encoder.encode("")]));
  const json = join(folder, "id.json");
  writeFileSync(json, "[5, 6]");
  const text = { file: raw, dims: [2] };
  const given = await shown({ inputs: { text, id: { file: pathToFileURL(json) } } });
  check.deepEqual(given, [[[["raw", ""]], [["5", "6"]], null, {}]]);
});

test("a file that is missing, or of another size, fails the load and is named", async () => {
  const short = join(folder, "short.bin");
  writeFileSync(short, new Uint8Array(15));
  const text = { zero: true, dims: [1] } as const;
  await check.rejects(shown({ inputs: { text, id: { file: join(folder, "none.bin") } } }), {
    code: "NOT_FOUND",
    message: /^model 'show': warm-up sample 'warmup' cannot be used: input 'id' .*none\.bin/,
  });
  await check.rejects(shown({ name: "short", inputs: { text, id: { file: short } } }), {
    code: "INVALID_ARGUMENT",
    message: /^model 'show': warm-up sample 'short' cannot be used: .*'id'.* 16/,
  });
});

function messages(lines: readonly string[]): readonly string[] {
  return lines.map((line) => line.replace(/^info: /, "").replace(/, \{"model".*$/, ""));
}
