/** Security on the command line: groups and where the token is; what is said in part is refused. */
import { strict as check } from "node:assert";
import test from "node:test";
import { unknownVariables } from "./flags.ts";
import { securityOf } from "./security-flags.ts";

test("groups, and a token in the environment or in a file", () => {
  const given = { groups: "trace,logging" };
  const groups = ["trace", "logging"];
  const env = { SHOAL_SECURITY_TOKEN: "sesame" };
  const variable = { env: "SHOAL_SECURITY_TOKEN" };
  check.deepEqual(securityOf(given, env), { groups, token: variable });
  check.deepEqual(securityOf({ ...given, "token-file": "token" }, env), {
    groups,
    token: { file: "token" },
  });
  check.deepEqual(securityOf({ ...given, header: "X-Key" }, env), {
    groups,
    header: "X-Key",
    token: variable,
  });
});

test("nothing is said", () => {
  check.equal(securityOf({}, {}), undefined);
});

test("what is said in part would close nothing", () => {
  const half = { name: "UsageError", message: /closes nothing without --security-groups/ };
  check.throws(() => securityOf({}, { SHOAL_SECURITY_TOKEN: "sesame" }), half);
  check.throws(() => securityOf({ "token-file": "token" }, {}), half);
  check.throws(() => securityOf({ header: "X-Key" }, {}), half);
  check.throws(() => securityOf({ groups: "trace" }, {}), {
    message: /needs a token: in the environment as SHOAL_SECURITY_TOKEN, or in a --security-token/,
  });
});

test("the variable of the token is known", () => {
  const names = ["SHOAL_SECURITY_TOKEN", "SHOAL_SECURITY_GROUPS", "SHOAL_SECURITY_TOKN"];
  const environment = Object.fromEntries(names.map((name) => [name, ""]));
  check.deepEqual(unknownVariables(environment), [
    "SHOAL_SECURITY_TOKN (did you mean SHOAL_SECURITY_TOKEN?)",
  ]);
});
