/**
 * A bad request does not spoil its batch: who fails, with what, and how often the model runs for it.
 */
import { strict as check } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { InferenceError, Server } from "shoal";
import { onnx } from "shoal/onnx";
import { onnxGraph } from "../../dist/testing/onnx-graphs.js";
import { choosy, counting, spoiltBy } from "./isolation-models.ts";
import { LoggedServer } from "./logged-server.ts";

/** They come together, and so share a batch. For each its output, or its error. */
async function answers(server: Server, model: string, values: readonly number[]) {
  const requests = values.map((value) => server.infer({ model, inputs: { x: [[value]] } }));
  const ended = await Promise.allSettled(requests);
  return ended.map((end) => {
    if (end.status === "fulfilled") return [...(end.value.outputs["y"]?.data ?? [])][0];
    const { code, message } = end.reason as InferenceError;
    return `${code}: ${message}`;
  });
}

/** Batches that were run again, parts of them, executions, successes, failures. */
async function counts(served: LoggedServer): Promise<readonly number[]> {
  const page = await served.metrics();
  return [
    "shoal_isolated_batches_total",
    "shoal_isolated_parts_total",
    "nv_inference_exec_count",
    "nv_inference_request_success",
    "nv_inference_request_failure",
  ].map((name) => {
    const values = [...page.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)$`, "gm"))];
    return values.reduce((sum, [, value]) => sum + Number(value), 0);
  });
}

const cold = (value: number): string => `INVALID_ARGUMENT: ${value} is too cold`;

for (const kind of ["inline", "thread"] as const) {
  test(`${kind}: only the bad ones of a batch fail`, async (t) => {
    const served = await LoggedServer.start(t, spoiltBy("INVALID_ARGUMENT", kind));
    const values = Array.from({ length: 32 }, (_, index) => (index === 5 ? -5 : index));
    const expected = values.map((value) => (value < 0 ? cold(value) : value));
    check.deepEqual(await answers(served.server, "spoilt-INVALID_ARGUMENT", values), expected);
    check.deepEqual(await counts(served), [1, 9, 1, 31, 1]);
    check.deepEqual(await answers(served.server, "spoilt-INVALID_ARGUMENT", [-1, 2, -3]), [
      cold(-1),
      2,
      cold(-3),
    ]);
    check.equal((await answers(served.server, "spoilt-INVALID_ARGUMENT", [7]))[0], 7);
  });

  test(`${kind}: alone, or with isolateFailures: false, a request is run once`, async (t) => {
    const served = await LoggedServer.start(t, spoiltBy("INVALID_ARGUMENT", kind, false));
    const model = "spoilt-INVALID_ARGUMENT";
    check.deepEqual(await answers(served.server, model, [1, -2, 3]), Array(3).fill(cold(-2)));
    check.deepEqual(await answers(served.server, model, [-1]), [cold(-1)]);
    const { outputs } = await served.server.infer({ model, inputs: { x: [[4]] } });
    check.equal(outputs["execution"]?.data[0], 3);
    check.deepEqual(await counts(served), [0, 0, 3, 1, 4]);
  });

  test(`${kind}: what cannot be reached is not asked for again`, async (t) => {
    const served = await LoggedServer.start(t, spoiltBy("UNAVAILABLE", kind));
    const model = "spoilt-UNAVAILABLE";
    const expected = Array(3).fill("UNAVAILABLE: -2 is too cold");
    check.deepEqual(await answers(served.server, model, [1, -2, 3]), expected);
    const { outputs } = await served.server.infer({ model, inputs: { x: [[4]] } });
    check.equal(outputs["execution"]?.data[0], 2);
  });

  test(`${kind}: a model fails single requests itself`, async (t) => {
    const served = await LoggedServer.start(t, choosy(kind));
    const missing = (value: number): string => `NOT_FOUND: ${value} is not here`;
    check.deepEqual(await answers(served.server, "choosy", [1, -2, 3, -4]), [
      2,
      missing(-2),
      6,
      missing(-4),
    ]);
    check.deepEqual(await counts(served), [0, 0, 1, 2, 2]);
  });

  test(`${kind}: a function of one request at a time is run once for each`, async (t) => {
    const served = await LoggedServer.start(t, counting(kind));
    check.deepEqual(await answers(served.server, "counting", [1, -2, -1, 0, 5]), [
      1,
      "NOT_FOUND: -2 is not here",
      "INTERNAL: model 'counting' failed: internal error",
      "INTERNAL: model 'counting': eachRequest: output 'y' must be of shape [1,1]; got [1,2]",
      5,
    ]);
    check.deepEqual(await answers(served.server, "counting", [-2, -2]), [
      "NOT_FOUND: -2 is not here",
      "NOT_FOUND: -2 is not here",
    ]);
    check.deepEqual(await answers(served.server, "counting", [1]), [8]);
    check.deepEqual(await counts(served), [0, 0, 3, 3, 5]);
  });
}

test("all of a batch are bad: each is told so, and the model goes on", async (t) => {
  const served = await LoggedServer.start(t, spoiltBy("INVALID_ARGUMENT", "inline"));
  const values = Array.from({ length: 64 }, (_, index) => -1 - index);
  check.deepEqual(
    await answers(served.server, "spoilt-INVALID_ARGUMENT", values),
    values.map(cold),
  );
  check.deepEqual(await counts(served), [1, 2 * 64 - 2, 1, 0, 64]);
});

test("thousands of bad requests in one batch are no deep recursion", async (t) => {
  const model = spoiltBy("INVALID_ARGUMENT", "inline");
  const options = { ...model.options, maxBatchSize: 20_000 };
  const served = await LoggedServer.start(t, { ...model, options });
  const bad = await answers(served.server, "spoilt-INVALID_ARGUMENT", Array(8000).fill(-1));
  check.deepEqual(new Set(bad), new Set([cold(-1)]));
});

test("an ONNX graph that fails for one request", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-isolation-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "pick.onnx");
  // y[row] = table[x[row]]: an index beyond the table fails the whole run.
  writeFileSync(
    path,
    onnxGraph({
      inputs: [{ name: "x", type: "INT64", shape: ["rows"] }],
      outputs: [{ name: "y", type: "FP32", shape: ["rows", 1] }],
      constants: [{ name: "table", shape: [4, 1], values: Float32Array.of(7, 8, 9, 10) }],
      nodes: [{ op: "Gather", inputs: ["table", "x"], outputs: ["y"] }],
    }),
  );
  const served = await LoggedServer.start(t, onnx("pick", { path }));
  const requests = [0, 1, 99, 3].map((index) =>
    served.server.infer({ model: "pick", inputs: { x: [[index]] } }),
  );
  const ended = await Promise.allSettled(requests);
  check.deepEqual(
    ended.map((end) =>
      end.status === "fulfilled" ? [...(end.value.outputs["y"]?.data ?? [])] : end.status,
    ),
    [[7], [8], "rejected", [10]],
  );
});
