/** URLs of servers: what is left out is usual, and what is no server is refused. */
import { strict as check } from "node:assert";
import test from "node:test";
import { parseServerUrl } from "./server-url.ts";

const right: Readonly<Record<string, readonly [string, string, number, string]>> = {
  localhost: ["http", "localhost", 8000, ""],
  "localhost:80": ["http", "localhost", 80, ""],
  "http://localhost": ["http", "localhost", 8000, ""],
  "http://localhost:21": ["http", "localhost", 21, ""],
  "http://10.0.0.1:9000/": ["http", "10.0.0.1", 9000, ""],
  "http://localhost:80": ["http", "localhost", 80, ""],
  "http://localhost:080/a": ["http", "localhost", 80, "/a"],
  "https://localhost:443": ["https", "localhost", 443, ""],
  "https://localhost:80": ["https", "localhost", 80, ""],
  "http://localhost:443": ["http", "localhost", 443, ""],
  "https://models.example": ["https", "models.example", 443, ""],
  "https://models.example:8443/a/b/": ["https", "models.example", 8443, "/a/b"],
  "HTTPS://Models.Example/A": ["https", "models.example", 443, "/A"],
  "grpc://host": ["grpc", "host", 8001, ""],
  "grpcs://host:443": ["grpcs", "host", 443, ""],
  "http://[::1]:8000/base": ["http", "[::1]", 8000, "/base"],
  "[::1]": ["http", "[::1]", 8000, ""],
  "http://host/a%20b": ["http", "host", 8000, "/a%20b"],
  "http://host/x:21": ["http", "host", 8000, "/x:21"],
};

for (const [text, [protocol, host, port, basePath]] of Object.entries(right)) {
  test(`'${text}' is a server`, () => {
    check.deepEqual(parseServerUrl(text), { protocol, host, port, basePath });
  });
}

test("a URL object is taken", () => {
  const { host, port } = parseServerUrl(new URL("http://host:9000/"));
  check.deepEqual([host, port], ["host", 9000]);
});

test("a URL object has the port that it means, which it may not keep", () => {
  for (const [text, expected] of [
    ["http://host:80", 80],
    ["http://host", 80],
    ["https://host:443/a", 443],
    ["https://host:8443", 8443],
    ["grpc://host:80", 80],
    ["grpc://host", 8001],
  ] as const) {
    check.equal(parseServerUrl(new URL(text)).port, expected, text);
  }
});

const wrong = [
  "",
  "http://",
  "ftp://host",
  "ws://host",
  "unix:///tmp/socket",
  "h2c://host",
  "constructor://host",
  "http://user:secret@host",
  "http://host?x=1",
  "http://host#x",
  "http://host:port",
  "http://host:99999",
  "http://a b",
];

for (const text of wrong) {
  test(`'${text}' is none`, () => {
    check.throws(() => parseServerUrl(text), {
      kind: "invalid",
      message: /^no URL of a server: '/,
    });
  });
}
