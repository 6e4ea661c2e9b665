/**
 * Every flag in every form in which it may be given, and what is no value of it.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import type { OptionSpec } from "../server/server-options.ts";
import { type Flag, joinSwitches, keyOf, serveFlags } from "./flags.ts";
import { serveCommand } from "./serve.ts";

type Kind = OptionSpec["kind"];

/** As typed, and as the server gets it. */
const good: Readonly<Record<Kind, readonly (readonly [text: string, value: unknown])[]>> = {
  flag: [
    ["true", true],
    ["false", false],
    ["1", true],
    ["0", false],
  ],
  text: [
    ["some text", "some text"],
    ["*", "*"],
  ],
  count: [
    ["0", 0],
    ["7", 7],
  ],
  size: [["1048576", 1_048_576]],
  port: [
    ["0", 0],
    ["65535", 65_535],
  ],
  number: [
    ["0.25", 0.25],
    ["30", 30],
  ],
  format: [["ISO8601", "ISO8601"]],
  level: [["medium", "medium"]],
  scope: [["server", "server"]],
  pattern: [
    ["^x-", "^x-"],
    ["", ""],
  ],
  cache: [["local,size=1048576", 1_048_576]],
  restriction: [["health:key=value", ["health:key=value"]]],
  security: [],
};

const bad: Readonly<Record<Kind, readonly string[]>> = {
  flag: ["maybe", "2", "constructor", ""],
  text: [],
  count: ["-1", "1.5", "many", "", " "],
  size: ["0", "-1", "64MiB"],
  port: ["-1", "65536", "80a", "1.5"],
  number: ["-1", "NaN", "Infinity", "5s"],
  format: ["json", "iso8601", ""],
  level: ["some", "", "None"],
  scope: ["process", "", "Server"],
  pattern: ["(", "[a"],
  cache: ["1048576", "redis,host=x", "local", "local,size=-1", ""],
  // Refused later, by an error that does not show them (security-flags.test.ts).
  restriction: [],
  security: [],
};

/** What `shoal serve` makes of these words; the process ends nowhere. */
function parse(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const lines: string[] = [];
  let parsed: Readonly<Record<string, unknown>> = {};
  const command = serveCommand()
    .exitOverride()
    .configureOutput({ writeErr: (line) => lines.push(line) })
    .action((paths: readonly string[], values: object) => {
      parsed = { ...values, paths };
    });
  const before = { ...process.env };
  Object.assign(process.env, env);
  try {
    command.parse(joinSwitches(words), { from: "user" });
  } catch {
    // What it had to say is in `lines`.
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before);
  }
  return { values: parsed, error: lines.join("") };
}

function environmentOf({ flag }: Flag): string {
  return `SHOAL_${flag.toUpperCase().replaceAll("-", "_")}`;
}

for (const flag of serveFlags) {
  const name = `--${flag.flag}`;
  const key = keyOf(flag.flag);

  test(`${name} takes its value in every form`, () => {
    for (const [text, value] of good[flag.spec.kind]) {
      const forms = [
        parse(["a.mjs", `${name}=${text}`]),
        parse(["a.mjs", name, text]),
        parse([name, text, "a.mjs"]),
        parse(["a.mjs"], { [environmentOf(flag)]: text }),
      ];
      for (const { values, error } of forms) {
        check.deepEqual([values[key], values["paths"], error], [value, ["a.mjs"], ""]);
      }
    }
  });

  const wrong = bad[flag.spec.kind];
  if (wrong.length === 0) continue;
  test(`${name} refuses what is no value of it, in one line`, () => {
    for (const text of wrong) {
      for (const { values, error } of [
        parse(["a.mjs", `${name}=${text}`]),
        parse(["a.mjs"], { [environmentOf(flag)]: text }),
      ]) {
        check.deepEqual(values, {});
        check.match(error, /^error: option '--.*' .*'.*' .*is invalid\. It must be .*\.\n$/);
        check.ok(error.includes(name), error);
      }
    }
  });
}

test("a switch alone is on, and does not take what follows for its value", () => {
  for (const words of [
    ["--json-logs", "a.mjs"],
    ["a.mjs", "--json-logs"],
    ["--json-logs", "true", "a.mjs"],
  ]) {
    const { values } = parse(words);
    check.deepEqual([values["jsonLogs"], values["paths"]], [true, ["a.mjs"]]);
  }
  const { values } = parse(["--json-logs", "--allow-metrics", "0", "a.mjs"]);
  check.deepEqual([values["jsonLogs"], values["allowMetrics"]], [true, false]);
  check.deepEqual(parse(["--json-logs", "constructor"]).values["paths"], ["constructor"]);
});

test("restrictions add up, and a variable has one a line", () => {
  const name = "--http-restricted-api";
  const { values } = parse(["a.mjs", name, "health:a=b", `${name}=trace:c=d`]);
  check.deepEqual(values["httpRestrictedApi"], ["health:a=b", "trace:c=d"]);
  const env = { SHOAL_HTTP_RESTRICTED_API: "health:a=b\ntrace:c=d\n" };
  check.deepEqual(parse(["a.mjs"], env).values["httpRestrictedApi"], ["health:a=b", "trace:c=d"]);
  check.deepEqual(parse(["a.mjs", name, "trace:c=d"], env).values["httpRestrictedApi"], [
    "trace:c=d",
  ]);
});

test("behind -- there are only files", () => {
  const { values } = parse(["--id", "me", "--", "--json-logs", "a.mjs"]);
  check.deepEqual([values["id"], values["paths"]], ["me", ["--json-logs", "a.mjs"]]);
});

test("a flag comes before the environment", () => {
  const { values } = parse(["a.mjs", "--http-port", "1"], { SHOAL_HTTP_PORT: "2" });
  check.equal(values["httpPort"], 1);
});

test("what is not given is left to the server's default", () => {
  const { values } = parse(["a.mjs"]);
  check.deepEqual(values, { paths: ["a.mjs"] });
});

test("a value that is missing", () => {
  check.equal(
    parse(["a.mjs", "--http-port"]).error,
    "error: option '--http-port <port>' argument missing\n",
  );
});

/** A misspelling, and the flag that is offered for it. */
const misspelled: readonly (readonly [wrong: string, nearest: string | undefined])[] = [
  ["--http-prt", "--http-port"],
  ["--httpport", "--http-port"],
  ["--exit-timeout-sec", "--exit-timeout-secs"],
  ["--log-verbos", "--log-verbose"],
  ["--metrics-prot", "--metrics-port"],
  ["--colour", undefined],
];

for (const [wrong, nearest] of misspelled) {
  test(`${wrong} is unknown: ${nearest ?? "nothing is near"}`, () => {
    const hint = nearest === undefined ? "" : ` (Did you mean ${nearest}?)`;
    check.equal(parse(["a.mjs", wrong, "1"]).error, `error: unknown option '${wrong}'${hint}\n`);
  });
}
