/** Versions as callers write them. */
import { strict as check } from "node:assert";
import test from "node:test";
import { parseModelVersion } from "./model-version.ts";

test("digits, or nothing", () => {
  check.equal(parseModelVersion(""), undefined);
  check.equal(parseModelVersion("0"), 0);
  check.equal(parseModelVersion("007"), 7);
  check.equal(parseModelVersion("9007199254740993"), 9_007_199_254_740_993n);
  check.equal(parseModelVersion("9223372036854775807"), 2n ** 63n - 1n);
});

test("everything else is refused", () => {
  for (const text of ["abc", "1x", "1.0", " 1", "+1", "-", "9223372036854775808"]) {
    const message =
      `failed to get model version from specified version string '${text}' (details: stol), ` +
      "version should be an integral value > 0";
    check.throws(() => parseModelVersion(text), { code: "INVALID_ARGUMENT", message });
  }
  const message = "invalid model version specified '-1' , version should be an integral value > 0";
  check.throws(() => parseModelVersion("-1"), { code: "INVALID_ARGUMENT", message });
});
