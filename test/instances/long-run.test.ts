/**
 * Native code that runs for long: its thread is never terminated, nor does the process end around
 * it. Where that went wrong, the process would abort.
 */
import { strict as check } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { onnx } from "shoal/onnx";
import { LoggedServer } from "./logged-server.ts";
import { longRunGraph } from "./long-run-graph.ts";

const program = fileURLToPath(new URL("long-run-program.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "shoal-long-run-"));
const path = join(folder, "model.onnx");
writeFileSync(path, longRunGraph(100));
after(() => rmSync(folder, { recursive: true }));

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program to its end; each time that it prints "runs" it gets these signals. */
async function run(how: string, ...signals: readonly NodeJS.Signals[]): Promise<End> {
  const child = spawn(process.execPath, [program, path, how]);
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    if (text.includes("runs")) for (const signal of signals) child.kill(signal);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const [code, signal] = (await once(child, "close")) as [End["code"], End["signal"]];
  return { code, signal, stdout, stderr };
}

test("close() does not wait beyond its limit, and the process ends when the run has", async () => {
  const { code, signal, stdout } = await run("close");
  check.deepEqual([code, signal], [0, null]);
  check.equal(stdout, "Server is stopping, and did not finish within 20 ms\n");
});

test("process.exit() inside a run: with its code if the run ends soon, else killed", async () => {
  const { code, signal } = await run("exit");
  check.ok(code === 3 || signal === "SIGKILL", `${code} ${signal}`);
});

test("an error that nobody catches inside a run is told, whatever becomes of the run", async () => {
  const { code, signal, stderr } = await run("throw");
  check.ok(code === 1 || signal === "SIGKILL", `${code} ${signal}`);
  check.match(stderr, /Error: nobody catches this\n {4}at .*long-run-program/);
});

test("serve() finishes the run when it is asked to end", async () => {
  const { code, signal, stdout } = await run("serve", "SIGTERM");
  check.deepEqual([code, signal, stdout], [0, null, "runs\n1\n"]);
});

test("serve() ends at once when it is asked twice", async () => {
  const { code, signal } = await run("serve", "SIGTERM", "SIGINT");
  check.ok(code === 0 || signal === "SIGKILL", `${code} ${signal}`);
});

for (const how of ["closeAtOnce", "closeWhileItLoads"]) {
  test(`a server that is closed before its model is there lets go of it: ${how}`, async () => {
    const { code, signal, stdout } = await run(how);
    check.deepEqual([code, signal], [0, null]);
    const why = "InferenceError: model 'long' was unloaded while it was loading";
    check.deepEqual(stdout.trim().split("\n").sort(), [why, "closed"].sort());
  });
}

test("a run beyond its limit is left behind, three of them take the model out", async (t) => {
  const limits = { executionTimeoutMs: 60 };
  const long = onnx("long", { path, intraOpThreads: 1, maxBatchSize: 256, limits });
  const served = await LoggedServer.start(t, long);
  const infer = (rows: number): Promise<unknown> => {
    const x = Array.from({ length: rows }, () => [2]);
    return served.server.infer({ model: long, inputs: { x } });
  };
  const tooLong = "model 'long' did not answer within 60 ms (limits.executionTimeoutMs)";
  for (let count = 0; count < 2; count += 1) {
    await check.rejects(infer(256), { code: "DEADLINE_EXCEEDED", message: tooLong });
    await served.ready("long");
  }
  const out = "model 'long' is out of service: more than 2 of its instances hang; ";
  for (const rows of [256, 1]) {
    await check.rejects(infer(rows), { code: "UNAVAILABLE", message: out + tooLong });
  }
  check.equal(await served.readiness("long"), 400);
  check.match(served.log, /model 'long' version 1 is out of service/);
});
