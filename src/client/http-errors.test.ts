/** HTTP answers that are no success, as errors. */
import { strict as check } from "node:assert";
import test from "node:test";
import type { ClientError } from "./client-error.ts";
import { httpError } from "./http-errors.ts";

function errorOf(
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): ClientError {
  const answer = {
    status,
    header: (name: string) => headers[name],
    whole: () => Promise.reject(new Error("is read already")),
    chunks: () => {
      throw new Error("is read already");
    },
  };
  return httpError(answer, body);
}

test("the server's own words and their code", () => {
  const codes = [
    [400, "INVALID_ARGUMENT"],
    [401, "UNAUTHENTICATED"],
    [403, "PERMISSION_DENIED"],
    [404, "NOT_FOUND"],
    [409, "ALREADY_EXISTS"],
    [413, "RESOURCE_EXHAUSTED"],
    [418, "UNKNOWN"],
    [500, "INTERNAL"],
    [501, "UNIMPLEMENTED"],
    [504, "DEADLINE_EXCEEDED"],
  ] as const;
  for (const [status, code] of codes) {
    const error = errorOf(status, '{"error":"it is so"}');
    check.deepEqual(
      [error.kind, error.code, error.status, error.message, error.isRetrySafe],
      ["server", code, status, "it is so", false],
    );
  }
});

test("what was turned away may be sent again, after the time that was asked for", () => {
  for (const status of [429, 503]) {
    const { kind, code, isRetrySafe, retryAfterMs } = errorOf(status, '{"error":"full"}', {
      "retry-after": "2",
    });
    check.deepEqual(
      [kind, code, isRetrySafe, retryAfterMs],
      ["refused", "UNAVAILABLE", true, 2000],
    );
  }
  const dated = errorOf(503, '{"error":"full"}', {
    "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT",
  });
  check.equal(dated.retryAfterMs, undefined);
  check.equal(errorOf(503, '{"error":"full"}').retryAfterMs, undefined);
});

test("FastAPI's words are read", () => {
  check.equal(errorOf(404, '{"detail":"Not Found"}').message, "Not Found");
});

test("a page of whoever stands before the server is no answer of it", () => {
  const page = "<html>\n  <h1>502 Bad Gateway</h1>";
  const error = errorOf(502, page, { "content-type": "text/html" });
  check.deepEqual(
    [error.kind, error.code, error.status, error.isRetrySafe],
    ["answer", "UNAVAILABLE", 502, false],
  );
  const said = 'no answer of an inference server: 502, text/html "<html> <h1>502 Bad Gateway</h1>"';
  check.equal(error.message, said);
  for (const body of ["", "null", "[]", "5", '{"error":{"code":1}}', '"text"']) {
    check.equal(errorOf(500, body).kind, "answer", body);
  }
});

test("a redirect says where to", () => {
  const error = errorOf(301, "", { location: "https://elsewhere/" });
  check.equal(error.message, "no answer of an inference server: 301, go to https://elsewhere/");
  check.deepEqual([error.kind, error.status], ["answer", 301]);
});
