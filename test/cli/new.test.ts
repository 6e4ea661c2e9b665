/**
 * `shoal new NAME`: a project as its user gets it, outside of this repository, passes its own
 * tests, its types, and serves. In place of `npm install`, the packages are linked.
 */
import { strict as check } from "node:assert";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { Program, shoalCommand } from "../program.ts";
import { root } from "../repository.ts";

const folder = mkdtempSync(join(tmpdir(), "shoal-new-"));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Manifest {
  readonly name: string;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

async function make(args: readonly string[]) {
  const program = new Program([shoalCommand, "new", ...args], { cwd: folder });
  const { code } = await program.ended();
  return { code, stdout: program.stdout, stderr: program.stderr };
}

/** What `npm install` would do. */
function install(project: string): Manifest {
  const manifest = JSON.parse(readFileSync(join(project, "package.json"), "utf8")) as Manifest;
  for (const name of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })) {
    const link = join(project, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(name === "shoal" ? root : join(root, "node_modules", name), link, "junction");
  }
  return manifest;
}

/** A script of `node` with arguments. */
function runs(project: string, script = ""): void {
  const [tool, ...args] = script.split(" ");
  check.equal(tool, "node");
  const env = { ...process.env, NODE_TEST_CONTEXT: undefined };
  const { status, stdout } = spawnSync(process.execPath, args, {
    cwd: project,
    env,
    encoding: "utf8",
  });
  check.equal(status, 0, stdout);
  check.match(stdout, /requests that come together are one batch/);
}

for (const [language, ending, flags] of [
  ["TypeScript", "ts", []],
  ["JavaScript", "js", ["--javascript"]],
] as const) {
  test(`a project in ${language} passes its tests, and serves`, async (t) => {
    const name = `my-${ending}`;
    const project = join(folder, name);
    const { code, stdout, stderr } = await make([name, ...flags]);
    check.deepEqual([code, stderr], [0, ""]);
    const files = readdirSync(project, { recursive: true, withFileTypes: true });
    const paths = files.filter((file) => file.isFile()).map(({ name: file }) => file);
    for (const file of paths) check.ok(stdout.includes(file), file);
    check.equal(paths.length, ending === "ts" ? 6 : 5);

    const manifest = install(project);
    check.equal(manifest.name, name);
    runs(project, manifest.scripts["test"]);

    const [tool, ...args] = manifest.scripts["start"]?.split(" ") ?? [];
    check.equal(tool, "shoal");
    const server = new Program([shoalCommand, ...args], { cwd: project });
    t.after(() => server.stop());
    const asked = ["infer", `http://${await server.listening(8000)}`, "linear"];
    const words = [...asked, "--input", "x=[[1, 2, 3]]", "--format", "json"];
    const answer = new Program([shoalCommand, ...words], { cwd: project });
    check.equal((await answer.ended()).code, 0, answer.stderr);
    const { outputs } = JSON.parse(answer.stdout) as { outputs: readonly { data: unknown }[] };
    check.deepEqual(outputs[0]?.data, [[3, 5, 7]]);
  });
}

test("what it writes in TypeScript has the right types", async () => {
  const project = join(folder, "typed");
  check.equal((await make(["typed"])).code, 0);
  check.equal(install(project).scripts["types"], "tsc");
  const compiler = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler], {
    cwd: project,
    encoding: "utf8",
  });
  check.equal(status, 0, stdout);
});

test("what is there already is not touched", async () => {
  mkdirSync(join(folder, "there"));
  writeFileSync(join(folder, "file"), "mine");
  for (const name of ["there", "file"]) {
    const { code, stderr } = await make([name]);
    const line = `error: '${name}' is there already: choose another name, or remove it\n`;
    check.deepEqual([code, stderr], [1, line]);
  }
  check.deepEqual(readdirSync(join(folder, "there")), []);
  check.equal(readFileSync(join(folder, "file"), "utf8"), "mine");
});

for (const name of [
  "../up",
  "a/b",
  "a\\b",
  ".",
  "..",
  ".hidden",
  "",
  "Big",
  "a b",
  "-a",
  "a.",
  "x".repeat(101),
]) {
  test(`'${name}' is no name`, async () => {
    const before = readdirSync(folder);
    const { code, stderr } = await make(["--", name]);
    check.equal(code, 1);
    check.match(stderr, /^error: '.*' is no name for a project: it must be .*\n$/);
    check.deepEqual(readdirSync(folder), before);
  });
}

for (const name of ["shoal", "typescript", "node_modules"]) {
  test(`a project that npm could not install: ${name}`, async () => {
    const { code, stderr } = await make([name]);
    const line = `error: a project cannot be called '${name}': choose another name\n`;
    check.deepEqual([code, stderr], [1, line]);
  });
}
