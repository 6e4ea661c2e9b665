/**
 * `shoal serve` of model repositories, as a user has them: anywhere, with no package near; named by
 * the flag, by a folder, or as tritonserver's start script names them.
 */
import { strict as check } from "node:assert";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";
import { writeFiles } from "../../dist/testing/repository-fixture.js";
import { Program, shoalCommand } from "../program.ts";

const folder = mkdtempSync(join(tmpdir(), "shoal-serve-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function adding(name: string, addend: number, exported: string): string {
  return `import { fp32, model } from "shoal";
    ${exported} model("${name}", {
      inputs: { x: fp32(1) }, outputs: { y: fp32(1) },
      infer: ({ x }) => ({ y: x.map((value) => value + ${addend}) }),
    });`;
}

writeFiles(folder, {
  "models.mjs": adding("file", 1, "export const file ="),
  "one/added/1/model.mjs": adding("added", 2, "export default"),
  "one/typed/1/model.ts": adding("typed", 3, "export default"),
  "one/typed/config.pbtxt": "max_batch_size: 8\n",
  "two/more/1/model.mjs": adding("more", 4, "export default"),
  "broken/bad/1/model.mjs": "export default 5;",
  "broken/good/1/model.mjs": adding("good", 5, "export default"),
  "empty/.keep": "",
});

/** Ends with the test. */
function shoal(t: TestContext, args: readonly string[]): Program {
  const program = new Program([shoalCommand, "serve", ...args], { cwd: folder });
  t.after(() => program.stop());
  return program;
}

async function answers(place: string): Promise<Readonly<Record<string, unknown>>> {
  const url = `http://${place}/v2`;
  const index = await fetch(`${url}/repository/index`, { method: "POST", body: "{}" });
  const entries = (await index.json()) as { name: string; state?: string }[];
  const ready = entries.filter(({ state }) => state === "READY").map(({ name }) => name);
  const body = JSON.stringify({
    inputs: [{ name: "x", shape: [1, 1], datatype: "FP32", data: [0] }],
  });
  const all = ready.map(async (name) => {
    const response = await fetch(`${url}/models/${name}/infer`, { method: "POST", body });
    const { outputs } = (await response.json()) as { outputs: { data: unknown[] }[] };
    return [name, outputs[0]?.data[0]] as const;
  });
  return Object.fromEntries(await Promise.all(all));
}

const served: readonly [args: string, answers: Readonly<Record<string, number>>][] = [
  ["models.mjs", { file: 1 }],
  ["one", { added: 2, typed: 3 }],
  ["one two models.mjs", { added: 2, file: 1, more: 4, typed: 3 }],
  ["--model-repository one one/ --model-repository=two", { added: 2, more: 4, typed: 3 }],
  ["one --model-control-mode explicit --load-model typed", { typed: 3 }],
  ["broken --exit-on-error=false", { good: 5 }],
];

for (const [args, expected] of served) {
  test(`shoal serve ${args}`, async (t) => {
    const program = shoal(t, args.split(" "));
    check.deepEqual(await answers(await program.listening(8000)), expected);
    check.equal(await program.stop(), 0);
  });
}

test("an empty repository is served, and told", async (t) => {
  const program = shoal(t, ["--model-repository", "empty"]);
  const place = await program.listening(8000);
  check.deepEqual(await answers(place), {});
  await program.printed(`Open http://${place}`);
  check.match(
    program.stderr,
    /^W.*"there is no model in 'empty': each would be a folder there"\n$/,
  );
  check.equal(await program.stop(), 0);
});

test("a repository that is not there", async (t) => {
  const program = shoal(t, ["--model-repository", "empty", "--model-repository=none"]);
  check.deepEqual(await program.ended(), { code: 1, signal: null });
  check.equal(program.stderr, "error: model repository 'none': there is no such folder\n");
});
