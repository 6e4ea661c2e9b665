/** What the client sends again, and what it does not: requests are counted by the server. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { ClientError, createClient } from "shoal/client";
import { fails, ways } from "./failures.ts";
import { type Answering, answerOf, goodJson, inferPath, startRaw } from "./raw-server.ts";

const x = new Float32Array(2);

function refusing(times: number, refusal: Buffer): Answering {
  return (socket, { count }) => {
    socket.write(count <= times ? refusal : answerOf(200, goodJson));
  };
}

for (const [way, connect] of Object.entries(ways)) {
  test(`over ${way}: what was turned away is sent again`, async () => {
    for (const status of [503, 429]) {
      const refusal = answerOf(status, '{"error":"full"}', "Retry-After: 0");
      await using server = await startRaw(refusing(2, refusal));
      using client = connect(server.url);
      const { y } = await client.model("m").infer({ x });
      check.deepEqual(y?.toNested(), [1, 2]);
      check.equal(server.counts.get(inferPath), 3);
    }
  });

  test(`over ${way}: but only so often`, async () => {
    const refusal = answerOf(503, '{"error":"full"}');
    await using server = await startRaw(refusing(9, refusal));
    using client = connect(server.url, { maxRetries: 1 });
    const expected = {
      kind: "refused",
      code: "UNAVAILABLE",
      status: 503,
      isRetrySafe: true,
    } as const;
    await fails(client.model("m").infer({ x }), { ...expected, says: /^full$/ });
    check.equal(server.counts.get(inferPath), 2);
    await fails(client.model("m").infer({ x }, { maxRetries: 0 }), expected);
    check.equal(server.counts.get(inferPath), 3);
  });

  test(`over ${way}: and within the time for all of it`, async () => {
    const refusal = answerOf(503, '{"error":"full"}', "Retry-After: 100000000");
    await using server = await startRaw(refusing(9, refusal));
    using client = connect(server.url, { totalTimeoutMs: 500 });
    await fails(client.model("m").infer({ x }), { kind: "timeout", says: /totalTimeoutMs/ });
    check.equal(server.counts.get(inferPath), 1);
  });

  test(`over ${way}: what may have run is not sent again`, async () => {
    for (const status of [400, 404, 408, 500, 501, 502, 504]) {
      const failure = answerOf(status, '{"error":"no"}');
      await using server = await startRaw(refusing(9, failure));
      using client = connect(server.url, { maxRetries: 5 });
      await fails(client.model("m").infer({ x }), { kind: "server", status, says: /^no$/ });
      check.equal(server.counts.get(inferPath), 1, `${status}`);
    }
  });
}

test("where nobody listens there is no way, and it may be tried again", async () => {
  const { url } = await startRaw(() => {}).then(async (server) => {
    await server[Symbol.asyncDispose]();
    return server;
  });
  using client = createClient(url, { maxRetries: 1 });
  const expected = { kind: "connection", code: "UNAVAILABLE", isRetrySafe: true } as const;
  await fails(client.isLive(), { ...expected, says: /cannot reach http.*ECONNREFUSED/ });
  await fails(client.model("m").infer({ x }), expected);
  const waiting = client.waitReady({ totalTimeoutMs: 300 });
  await fails(waiting, { kind: "timeout", says: /totalTimeoutMs/ });
});

test("waitReady() asks until a server is there, and ready", async () => {
  await using server = await startRaw(() => {});
  using client = createClient(server.url);
  // There is no such path: it is not ready.
  const leaving = new AbortController();
  const waiting = client.waitReady({ signal: leaving.signal });
  const failing = fails(waiting, { kind: "cancelled", code: "CANCELLED" });
  while ((server.counts.get("/v2/health/ready") ?? 0) < 2) await client.isLive();
  leaving.abort();
  await failing;
});

test("a token is asked for before each try, and may fail", async () => {
  const heads: string[] = [];
  await using server = await startRaw((socket, { head, count }) => {
    heads.push(/authorization: (.*)\r/.exec(head)?.[1] ?? "none");
    socket.write(count === 1 ? answerOf(503, '{"error":"full"}') : answerOf(200, goodJson));
  });
  let tokens = 0;
  using client = createClient(server.url, {
    token: () => {
      tokens += 1;
      return `t${tokens}`;
    },
  });
  await client.model("m").infer({ x });
  const [first, second] = heads.map((head) => Number(/^bearer t(\d)$/.exec(head)?.[1]));
  check.ok(first !== undefined && second === first + 1, heads.join());
  using failing = createClient(server.url, { token: () => Promise.reject(new Error("no key")) });
  await check.rejects(failing.isLive(), { message: "no key" });
  check.equal(new ClientError("refused", "full").isRetrySafe, true);
});

test("a mistake is no reason to ask again about a model that has just been asked about", async () => {
  await using server = await startRaw((socket) => socket.write(answerOf(200, goodJson)));
  using client = createClient(server.url);
  const m = client.model("m");
  const wrong = { kind: "invalid" } as const;
  await Promise.all([fails(client.model("m").infer({ x: "a" }), wrong), m.infer({ x })]);
  check.equal(server.counts.get("/v2/models/m"), 1, "whichever client of the model asks");
  // Later it may have been loaded anew.
  await fails(m.infer({ x: "a" }), wrong);
  check.equal(server.counts.get("/v2/models/m"), 2);
  await m.infer({ x });
  check.equal(server.counts.get("/v2/models/m"), 2);
});
