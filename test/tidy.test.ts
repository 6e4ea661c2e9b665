/**
 * Tidiness: the rules of tidy-rules.ts hold for the sources, and each rule can fail.
 *
 * Every rule has planted faults and innocent look-alikes. A fault must be found by its own rule
 * and by no other, so that a broken rule shows as exactly one failing test.
 */
import { strict as check } from "node:assert";
import { spawnSync } from "node:child_process";
import test from "node:test";
import { filesUnder, readText, root } from "./repository.ts";
import * as rules from "./tidy-rules.ts";

const header = "/** What it is. */\n";

function under(folder: string): readonly rules.Source[] {
  return filesUnder(folder)
    .filter((path) => path.endsWith(".ts") && !path.includes("/generated/"))
    .map((path) => ({ path, text: readText(`${folder}/${path}`) }));
}

const sources = under("src");
const everyRule: Readonly<Record<string, rules.Rule>> = Object.fromEntries(
  Object.entries(rules).filter(([, value]) => typeof value === "function" && value.length === 1),
) as Record<string, rules.Rule>;

/** One rule: it finds nothing here, something in each fault, nothing in what only looks like one. */
interface Expectation {
  readonly rule: keyof typeof rules;
  readonly faults: Readonly<Record<string, string>>[];
  readonly innocent?: Readonly<Record<string, string>>[];
}

const expectations: readonly Expectation[] = [
  {
    rule: "importsOnlyDownwards",
    faults: [
      { "protocol/a.ts": `${header}import { x } from "../core/x.ts";` },
      { "core/a.ts": `${header}import type { X } from "../executor/x.ts";` },
      { "frontends/http/a.ts": `${header}const x = await import("../../executor/x.ts");` },
      { "attic/a.ts": `${header}export const x = 1;` },
    ],
    innocent: [
      { "core/a.ts": `${header}import { assert } from "../assert.ts";` },
      { "core/a.ts": `${header}// import { x } from "../server/x.ts";` },
      { "core/a.test.ts": `${header}import { Random } from "../testing/random.ts";` },
    ],
  },
  {
    rule: "hasNoCycles",
    faults: [
      {
        "core/a.ts": `${header}import { b } from "./b.ts";`,
        "core/b.ts": `${header}import { c } from "./c.ts";`,
        "core/c.ts": `${header}import { a } from "./a.ts";`,
      },
      { "core/a.ts": `${header}import { a } from "./a.ts";` },
    ],
    innocent: [
      {
        "core/a.ts": `${header}import { c } from "./c.ts";\nimport { b } from "./b.ts";`,
        "core/b.ts": `${header}import { c } from "./c.ts";`,
        "core/c.ts": `${header}export const c = 1;`,
      },
    ],
  },
  {
    rule: "opensWithHeader",
    faults: [{ "core/a.ts": "export const x = 1;\n/** Too late. */" }, { "core/a.ts": "/** */\n" }],
    innocent: [{ "cli/main.ts": `#!/usr/bin/env node\n${header}` }],
  },
  {
    rule: "isShortEnough",
    faults: [
      { "core/a.ts": header + "export {};\n".repeat(400) },
      { "core/a.test.ts": header + "check();\n".repeat(600) },
    ],
    innocent: [{ "core/a.test.ts": header + "check();\n".repeat(500) }],
  },
  {
    rule: "decidesWithoutClockOrChance",
    faults: [
      { "core/a.ts": `${header}const nowMs = Date.now();` },
      { "protocol/a.ts": `${header}const x = Math.random();` },
      { "core/a.ts": `${header}setTimeout(wake, 1);` },
      { "core/a.ts": `${header}const nowMs = performance.now();` },
    ],
    innocent: [
      { "server/system-clock.ts": `${header}const nowMs = performance.now();` },
      { "core/a.ts": `${header}// Date.now would not do.` },
    ],
  },
  {
    rule: "knowsNoNode",
    faults: [
      { "protocol/a.ts": `${header}import { join } from "node:path";` },
      { "core/a.ts": `${header}const x = Buffer.alloc(1);` },
      { "core/a.ts": `${header}import pino from "pino";` },
    ],
    innocent: [
      { "core/a.ts": `${header}const x = "the process and its Buffer";` },
      { "server/a.ts": `${header}import { join } from "node:path";` },
    ],
  },
  {
    rule: "usesPackagesWhereAllowed",
    faults: [
      { "executor/a.ts": `${header}import { InferenceSession } from "onnxruntime-node";` },
      { "server/a.ts": `${header}const x = await import("left-pad");` },
    ],
    innocent: [{ "backends/a.ts": `${header}const x = await import("onnxruntime-node");` }],
  },
  {
    rule: "hasPlainFileName",
    faults: [{ "core/dynamicBatcher.ts": header }, { "core/Batcher.test.ts": header }],
    innocent: [{ "core/batcher.sim.test.ts": header }],
  },
  {
    rule: "isNoBarrel",
    faults: [
      { "core/a.ts": `${header}export * from "./b.ts";` },
      { "core/a.ts": `${header}export { b } from "./b.ts";` },
      { "core/a.ts": `${header}export type { B } from "./b.ts";` },
    ],
    innocent: [{ "index.ts": `${header}export { b } from "./core/b.ts";` }],
  },
  {
    rule: "leavesNothingForLater",
    faults: [
      { "core/a.ts": `${header}// TO${"DO"}: later` },
      { "core/a.ts": `${header}// FIX${"ME"}` },
    ],
  },
  {
    rule: "skipsNoTest",
    faults: [
      { "core/a.test.ts": `${header}test.skip("x", () => {});` },
      { "core/a.test.ts": `${header}test("x", { todo: true }, () => {});` },
      { "core/a.test.ts": `${header}test("x", (context) => context.skip());` },
    ],
    innocent: [
      { "core/a.test.ts": `${header}test("skips what only others need", run);` },
      { "protocol/a.test.ts": `${header}const end = skip(text); bytes.skip(4);` },
    ],
  },
  {
    rule: "silencesNoTool",
    faults: [
      { "core/a.ts": `${header}// @ts-${"ignore"}` },
      { "core/a.ts": `${header}const x = y as ${"any"};` },
    ],
  },
];

test("every rule is listed here", () => {
  const ours = Object.keys(everyRule).filter(
    (name) => !/^(folderOf|isTest|withoutComments|importsOf)$/.test(name),
  );
  check.deepEqual(expectations.map(({ rule }) => rule).sort(), ours.sort());
});

test("the sources are found", () => {
  check.ok(sources.length > 50, `only ${sources.length} files under src/`);
});

for (const { rule, faults, innocent } of expectations) {
  test(`sources: ${rule}`, () => check.deepEqual(everyRule[rule]?.(sources), []));

  test(`planted: ${rule}`, () => {
    for (const fault of faults) check.deepEqual(rulesAgainst(fault), [rule], JSON.stringify(fault));
    for (const look of innocent ?? [])
      check.deepEqual(rulesAgainst(look), [], JSON.stringify(look));
  });
}

test("test/ keeps the rules that concern it", () => {
  const tests = under("test").filter(({ path }) => !path.endsWith(".d.ts"));
  check.deepEqual(rules.opensWithHeader(tests), []);
  check.deepEqual(rules.isShortEnough(tests), []);
  check.deepEqual(rules.hasPlainFileName(tests), []);
  check.deepEqual(rules.skipsNoTest(tests.filter(({ path }) => path !== "tidy.test.ts")), []);
});

test("what mutants are to change stands in the sources", () => {
  const args = ["scripts/mutants.mjs", "--texts"];
  const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
  check.equal(status, 0, stderr);
});

function rulesAgainst(files: Readonly<Record<string, string>>): readonly string[] {
  const planted = Object.entries(files).map(([path, text]) => ({ path, text }));
  return expectations.map(({ rule }) => rule).filter((rule) => everyRule[rule]?.(planted).length);
}
