/** What a caller hears of what a model threw, and what only the log does. */
import { strict as check } from "node:assert";
import test from "node:test";
import { InferenceError } from "../protocol/errors.ts";
import { toModelError } from "./model-error.ts";

/** What another copy of the package would throw. */
function foreignError(fields: object): Error {
  return Object.assign(new Error("busy"), { name: "InferenceError", ...fields });
}

const internal = "model 'm' failed: internal error";

const thrown: readonly [what: string, reason: unknown, code: string, message: string][] = [
  [
    "meant for the caller",
    new InferenceError("NOT_FOUND", "no such user"),
    "NOT_FOUND",
    "no such user",
  ],
  ["the same from another copy", foreignError({ code: "UNAVAILABLE" }), "UNAVAILABLE", "busy"],
  ["a code that does not exist", foreignError({ code: "EBUSY" }), "INTERNAL", internal],
  ["a code that is no own one", foreignError({ code: "toString" }), "INTERNAL", internal],
  ["no code", foreignError({}), "INTERNAL", internal],
  ["an error", new TypeError("/secret/path"), "INTERNAL", internal],
  ["a text", "/secret/path", "INTERNAL", internal],
  ["nothing", undefined, "INTERNAL", internal],
];

for (const [what, reason, code, message] of thrown) {
  test(`from infer: ${what}`, () => {
    const error = toModelError("m", reason, "infer");
    check.ok(error instanceof InferenceError);
    check.deepEqual([error.code, error.message, error.reason], [code, message, "BACKEND"]);
    check.equal(error.cause, reason);
  });
}

test("when to try again is kept, also of another copy", () => {
  const own = new InferenceError("UNAVAILABLE", "busy", { retryAfterS: 5 });
  check.equal(toModelError("m", own, "infer").retryAfterS, 5);
  const foreign = foreignError({ code: "UNAVAILABLE", retryAfterS: 7 });
  check.equal(toModelError("m", foreign, "infer").retryAfterS, 7);
  check.equal(toModelError("m", new Error("busy"), "infer").retryAfterS, undefined);
});

test("from setup: who starts the server hears why", () => {
  const of = (reason: unknown): string => toModelError("m", reason, "setup").message;
  check.equal(of(new Error("no weights")), "setup of model 'm' failed: no weights");
  check.equal(of("no weights"), "setup of model 'm' failed: no weights");
  check.equal(of(new InferenceError("NOT_FOUND", "no weights")), "no weights");
});
