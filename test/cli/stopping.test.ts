/**
 * How a program of `shoal serve`, and one with `serve()`, ends: drained by SIGINT and SIGTERM with
 * exit code 0, at once by a second signal, and after its limit whatever runs.
 */
import { strict as check } from "node:assert";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { ask, type RawAnswer } from "../conformance/raw-client.ts";
import { Program, shoalCommand } from "../program.ts";
import { modelFolder } from "./model-folder.ts";

/** It answers when there is a file of that name, and says that it was called. */
const held = `import { existsSync } from 'node:fs';
const gate = process.env.TEST_GATE;
// A busy machine holds the loop, too; here nobody is to be told.
const unwatched = { blockingThresholdMs: 60_000 };
const held = negative('held', {
  instances: { kind: process.env.TEST_KIND },
  module: import.meta.url,
  infer: async ({ x }, { log }) => {
    log.info('held is called');
    while (!existsSync(gate)) await new Promise((resolve) => setTimeout(resolve, 1));
    return { y: x };
  },
});
`;

const folder = modelFolder({
  "held.mjs": `${held} export { held };`,
  "serves.mjs": `${held} await serve(held, unwatched); console.log('serves');`,
  "gives-up.mjs":
    "import { UnrecoverableError } from 'shoal';" +
    "export const gone = negative('gone', { infer: () => { throw new UnrecoverableError('gone'); } });",
  "loads.mjs":
    "export const slow = negative('slow', { setup: async ({ log, signal }) => {" +
    "log.info('slow is set up');" +
    "await new Promise((resolve) => signal.addEventListener('abort', resolve)); } });",
  "throws.mjs": `${held} await serve(held, unwatched); setTimeout(() => { throw 'a text'; });`,
  "rejects.mjs":
    `${held} await serve(held, unwatched);` +
    "setTimeout(() => { Promise.reject(new Error('nobody caught it')); });",
});

let gateCount = 0;

class HeldProgram extends Program {
  readonly #gate: string;

  constructor(context: TestContext, args: readonly string[], kind: string) {
    gateCount += 1;
    const gate = join(folder, `gate-${gateCount}`);
    const env = {
      TEST_GATE: gate,
      TEST_KIND: kind,
      SHOAL_BLOCKING_THRESHOLD_MS: "60000",
    };
    super(args, { cwd: folder, env });
    this.#gate = gate;
    context.after(() => {
      this.send("SIGKILL");
    });
  }

  release(): void {
    writeFileSync(this.#gate, "");
  }

  /** A request that is inside the model. */
  async startRequest(): Promise<{ readonly port: number; readonly answer: Promise<RawAnswer> }> {
    const port = Number((await this.listening(8000)).split(":")[1]);
    const body = '{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[7]}]}';
    const answer = ask(port, "POST", "/v2/models/held/infer", { body });
    // Whoever waits for it hears of it.
    answer.catch(() => {});
    await this.until(() => this.stdout.includes("held is called"), "is called");
    return { port, answer };
  }

  /** Its port is shut. */
  async drains(port: number): Promise<void> {
    for (;;) {
      try {
        await ask(port, "GET", "/v2/health/live");
      } catch {
        return;
      }
    }
  }
}

const programs: readonly [name: string, args: readonly string[]][] = [
  ["shoal serve", [shoalCommand, "serve", "held.mjs"]],
  ["serve()", ["serves.mjs"]],
];

for (const [name, args] of programs) {
  for (const kind of ["thread", "inline"]) {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      test(`${name}, ${kind}: ${signal} answers what runs, then exit code 0`, async (t) => {
        const program = new HeldProgram(t, args, kind);
        const { port, answer } = await program.startRequest();
        program.send(signal);
        await program.drains(port);
        check.equal(program.hasEnded, false);
        program.release();
        const { status, text } = await answer;
        check.deepEqual([status, JSON.parse(text).outputs[0].data], [200, [7]]);
        check.deepEqual(await program.ended(), { code: 0, signal: null });
        check.equal(program.stderr, "");
      });
    }

    test(`${name}, ${kind}: a second signal ends it at once, whatever runs`, async (t) => {
      const program = new HeldProgram(t, args, kind);
      const { port, answer } = await program.startRequest();
      program.send("SIGTERM");
      await program.drains(port);
      program.send("SIGINT");
      check.deepEqual(await program.ended(), { code: null, signal: "SIGKILL" });
      await check.rejects(answer);
    });
  }
}

for (const kind of ["thread", "inline"]) {
  test(`--exit-timeout-secs, ${kind}: then what runs fails, and it ends`, async (t) => {
    const words = ["--exit-timeout-secs", "0.05"];
    const program = new HeldProgram(t, [shoalCommand, "serve", "held.mjs", ...words], kind);
    const { answer } = await program.startRequest();
    program.send("SIGTERM");
    const { status, text } = await answer;
    const error = "Server is stopping, and did not finish within 50 ms";
    check.deepEqual([status, JSON.parse(text)], [503, { error }]);
    check.deepEqual(await program.ended(), { code: null, signal: "SIGKILL" });
    check.match(program.stderr, /^W.*"Server is stopping, and did not finish within 50 ms: what/);
  });
}

test("a signal while a model loads: it ends, and that is no failure", async (t) => {
  const program = new HeldProgram(t, [shoalCommand, "serve", "loads.mjs"], "thread");
  await program.until(() => program.stdout.includes("slow is set up"), "loads");
  program.send("SIGTERM");
  check.deepEqual(await program.ended(), { code: 0, signal: null });
  check.equal(program.stderr, "");
  check.equal(program.addressOf(8000), undefined);
});

test("--on-unrecoverable server: a model that cannot go on ends it, with exit code 70", async (t) => {
  const words = ["--on-unrecoverable", "server"];
  const program = new HeldProgram(t, [shoalCommand, "serve", "gives-up.mjs", ...words], "thread");
  const port = Number((await program.listening(8000)).split(":")[1]);
  const body = '{"inputs":[{"name":"x","shape":[1,1],"datatype":"FP32","data":[7]}]}';
  check.equal((await ask(port, "POST", "/v2/models/gone/infer", { body })).status, 500);
  check.deepEqual(await program.ended(), { code: 70, signal: null });
  check.match(program.stderr, /^E.*"model 'gone' version 1 cannot go on, and takes the server/m);
  check.match(program.stdout, /unloaded model 'gone'/);
});

test("nothing runs: it ends at once", async (t) => {
  const program = new HeldProgram(t, [shoalCommand, "serve", "held.mjs"], "thread");
  await program.listening(8000);
  await program.listening(8002);
  program.send("SIGTERM");
  check.deepEqual(await program.ended(), { code: 0, signal: null });
});

test("what stands below serve() runs when it is ready", async (t) => {
  const program = new HeldProgram(t, ["serves.mjs"], "inline");
  await program.printed("serves");
  check.notEqual(program.addressOf(8000), undefined);
});

for (const [file, told] of [
  ["throws.mjs", /^error: nobody caught this, so the server ends: 'a text'\n$/],
  ["rejects.mjs", /^error: nobody .* ends: Error: nobody caught it\n {4}at .*rejects\.mjs/],
] as const) {
  test(`${file}: an error that nobody caught is told, and exit code 1`, async (t) => {
    const program = new HeldProgram(t, [file], "inline");
    check.deepEqual(await program.ended(), { code: 1, signal: null });
    check.match(program.stderr, told);
    check.match(program.stdout, /unloaded model 'held'/);
  });
}
