/**
 * CORS: off unless configured; then pages of the named origins may call, and see what they need.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { fp32, model } from "shoal";
import { ask, type RawAnswer } from "./raw-client.ts";
import { startServer } from "./server.ts";

const echo = model("echo", {
  inputs: { X: fp32(-1) },
  outputs: { X: fp32(-1) },
  infer: ({ X }) => ({ X }),
});

const page = "https://page.example";
const body = '{"inputs":[{"name":"X","shape":[1,1],"datatype":"FP32","data":[1]}]}';

function corsHeaders({ headers }: RawAnswer): Record<string, string> {
  const names = [...headers.keys()].filter((name) => /^access-control-|^vary$/.test(name));
  return Object.fromEntries(names.map((name) => [name, headers.get(name) ?? ""]));
}

const exposed = "Inference-Header-Content-Length, Server-Timing, Retry-After, X-Request-Id";

/** Answers of every kind: JSON, empty, an inference, and errors before and in it. */
async function answersTo(port: number, origin?: string): Promise<readonly RawAnswer[]> {
  const headers: Record<string, string> = origin === undefined ? {} : { Origin: origin };
  const infer = "/v2/models/echo/infer";
  return [
    await ask(port, "GET", "/v2", { headers }),
    await ask(port, "GET", "/v2/health/live", { headers }),
    await ask(port, "GET", "/", { headers }),
    await ask(port, "POST", infer, { headers, body }),
    await ask(port, "POST", infer, { headers: { ...headers, "Accept-Encoding": "gzip" }, body }),
    await ask(port, "POST", infer, { headers, body: "{" }),
    await ask(port, "GET", "/v2/models/nobody", { headers }),
    await ask(port, "GET", "/v2/nothing", { headers }),
    await ask(port, "PUT", "/v2", { headers }),
  ];
}

test("off: no answer says anything of it, and OPTIONS is a method like others", async () => {
  await using started = await startServer(echo);
  for (const answer of await answersTo(started.port, page)) {
    check.deepEqual(corsHeaders(answer), {});
  }
  const preflight = await ask(started.port, "OPTIONS", "/v2", { headers: { Origin: page } });
  check.equal(preflight.status, 405);
});

test("any origin: every answer lets it, whatever its status", async () => {
  await using started = await startServer(echo, { cors: "*" });
  const expected = {
    "access-control-allow-origin": "*",
    "access-control-expose-headers": exposed,
  };
  for (const answer of await answersTo(started.port, page)) {
    check.deepEqual(corsHeaders(answer), expected);
  }
  for (const answer of await answersTo(started.port)) check.deepEqual(corsHeaders(answer), {});
});

test("HEAD is GET without the body, once CORS is on", async () => {
  await using started = await startServer(echo, { cors: "*" });
  for (const path of ["/v2", "/v2/models/echo/ready", "/v2/models/nobody"]) {
    const [head, whole] = [
      await ask(started.port, "HEAD", path),
      await ask(started.port, "GET", path),
    ];
    check.equal(head.status, whole.status, path);
    for (const name of ["content-type", "content-length"]) {
      check.equal(head.headers.get(name), whole.headers.get(name));
    }
  }
  const refused = await ask(started.port, "POST", "/v2");
  check.equal(refused.headers.get("allow"), "GET, HEAD");
});

test("named origins: each is told its own name, another one nothing", async () => {
  await using started = await startServer(echo, { cors: `https://other.example, ${page}` });
  for (const answer of await answersTo(started.port, page)) {
    check.deepEqual(corsHeaders(answer), {
      "access-control-allow-origin": page,
      "access-control-expose-headers": exposed,
      vary: "Origin",
    });
  }
  for (const answer of await answersTo(started.port, "https://evil.example")) {
    check.deepEqual(corsHeaders(answer), { vary: "Origin" });
  }
});

test("a browser's question before the request", async () => {
  await using started = await startServer(echo, { cors: page });
  const headers = { Origin: page, "Access-Control-Request-Method": "POST" };
  const answer = await ask(started.port, "OPTIONS", "/v2/models/echo/infer", { headers });
  check.equal(answer.status, 204);
  check.deepEqual(corsHeaders(answer), {
    "access-control-allow-origin": page,
    "access-control-expose-headers": exposed,
    "access-control-allow-methods": "GET, HEAD, POST",
    "access-control-allow-headers":
      "Authorization, Content-Type, Content-Encoding, Inference-Header-Content-Length, " +
      "X-Request-Id, X-Request-Timeout-Ms",
    "access-control-max-age": "86400",
    vary: "Origin",
  });
  const evil = { ...headers, Origin: "https://evil.example" };
  const refused = await ask(started.port, "OPTIONS", "/v2/models/echo/infer", { headers: evil });
  check.equal(refused.headers.has("access-control-allow-origin"), false);
  const nothing = await ask(started.port, "OPTIONS", "/v2/nothing", { headers });
  check.deepEqual([nothing.status, corsHeaders(nothing)], [204, corsHeaders(answer)]);
});

test("a page may send the headers that are forwarded, and no others of its own", async () => {
  const options = { cors: page, httpHeaderForwardPattern: "tenant-.*" };
  await using started = await startServer(echo, options);
  const headers = { Origin: page, "Access-Control-Request-Headers": "range,tenant-id, tenant-key" };
  const answer = await ask(started.port, "OPTIONS", "/v2/models/echo/infer", { headers });
  const allowed = answer.headers.get("access-control-allow-headers") ?? "";
  check.match(allowed, /^Authorization, .*, X-Request-Timeout-Ms, tenant-id, tenant-key$/);
});
