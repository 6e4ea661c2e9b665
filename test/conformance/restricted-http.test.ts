/**
 * Restricted APIs over HTTP: each group, behind its header, before anything else of a request is
 * looked at; and what is not restricted: other groups, and calls in this process.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { createServer, type EndpointGroup, fp32, model, type ServerOptions } from "shoal";
import { ask, RawClient, requestBytes } from "./raw-client.ts";
import { mount, post, quietLoopback, startServer } from "./server.ts";

const echo = model("echo", {
  inputs: { X: fp32(1) },
  outputs: { X: fp32(1) },
  infer: ({ X }) => ({ X }),
});

const generates = model("generates", {
  inputs: { X: fp32(1) },
  outputs: { X: fp32(1) },
  *infer({ X }) {
    yield { X: X.clone() };
  },
});

const body = '{"inputs":[{"name":"X","shape":[1,1],"datatype":"FP32","data":[1]}]}';
const refusal = `{"error":"This API is restricted, expecting header 'X-Key'"}`;
const forbidden = { status: 403, text: refusal };

/** Each route, with the status that it has when it is open. */
const routes: readonly (readonly [EndpointGroup, method: string, path: string, open: number])[] = [
  ["health", "GET", "/v2/health/live", 200],
  ["health", "GET", "/v2/health/ready", 200],
  ["health", "GET", "/v2/models/echo/ready", 200],
  ["health", "GET", "/v2/models/echo/versions/1/ready", 200],
  ["metadata", "GET", "/v2", 200],
  ["metadata", "GET", "/", 200],
  ["metadata", "GET", "/v2/models/echo", 200],
  ["metadata", "GET", "/v2/models/nobody", 404],
  ["model-config", "GET", "/v2/models/echo/config", 200],
  ["statistics", "GET", "/v2/models/stats", 200],
  ["statistics", "GET", "/v2/models/echo/stats", 200],
  ["inference", "POST", "/v2/models/echo/infer", 200],
  ["inference", "POST", "/v2/models/generates/infer", 501],
  ["inference", "POST", "/v2/models/echo/generate", 400],
  ["inference", "POST", "/v2/models/generates/generate_stream", 400],
  ["model-repository", "POST", "/v2/repository/index", 200],
  ["model-repository", "POST", "/v2/repository/any/index", 200],
  ["model-repository", "POST", "/v2/repository/models/echo/load", 503],
  ["model-repository", "POST", "/v2/repository/models/echo/unload", 503],
  ["model-repository", "POST", "/v2/repository/any/models/echo/load", 501],
];

const groups = [...new Set(routes.map(([group]) => group))];

async function answerTo(port: number, method: string, path: string, headers = {}) {
  const given = method === "POST" && path.endsWith("infer") ? { body } : {};
  const sent = method === "POST" ? { body: "{}", ...given } : {};
  const { status, text } = await ask(port, method, path, { headers, ...sent });
  return { status, text };
}

for (const closed of groups) {
  test(`${closed}: closed to whoever does not send the header, as all others are not`, async () => {
    const httpRestrictedApi = `${closed}:X-Key=open=sesame`;
    await using started = await startServer([echo, generates], { httpRestrictedApi });
    for (const [group, method, path, open] of routes) {
      if (group === closed) {
        check.deepEqual(await answerTo(started.port, method, path), forbidden, path);
        const wrong = { "X-Key": "open" };
        check.deepEqual(await answerTo(started.port, method, path, wrong), forbidden, path);
      }
      const headers = group === closed ? { "x-kEY": "open=sesame" } : {};
      const { status, text } = await answerTo(started.port, method, path, headers);
      check.equal(status, open, `${path}: ${text}`);
    }
  });
}

const all: ServerOptions = { httpRestrictedApi: `${groups.join()}:X-Key=sesame` };

test("it comes before the method, the version, the model and the body", async () => {
  await using started = await startServer(echo, all);
  for (const [method, path, sent] of [
    ["DELETE", "/v2/models/echo/infer", {}],
    ["POST", "/v2/models/echo/versions/99999999999999999999/infer", {}],
    ["POST", "/v2/models/nobody/infer", { body: "{" }],
    ["POST", "/v2/models/echo/infer", { body, headers: { "Content-Encoding": "zip" } }],
    ["PUT", "/v2/health/live", {}],
  ] as const) {
    const { status, text, headers } = await ask(started.port, method, path, sent);
    check.deepEqual({ status, text }, forbidden, path);
    check.equal(headers.get("content-type"), "application/json");
    check.equal(headers.get("retry-after"), undefined);
  }
  const { status } = await ask(started.port, "GET", "/v2/nothing");
  check.equal(status, 404, "an unknown path belongs to nobody");
});

test("the connection goes on, whatever came with what was refused", async () => {
  await using started = await startServer(echo, all);
  const client = await RawClient.connect(started.port);
  const path = "/v2/models/echo/infer";
  client.send(
    requestBytes("POST", path, { body: "x".repeat(100_000) }),
    requestBytes("POST", path, { body, headers: { "X-Key": "sesame" } }),
    requestBytes("GET", "/v2"),
  );
  const statuses: number[] = [];
  for (let count = 0; count < 3; count += 1) statuses.push((await client.answer()).status);
  check.deepEqual(statuses, [403, 200, 403]);
  client.leave();
});

test("of a header that comes twice the first counts", async () => {
  await using started = await startServer(echo, all);
  const client = await RawClient.connect(started.port);
  const head = (first: string, second: string): string =>
    `GET /v2 HTTP/1.1\r\nHost: a\r\nX-Key: ${first}\r\nx-key: ${second}\r\n\r\n`;
  client.send(head("sesame", "no"), head("no", "sesame"));
  check.equal((await client.answer()).status, 200);
  check.equal((await client.answer()).status, 403);
  client.leave();
});

test("several restrictions, each behind its own header; and security beside them", async () => {
  await using started = await startServer(echo, {
    httpRestrictedApi: ["health:k1=v1", "metadata,statistics:k2=v2"],
    security: { groups: ["model-config", "model-repository"], token: "sesame" },
  });
  const statusOf = async (path: string, headers: Record<string, string>): Promise<string> => {
    const method = path.includes("repository") ? "POST" : "GET";
    const { status, text } = await answerTo(started.port, method, path, headers);
    return status === 403 ? (/header '(.*)'/.exec(text)?.[1] ?? "") : String(status);
  };
  for (const [path, header, right] of [
    ["/v2/health/live", "k1", { k1: "v1" }],
    ["/v2", "k2", { k2: "v2" }],
    ["/v2/models/echo/stats", "k2", { k2: "v2" }],
    ["/v2/models/echo/config", "triton-access-token", { "triton-access-token": "sesame" }],
    ["/v2/repository/index", "triton-access-token", { authorization: "Bearer sesame" }],
  ] as const) {
    check.equal(await statusOf(path, {}), header);
    check.equal(await statusOf(path, { k1: "v2", k2: "v1", authorization: "sesame" }), header);
    check.equal(await statusOf(path, right), "200", path);
  }
});

test("the handler in a server of one's own is restricted, calls in process are not", async () => {
  await using server = createServer(echo, { ...quietLoopback, allowHttp: false, ...all });
  await server.ready;
  await using mounted = await mount(server);
  check.deepEqual(await answerTo(mounted.port, "GET", "/v2"), forbidden);
  check.equal((await answerTo(mounted.port, "GET", "/v2", { "X-Key": "sesame" })).status, 200);
  const { outputs } = await server.infer({ model: echo, inputs: { X: [[5]] } });
  check.deepEqual(outputs.X.toNested(), [[5]]);
});

test("pages of other origins may ask first, and may send the header", async () => {
  const security = { groups: ["inference"], header: "X-Key", token: "sesame" } as const;
  await using started = await startServer(echo, { security, cors: "*" });
  const origin = { Origin: "https://page.example" };
  const path = "/v2/models/echo/infer";
  const { status, headers } = await ask(started.port, "OPTIONS", path, { headers: origin });
  check.equal(status, 204);
  check.match(headers.get("access-control-allow-headers") ?? "", /, x-key, authorization$/);
  const refused = await ask(started.port, "POST", path, { headers: origin, body });
  check.equal(refused.status, 403);
  check.equal(refused.headers.get("access-control-allow-origin"), "*");
});

test("a token is no parameter, whatever is forwarded", async () => {
  const seen: unknown[] = [];
  const tells = model("tells", {
    inputs: { X: fp32(1) },
    outputs: { X: fp32(1) },
    infer: ({ X }, { requests }) => {
      seen.push(requests[0]?.parameters, requests[0]?.headers);
      return { X };
    },
  });
  const security = { groups: ["inference"], header: "x.key", token: "sesame" } as const;
  await using started = await startServer(tells, { security, httpHeaderForwardPattern: "k|^auth" });
  const headers = { "X.Key": "sesame", authorization: "Bearer sesame", xxkey: "1", kind: "2" };
  const { status } = await post(`${started.url}/v2/models/tells/infer`, body, headers);
  check.equal(status, 200);
  check.deepEqual(Object.keys(Object(seen[0])).sort(), ["kind", "xxkey"]);
  check.doesNotMatch(JSON.stringify(seen), /sesame/);
});

test("the start page has only what its reader may ask for, and no token", async () => {
  const closed = ["model-repository", "inference", "statistics", "health"] as const;
  const security = { groups: closed, token: "sesame" };
  await using started = await startServer(echo, { security });
  const { text, status } = await ask(started.port, "GET", "/");
  check.equal(status, 200);
  check.match(text, /The list of models is closed/);
  check.doesNotMatch(text, /echo|ready|sesame|stats/);
  const headers = { "triton-access-token": "sesame" };
  const whole = await ask(started.port, "GET", "/", { headers });
  check.match(whole.text, /1 model, ready/);
  check.match(whole.text, /infer' -H &quot;triton-access-token: \$TOKEN&quot; -d '/);
  check.match(whole.text, /\/v2\/models\/echo\/stats/);
  check.doesNotMatch(whole.text, /sesame/);
});
