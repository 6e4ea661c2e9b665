/** `shoal.config.ts`, in a folder where `shoal serve` is started. */
import { strict as check } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { writeFiles } from "../../dist/testing/repository-fixture.js";
import { Program, shoalCommand } from "../program.ts";

interface Start {
  readonly files: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** Both end with the test. */
function shoal(t: TestContext, { files, args = [], env = {} }: Start): Program {
  const folder = mkdtempSync(join(tmpdir(), "shoal-config-"));
  writeFiles(folder, files);
  const program = new Program([shoalCommand, "serve", ...args], { cwd: folder, env });
  t.after(async () => {
    await program.stop();
    rmSync(folder, { recursive: true });
  });
  return program;
}

const repository = {
  "models/half/1/model.mjs": `
    import { fp32, model } from "shoal";
    const tensor = fp32(1);
    const infer = ({ x }) => ({ y: x });
    export default model("half", { inputs: { x: tensor }, outputs: { y: tensor }, infer });`,
};

const typed = `
  interface Options { readonly modelRepository: string; readonly id: string }
  export default { modelRepository: "models", id: "file" } satisfies Options;`;

test("it says what is served, and how", async (t) => {
  const program = shoal(t, { files: { ...repository, "shoal.config.ts": typed } });
  const place = await program.listening(8000);
  const server = (await (await fetch(`http://${place}/v2`)).json()) as { name: string };
  check.equal(server.name, "file");
  check.equal((await fetch(`http://${place}/v2/models/half/ready`)).status, 200);
});

test("the environment goes before it, and flags before that", async (t) => {
  const text = 'export default { modelRepository: "models", id: "file", logFormat: "ISO8601" };';
  const files = { ...repository, "shoal.config.mjs": text };
  const env = { SHOAL_ID: "environment", SHOAL_LOG_VERBOSE: "1" };
  const program = shoal(t, { files, args: ["--id=flag"], env });
  const place = await program.listening(8000);
  const server = (await (await fetch(`http://${place}/v2`)).json()) as { name: string };
  check.equal(server.name, "flag");
  check.match(program.stdout, /^\d{4}-\d\d-\d\dT/);
});

const wrongs: readonly [files: Readonly<Record<string, string>>, message: RegExp][] = [
  [
    { "shoal.config.mjs": "export default { htpPort: 1 };" },
    /^error: shoal\.config\.mjs: there is no option 'htpPort'; did you mean 'httpPort'\?\n$/,
  ],
  [
    { "shoal.config.mjs": "export default { httpPort: -1 };" },
    /^error: 'httpPort' must be .*; got -1\n$/,
  ],
  [
    { "shoal.config.mjs": "export const httpPort = 1;" },
    /^error: 'shoal\.config\.mjs' exports no options: /,
  ],
  [
    { "shoal.config.mjs": "throw new Error('at home');" },
    /^error: 'shoal\.config\.mjs' cannot be read: at home\n$/,
  ],
  [
    { "shoal.config.ts": "", "shoal.config.mjs": "" },
    /^error: shoal\.config\.ts and shoal\.config\.mjs are there: keep one of them\n$/,
  ],
  [{}, /^error: nothing to serve: name a model repository, /],
  [{ "shoal.config.mjs": "export default {};" }, /^error: nothing to serve: /],
];

for (const [files, message] of wrongs) {
  test(`${Object.values(files).join()}: ${String(message)}`, async (t) => {
    const program = shoal(t, { files });
    check.equal((await program.ended()).code, 1);
    check.match(program.stderr, message);
  });
}
