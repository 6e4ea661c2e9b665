/**
 * `shoal serve` with groups of endpoints closed: by Triton's flags and by ours, with the token in
 * the environment or in a file; mistakes are one line, exit code 1; and no token is ever printed.
 */
import { strict as check } from "node:assert";
import { join } from "node:path";
import { test } from "node:test";
import { Program, shoalCommand } from "../program.ts";
import { modelFolder } from "./model-folder.ts";

const folder = modelFolder({
  "m.mjs": "export const m = negative('m');",
  token: "sesame\n",
  "serves.mjs":
    "await serve(negative('m'), " +
    "{ security: { groups: ['health'], token: { env: 'NO_SUCH_VARIABLE' } } });",
});

function program(flags: readonly string[], env: Readonly<Record<string, string>> = {}): Program {
  const args = [shoalCommand, "serve", join(folder, "m.mjs"), ...flags];
  return new Program(args, { env, cwd: folder });
}

async function statusOf(host: string, headers: Readonly<Record<string, string>>): Promise<number> {
  return (await fetch(`http://${host}/v2/repository/index`, { method: "POST", headers })).status;
}

const groups = ["--security-groups", "model-repository,inference"];
const restricted = "model-repository,inference:X-Key=sesame";

for (const [what, header, flags, env] of [
  ["a token in the environment", "triton-access-token", groups, { SHOAL_SECURITY_TOKEN: "sesame" }],
  [
    "a token in a file",
    "X-Key",
    [...groups, "--security-token-file=token", "--security-header=X-Key"],
    {},
  ],
  ["Triton's flag", "X-Key", ["--http-restricted-api", restricted], {}],
  ["its variable", "X-Key", [], { SHOAL_HTTP_RESTRICTED_API: restricted }],
] as const) {
  test(`${what} closes groups, and is not printed`, async () => {
    const started = program([...flags, "--log-verbose=1"], env);
    try {
      const host = await started.listening(8000);
      check.equal(await statusOf(host, {}), 403);
      check.equal(await statusOf(host, { [header]: "simsim" }), 403);
      check.equal(await statusOf(host, { [header]: "sesame" }), 200);
      await started.until(() => started.stdout.includes("or open http"), "tells what to try");
      check.ok(started.stdout.includes(`/infer' -H "${header}: $TOKEN" -d '`), started.stdout);
    } finally {
      check.equal(await started.stop(), 0);
    }
    check.doesNotMatch(started.stdout + started.stderr, /sesame|simsim/);
  });
}

for (const [flags, line, env = {}] of [
  [
    ["--http-restricted-api=model-reposit,health:k1=sesame"],
    /unknown restricted api 'model-reposit' \(did you mean 'model-repository'\?\)/,
  ],
  [
    ["--grpc-restricted-protocol", "model-reposit,health:k1=sesame"],
    /unknown restricted protocol 'model-reposit' /,
  ],
  [
    ["--http-restricted-api=trace,health:k1=sesame", "--http-restricted-api=health:k2=sesame"],
    /restricted api 'health' can not be specified in multiple config groups/,
  ],
  [["--http-restricted-api", "sesame"], /must be group\[,group\]:header=value/],
  [["--http-restricted-api", ""], /must be group\[,group\]:header=value/],
  [
    ["--security-groups=helth"],
    /unknown restricted api 'helth'/,
    { SHOAL_SECURITY_TOKEN: "sesame" },
  ],
  [["--security-groups=health"], /--security-groups needs a token/],
  [[], /a token closes nothing without --security-groups/, { SHOAL_SECURITY_TOKEN: "sesame" }],
  [
    groups,
    /SHOAL_SECURITY_TOKEN: a token must be printable ASCII/,
    { SHOAL_SECURITY_TOKEN: "sesame " },
  ],
  [
    [...groups, "--security-token-file=none"],
    /the file of 'security.token' cannot be read: ENOENT/,
  ],
  [["--security-token=sesame"], /unknown option '--security-token'/],
] as const) {
  test(`refused: ${flags.join(" ")} ${Object.keys(env).join(" ")}`, async () => {
    const started = program(flags, env);
    check.equal((await started.ended()).code, 1);
    check.match(started.stderr, /^error: [^\n]*\n$/);
    check.match(started.stderr, line);
    check.doesNotMatch(started.stdout + started.stderr, /sesame/);
  });
}

test("a program whose token is not there does not start", async () => {
  const started = new Program([join(folder, "serves.mjs")]);
  check.equal((await started.ended()).code, 1);
  check.match(started.stderr, /^error: .*the variable NO_SUCH_VARIABLE: it is not set\n$/);
});
