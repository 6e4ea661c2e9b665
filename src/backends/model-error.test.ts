/** What a model's own code threw: what its caller hears, and what stays for the log. */
import { strict as check } from "node:assert";
import test from "node:test";
import { UnrecoverableError } from "../definition/unrecoverable-error.ts";
import { InferenceError } from "../protocol/errors.ts";
import { toModelError } from "./model-error.ts";

/** As of a second copy of the package. */
function errorNamed(name: string, fields: object): Error {
  return Object.assign(new Error("from elsewhere"), { name, ...fields });
}

const secret = new Error("/secret/path");

const cases: readonly (readonly [what: string, thrown: unknown, code: string, message: string])[] =
  [
    ["an error", secret, "INTERNAL", "model 'm' failed: internal error"],
    ["a text", "/secret", "INTERNAL", "model 'm' failed: internal error"],
    ["nothing", undefined, "INTERNAL", "model 'm' failed: internal error"],
    [
      "one after which it cannot go on",
      new UnrecoverableError("/secret"),
      "INTERNAL",
      "model 'm' cannot go on and is out of service: internal error",
    ],
    ["one for the caller", new InferenceError("NOT_FOUND", "no user 5"), "NOT_FOUND", "no user 5"],
    [
      "one for the caller, of another copy of the class",
      errorNamed("InferenceError", { code: "UNAVAILABLE" }),
      "UNAVAILABLE",
      "from elsewhere",
    ],
    [
      "one that only looks like it: an unknown code",
      errorNamed("InferenceError", { code: "ENOENT" }),
      "INTERNAL",
      "model 'm' failed: internal error",
    ],
    [
      "one that only looks like it: a code of every object",
      errorNamed("InferenceError", { code: "toString" }),
      "INTERNAL",
      "model 'm' failed: internal error",
    ],
    [
      "an object that is no error",
      { name: "InferenceError", code: "NOT_FOUND", message: "m" },
      "INTERNAL",
      "model 'm' failed: internal error",
    ],
  ];

for (const [what, thrown, code, message] of cases) {
  test(`infer throws ${what}`, () => {
    const error = toModelError("m", thrown, "infer");
    check.ok(error instanceof InferenceError);
    check.deepEqual(
      [error.code, error.message, error.reason, error.cause],
      [code, message, "BACKEND", thrown],
    );
  });
}

test("when to try again is kept", () => {
  const thrown = new InferenceError("UNAVAILABLE", "busy", { retryAfterS: 7, reason: "REJECTED" });
  const { retryAfterS, reason } = toModelError("m", thrown, "infer");
  check.deepEqual([retryAfterS, reason], [7, "BACKEND"]);
  check.equal(toModelError("m", secret, "infer").retryAfterS, undefined);
});

test("of setup the operator reads why: it has no caller", () => {
  const told = [secret, "no weights", undefined].map((thrown) => {
    return toModelError("m", thrown, "setup").message;
  });
  check.deepEqual(told, [
    "setup of model 'm' failed: /secret/path",
    "setup of model 'm' failed: no weights",
    "setup of model 'm' failed: undefined",
  ]);
  const own = new InferenceError("NOT_FOUND", "no weights at /models");
  check.equal(toModelError("m", own, "setup").message, "no weights at /models");
});
