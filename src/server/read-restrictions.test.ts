/** Tokens from where they are kept: the environment, and files. */
import { strict as check } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { after } from "node:test";
import { readRestrictions } from "./read-restrictions.ts";
import type { TokenSource } from "./security-options.ts";

const folder = mkdtempSync(join(tmpdir(), "shoal-token-"));
after(() => rmSync(folder, { recursive: true }));

/** Does this token open what is closed with that? */
function opens(token: TokenSource, sent: string): boolean {
  const security = { groups: ["trace"], token } as const;
  const options = { httpRestrictedApi: [], grpcRestrictedProtocol: [], security };
  const { http, grpc } = readRestrictions(options);
  const overHttp = http.missing("trace", (name) => (name === "triton-access-token" ? sent : ""));
  const overGrpc = grpc.missing("trace", (name) => (name.includes("-grpc-") ? sent : ""));
  check.equal(overHttp === undefined, overGrpc === undefined);
  return overHttp === undefined;
}

function file(name: string, text: string): TokenSource {
  writeFileSync(join(folder, name), text);
  return { file: join(folder, name) };
}

test("from code", () => {
  check.ok(opens("sesame", "sesame"));
  check.ok(!opens("sesame", "simsim"));
});

test("from the environment", () => {
  process.env["SHOAL_TEST_TOKEN"] = "sesame";
  check.ok(opens({ env: "SHOAL_TEST_TOKEN" }, "sesame"));
  process.env["SHOAL_TEST_TOKEN"] = " sesame";
  check.throws(() => opens({ env: "SHOAL_TEST_TOKEN" }, "sesame"), {
    message: /^'security.token' is taken from the variable SHOAL_TEST_TOKEN: a token must be/,
  });
  delete process.env["SHOAL_TEST_TOKEN"];
  check.throws(() => opens({ env: "SHOAL_TEST_TOKEN" }, ""), { message: /TOKEN: it is not set$/ });
});

test("from a file, without the end of its line", () => {
  check.ok(opens(file("a", "sesame\n"), "sesame"));
  check.ok(opens(file("b", "sesame\r\n"), "sesame"));
  check.throws(() => opens(file("c", "\n"), ""), { message: /the file .*c: the token is empty$/ });
  check.throws(() => opens(file("d", "sesame\nsimsim\n"), "sesame"), {
    message: /the file .*d: a token must be printable ASCII, without spaces at its ends$/,
  });
  check.throws(() => opens({ file: join(folder, "none") }, ""), {
    message: /^the file of 'security.token' cannot be read: ENOENT/,
  });
});
