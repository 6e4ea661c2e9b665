/**
 * The exit guard, each case in a process of its own, with threads that say when they are outside.
 * Its waits are shorter there: a second lasts a hundredth.
 */
import { strict as check } from "node:assert";
import { spawnSync } from "node:child_process";
import test from "node:test";

interface End {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs this code where the guard is known, and threads of three sorts. */
function run(code: string): End {
  const program = `
    const wait = globalThis.setTimeout;
    globalThis.setTimeout = (tell, ms) => wait(tell, ms / 100);
    const { guardAgainstExit, noteExit } = await import("${new URL("exit-guard.js", import.meta.url)}");
    const outside = { waitUntilOutside: () => true };
    const inside = { waitUntilOutside: () => false };
    const soonOutside = { waitUntilOutside: (timeoutMs) => timeoutMs > 0 };
    process.on("exit", (code) => console.log("exit", code));
    ${code}`;
  const { status, signal, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "--eval", program],
    { encoding: "utf8" },
  );
  return { code: status, signal, stdout, stderr };
}

const killed = { code: null, signal: "SIGKILL" };

function endOf({ code, signal }: End): object {
  return { code, signal };
}

test("with all threads outside, the process ends as it would", () => {
  const exited = run("guardAgainstExit(outside); process.exit(3);");
  check.deepEqual(exited, { code: 3, signal: null, stdout: "exit 3\n", stderr: "" });
  check.deepEqual(endOf(run("guardAgainstExit(outside);")), { code: 0, signal: null });
});

test("one that is about to come out keeps its exit code", () => {
  const threads = "guardAgainstExit(outside); guardAgainstExit(soonOutside);";
  check.deepEqual(endOf(run(`${threads} process.exit(3);`)), { code: 3, signal: null });
});

test("one that stays inside is not waited for: the process is killed", () => {
  const threads = "guardAgainstExit(outside); guardAgainstExit(inside);";
  check.deepEqual(endOf(run(`${threads} process.exit(3);`)), killed);
});

test("all share the time: two that need all of it", () => {
  const slow = `const slow = () => ({
    waitUntilOutside: (timeoutMs) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, timeoutMs);
      return timeoutMs > 900;
    },
  });`;
  const end = run(`${slow} guardAgainstExit(slow()); guardAgainstExit(slow()); process.exit(3);`);
  check.deepEqual(endOf(end), killed);
});

test("an error that nobody caught is told although the process is killed", () => {
  const end = run(`guardAgainstExit(inside); throw new Error("nobody");`);
  check.deepEqual(endOf(end), killed);
  check.match(end.stderr, /^Uncaught Error: nobody\n {4}at /);
});

test("an error that somebody caught is not told", () => {
  const end = run(`
    process.on("uncaughtException", () => setImmediate(() => process.exit(3)));
    guardAgainstExit(inside);
    throw new Error("caught");`);
  check.deepEqual([endOf(end), end.stderr], [killed, ""]);
});

test("with nothing left to do, it waits for a thread that comes back", () => {
  const end = run(`
    guardAgainstExit(inside);
    // Its coming back does not keep the process alive, as that of a thread left behind.
    setTimeout(() => noteExit(inside), 1000).unref();`);
  check.deepEqual(end, { code: 0, signal: null, stdout: "exit 0\n", stderr: "" });
});

test("with nothing left to do, it waits no longer than a while", () => {
  check.deepEqual(endOf(run("guardAgainstExit(inside);")), killed);
});

test("a thread that is gone is no reason to wait", () => {
  const end = run("guardAgainstExit(inside); noteExit(inside); process.exit(3);");
  check.deepEqual(endOf(end), { code: 3, signal: null });
});
