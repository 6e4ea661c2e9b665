/** Restrictions: what opens a group that is closed, and what does not. */
import { strict as check } from "node:assert";
import test from "node:test";
import { inspect } from "node:util";
import { Restrictions } from "./restrictions.ts";

const own = { header: "X-Key", token: "open sesame", takesBearer: false } as const;
const shared = { header: "access", token: "s3cret", takesBearer: true } as const;
const restrictions = new Restrictions([
  { ...own, groups: ["health", "metadata"] },
  { ...shared, groups: ["logging"] },
]);

function missing(group: "health" | "logging" | "trace", sent: Record<string, string>) {
  return restrictions.missing(group, (name) => sent[name]);
}

test("a header opens its groups, as it is written and no otherwise", () => {
  check.equal(missing("health", { "x-key": "open sesame" }), undefined);
  for (const value of ["", "open", "open sesame ", "Open sesame", "open sesame, open sesame"]) {
    check.equal(missing("health", { "x-key": value }), "X-Key", value);
  }
  check.equal(missing("health", {}), "X-Key");
  check.equal(missing("health", { access: "open sesame" }), "X-Key");
});

test("a bearer token opens only what takes one", () => {
  for (const authorization of ["Bearer s3cret", "bearer  s3cret"]) {
    check.equal(missing("logging", { authorization }), undefined);
  }
  for (const authorization of ["s3cret", "Bearer", "Bearer ", "Bearer s3cret2", "Basic s3cret"]) {
    check.equal(missing("logging", { authorization }), "access", authorization);
  }
  check.equal(missing("health", { authorization: "Bearer open sesame" }), "X-Key");
  check.equal(missing("logging", { access: "s3cret", authorization: "Bearer no" }), undefined);
});

test("what is not named is open, and so is what stands in no group", () => {
  check.equal(missing("trace", {}), undefined);
  check.equal(
    restrictions.missing(undefined, () => undefined),
    undefined,
  );
  check.equal(restrictions.headerOf("trace"), undefined);
  check.equal(restrictions.headerOf("metadata"), "X-Key");
});

test("headers that may hold a token", () => {
  check.deepEqual(restrictions.headers, ["X-Key", "access"]);
  check.deepEqual(restrictions.secretHeaders, ["x-key", "access", "authorization"]);
  check.deepEqual(new Restrictions([{ ...own, groups: ["trace"] }]).secretHeaders, ["x-key"]);
  check.ok(new Restrictions().isEmpty && !restrictions.isEmpty);
});

test("whoever prints it sees no token", () => {
  const printed =
    inspect(restrictions, { depth: 9, showHidden: true }) + JSON.stringify(restrictions);
  check.doesNotMatch(printed, /sesame|s3cret/);
});
