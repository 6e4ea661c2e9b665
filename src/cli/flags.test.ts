/**
 * Every flag in every form in which it may be given, what is no value of it, and what several flags
 * say together. `shoal serve` itself: test/cli/serving.test.ts.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { type Flag, serveFlags } from "./flag-table.ts";
import type { FlagKind } from "./flag-values.ts";
import { type Environment, type GivenFlags, joinSwitches, variableOf } from "./flags.ts";
import { serveCommand } from "./serve.ts";

/** As typed, and as the server gets it. */
const good: Readonly<Record<FlagKind, readonly (readonly [text: string, value: unknown])[]>> = {
  flag: [
    ["true", true],
    ["False", false],
    ["1", true],
    ["0", false],
    ["on", true],
    ["OFF", false],
  ],
  text: [
    ["some text", "some text"],
    ["*", "*"],
  ],
  name: [["some text", "some text"]],
  count: [
    ["0", 0],
    ["7", 7],
  ],
  verbosity: [
    ["0", 0],
    ["2", 2],
    ["true", 1],
    ["False", 0],
  ],
  integer: [
    ["-2", -2],
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
  format: [["iso8601", "ISO8601"]],
  level: [["Medium", "medium"]],
  scope: [["server", "server"]],
  control: [["EXPLICIT", "explicit"]],
  names: [["m", ["m"]]],
  limiter: [["execution_count", "execution_count"]],
  trace: [["timestamps", "TIMESTAMPS"]],
  pattern: [
    ["^x-", "^x-"],
    ["", ""],
  ],
  cache: [["local,size=1048576", 1_048_576]],
  restriction: [["health:key=value", ["health:key=value"]]],
  backend: [
    ["default-max-batch-size=8", ["default-max-batch-size=8"]],
    ["onnxruntime,default-max-batch-size=0", ["onnxruntime,default-max-batch-size=0"]],
  ],
  positive: [["3", 3]],
  security: [],
};

const bad: Readonly<Record<FlagKind, readonly string[]>> = {
  flag: ["maybe", "2", "constructor", ""],
  text: [],
  name: [""],
  count: ["-1", "1.5", "many", "", " "],
  verbosity: ["-1", "on", ""],
  integer: ["1.5", "many", ""],
  size: ["0", "-1", "64MiB", ""],
  positive: ["0", "-1", "two", ""],
  backend: ["", "onnxruntime", "onnxruntime,default-max-batch-size=x", "default-max-batch-size="],
  port: ["-1", "65536", "80a", "1.5"],
  number: ["-1", "NaN", "Infinity", "5s"],
  format: ["json", ""],
  level: ["some", ""],
  scope: ["process", ""],
  control: ["polling", ""],
  names: [""],
  limiter: ["on", ""],
  trace: ["ON", ""],
  pattern: ["(", "[a"],
  cache: ["1048576", "redis,host=x", "local", "local,size=-1", ""],
  // Refused later, by an error that does not show them (test/cli/security.test.ts).
  restriction: [],
  security: [],
};

interface Parsed {
  readonly paths: readonly string[] | undefined;
  readonly given: GivenFlags | undefined;
  /** What it said on stderr. */
  readonly error: string;
}

/** What `shoal serve` makes of these words; the process ends nowhere. */
async function parse(words: readonly string[], environment: Environment = {}): Promise<Parsed> {
  const lines: string[] = [];
  let parsed: Pick<Parsed, "paths" | "given"> = { paths: undefined, given: undefined };
  const command = serveCommand((paths, given) => {
    parsed = { paths, given };
    return Promise.resolve();
  });
  command.exitOverride().configureOutput({ writeErr: (line) => lines.push(line) });
  const before = { ...process.env };
  Object.assign(process.env, environment);
  try {
    await command.parseAsync(joinSwitches(words), { from: "user" });
  } catch {
    // What it had to say is in `lines`.
  } finally {
    for (const name of Object.keys(environment)) delete process.env[name];
    Object.assign(process.env, before);
  }
  return { ...parsed, error: lines.join("") };
}

async function errorOf(words: readonly string[], environment?: Environment): Promise<string> {
  const { error, given } = await parse(["a.mjs", ...words], environment);
  check.equal(given, undefined);
  check.match(error, /^error: .*\n$/);
  return error.slice("error: ".length, -1);
}

async function optionsOf(words: readonly string[], environment?: Environment) {
  const { error, given } = await parse(["a.mjs", ...words], environment);
  check.equal(error, "");
  return given?.options;
}

/** What becomes of a value. */
function expected(flag: Flag, what: string, value: unknown): Omit<Parsed, "paths"> {
  const { option, status, means } = flag;
  const reason = status === "refused" ? "refused" : "not there yet";
  if (flag.part !== undefined) return { given: undefined, error: halfSecurity(flag.part) };
  if (flag.flag === "load-model") {
    const remedy = "requires setting '--model-control-mode=explicit' as well.";
    return { given: undefined, error: `error: Use of '--load-model' ${remedy}\n` };
  }
  if (status === "option") {
    return {
      given: { options: { [String(option)]: value }, withoutEffect: [] } as never,
      error: "",
    };
  }
  if (status === "accepted") return { given: { options: {}, withoutEffect: [what] }, error: "" };
  if (value === flag.default) return { given: { options: {}, withoutEffect: [] }, error: "" };
  return { given: undefined, error: `error: ${reason}: ${what} (${means})\n` };
}

function halfSecurity(part: string): string {
  if (part !== "groups") return "error: a token closes nothing without --security-groups\n";
  const where = "in the environment as SHOAL_SECURITY_TOKEN, or in a --security-token-file";
  return `error: --security-groups needs a token: ${where}\n`;
}

for (const flag of serveFlags) {
  const name = `--${flag.flag}`;

  test(`${name} takes its value in every form`, async () => {
    for (const [text, value] of good[flag.kind]) {
      for (const words of [
        ["a.mjs", `${name}=${text}`],
        ["a.mjs", name, text],
        [name, text, "a.mjs"],
      ]) {
        const { paths, ...rest } = await parse(words);
        check.deepEqual(rest, expected(flag, name, value));
        check.deepEqual(paths ?? ["a.mjs"], ["a.mjs"]);
      }
      const { paths: _, ...rest } = await parse(["a.mjs"], { [variableOf(flag)]: text });
      check.deepEqual(rest, expected(flag, variableOf(flag), value));
    }
  });

  const wrong = bad[flag.kind];
  if (wrong.length === 0) continue;
  test(`${name} refuses what is no value of it, in one line`, async () => {
    for (const text of wrong) {
      const typed = await errorOf([`${name}=${text}`]);
      check.ok(typed.startsWith(`Bad option: "${name}". `), typed);
      const variable = variableOf(flag);
      const fromEnvironment = await errorOf([], { [variable]: text });
      check.ok(fromEnvironment.startsWith(`Bad option: "${variable}". `), fromEnvironment);
    }
  });
}

/** In Triton's words, with what was expected. */
const reasons: readonly (readonly [word: string, reason: string])[] = [
  ["--http-port=80a", "Invalid option value. Got 80a; it must be a port, 0 to 65535"],
  ["--log-info=maybe", "invalid value for bool option: maybe; it must be true or false"],
  ["--log-format=json", "invalid argument for --log-format. Got json; it must be default, ISO8601"],
  ["--http-max-input-size=0", "--http-max-input-size must be greater than 0."],
  ["--http-max-input-size=-1", "--http-max-input-size must be greater than 0."],
  ["--model-config-name=", "empty argument for --model-config-name"],
  [
    "--log-verbose=\u001b[2J",
    "Invalid option value. Got \\u001b[2J; it must be a whole number, 0 or more",
  ],
];

for (const [word, reason] of reasons) {
  test(`${JSON.stringify(word)}: ${reason}`, async () => {
    const [name = ""] = word.split("=");
    check.equal(await errorOf([word]), `Bad option: "${name}". ${reason}`);
  });
}

test("everything that is refused is said at once, by reasons", async () => {
  const words = [
    "--sagemaker-port=9",
    "--trace-rate",
    "7",
    "--model-namespacing",
    "--rate-limit=off",
  ];
  const environment = { SHOAL_SAGEMAKER_THREAD_COUNT: "5" };
  check.equal(
    await errorOf(words, environment),
    "not there yet: --trace-rate (traces); --sagemaker-port, SHOAL_SAGEMAKER_THREAD_COUNT " +
      "(the routes of SageMaker); refused: --model-namespacing (a name means one model in all repositories)",
  );
});

test("what Triton asks of several flags", async () => {
  const explicit = "--model-control-mode=explicit";
  check.equal(
    await errorOf(["--load-model=a"]),
    "Use of '--load-model' requires setting '--model-control-mode=explicit' as well.",
  );
  check.equal(
    await errorOf([explicit, "--load-model=*", "--load-model", "a"]),
    "Wildcard model name '*' must be the ONLY startup model if specified at all.",
  );
  check.equal(
    await errorOf([explicit], { SHOAL_LOAD_MODEL: "a\n*\n" }),
    "Wildcard model name '*' must be the ONLY startup model if specified at all.",
  );
  check.deepEqual(await optionsOf([explicit, "--load-model=a", "--load-model", "b"]), {
    modelControlMode: "explicit",
    loadModel: ["a", "b"],
  });
  check.equal(
    await errorOf(["--cache-config=local,size=7", "--response-cache-byte-size=8"]),
    "Incompatible flags --response-cache-byte-size and --cache-config both provided. " +
      "Please provide one or the other.",
  );
  const environment = { SHOAL_CACHE_CONFIG: "local,size=7" };
  check.deepEqual(await optionsOf(["--response-cache-byte-size=8"], environment), {
    cacheBytes: 8,
  });
});

test("restrictions add up, and a variable has one a line", async () => {
  const name = "--http-restricted-api";
  const both = { httpRestrictedApi: ["health:a=b", "trace:c=d"] };
  check.deepEqual(await optionsOf([name, "health:a=b", `${name}=trace:c=d`]), both);
  const environment = { SHOAL_HTTP_RESTRICTED_API: "health:a=b\ntrace:c=d\n" };
  check.deepEqual(await optionsOf([], environment), both);
  const typed = await optionsOf([name, "trace:c=d"], environment);
  check.deepEqual(typed, { httpRestrictedApi: ["trace:c=d"] });
});

test("parts of the option security are one", async () => {
  const words = [
    "--security-groups=health,trace",
    "--security-token-file=f",
    "--security-header=k",
  ];
  const security = { groups: ["health", "trace"], header: "k", token: { file: "f" } };
  check.deepEqual(await optionsOf(words), { security });
});

test("of a flag that is given twice, the last value holds", async () => {
  check.deepEqual(await optionsOf(["--http-port=1", "--http-port", "2"]), { httpPort: 2 });
});

test("--host is all addresses; --http-address goes first", async () => {
  check.deepEqual(await optionsOf(["--host", "::1"]), { httpAddress: "::1" });
  check.deepEqual(await optionsOf(["--http-address=::", "--host", "::1"]), { httpAddress: "::" });
});

test("a switch alone is on, and does not take what follows for its value", async () => {
  for (const words of [
    ["--json-logs", "a.mjs"],
    ["a.mjs", "--json-logs"],
    ["--json-logs", "true", "a.mjs"],
  ]) {
    const { given, paths } = await parse(words);
    check.deepEqual([given?.options, paths], [{ jsonLogs: true }, ["a.mjs"]]);
  }
  const words = ["--json-logs", "--allow-metrics", "0"];
  check.deepEqual(await optionsOf(words), { jsonLogs: true, allowMetrics: false });
  check.deepEqual((await parse(["--json-logs", "src"])).paths, ["src"]);
});

test("a word behind a switch that is no value, and no file", async () => {
  for (const word of ["maybe", "constructor", "2"]) {
    const reason = `invalid value for bool option: ${word}; it must be true or false`;
    check.equal(await errorOf(["--json-logs", word]), `Bad option: "--json-logs". ${reason}`);
  }
});

test("a flag is no value of the one before it", async () => {
  for (const next of ["--http-port", "--json-logs", "--http-port=8000"]) {
    const why = `it needs a value, and ${next.replace(/=.*/, "")} is the next flag`;
    check.equal(await errorOf(["--cors", next, "1"]), `Bad option: "--cors". ${why}`);
  }
  check.deepEqual(await optionsOf(["--id=--shoal--"]), { id: "--shoal--" });
});

test("behind -- there are only files", async () => {
  const { given, paths } = await parse(["--id", "me", "--", "--json-logs", "a.mjs"]);
  check.deepEqual([given?.options, paths], [{ id: "me" }, ["--json-logs", "a.mjs"]]);
});

test("a flag comes before the environment", async () => {
  check.deepEqual(await optionsOf(["--http-port", "1"], { SHOAL_HTTP_PORT: "2" }), { httpPort: 1 });
});

test("what is not given is left to the server's default", async () => {
  check.deepEqual(await optionsOf([]), {});
});

test("a value that is missing", async () => {
  check.equal(await errorOf(["--http-port"]), "option '--http-port <value>' argument missing");
});

/** A misspelling, and the flag that is offered for it. */
const misspelled: readonly (readonly [wrong: string, nearest: string | undefined])[] = [
  ["--http-prt", "--http-port"],
  ["--httpport", "--http-port"],
  ["--exit-timeout-sec", "--exit-timeout-secs"],
  ["--log-verbos", "--log-verbose"],
  ["--metrics-prot", "--metrics-port"],
  ["--model-repositry", "--model-repository"],
  ["--host-polic", "--host-policy"],
  ["--colour", undefined],
];

for (const [wrong, nearest] of misspelled) {
  test(`${wrong} is unknown: ${nearest ?? "nothing is near"}`, async () => {
    const hint = nearest === undefined ? "" : ` (Did you mean ${nearest}?)`;
    for (const words of [[wrong, "1"], [`${wrong}=1`]]) {
      check.equal(await errorOf(words), `unknown option '${wrong}'${hint}`);
    }
  });
}
