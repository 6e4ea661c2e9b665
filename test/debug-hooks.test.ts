/** Debug hooks of a whole server: what is set in its environment is heeded, and told in its log. */
import { strict as check } from "node:assert";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createServer, fp32, model } from "shoal";

const counted = model("counted", {
  inputs: { x: fp32(1) },
  outputs: { rows: fp32(1) },
  infer: (_, { rows }) => ({ rows: Array.from({ length: rows }, () => [rows]) }),
});

test("the first requests wait for as many as TRITONSERVER_DELAY_SCHEDULER says", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "shoal-hooks-"));
  process.env["TRITONSERVER_DELAY_SCHEDULER"] = "3";
  t.after(() => {
    delete process.env["TRITONSERVER_DELAY_SCHEDULER"];
    rmSync(folder, { recursive: true });
  });
  const logFile = join(folder, "log.txt");
  const server = createServer([counted], { logFile });
  await server.ready;
  const infer = async (): Promise<unknown> => {
    const { outputs } = await server.infer({ model: counted, inputs: { x: [[1]] } });
    return outputs.rows.toNested();
  };
  const first = infer();
  // Whoever is not held is answered before the next turn but one.
  for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  const answers = await Promise.all([first, infer(), infer()]);
  check.deepEqual(answers, [[[3]], [[3]], [[3]]]);
  check.deepEqual(await infer(), [[1]]);
  await server.close();
  check.match(readFileSync(logFile, "utf8"), /DEBUGGING: TRITONSERVER_DELAY_SCHEDULER=3 is set/);
});
