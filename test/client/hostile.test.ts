/**
 * Servers that mean no good, and callers who give names and headers that cannot be sent: nothing
 * crashes, hangs or gets into a request where it does not belong.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { createClient, responseOf } from "shoal/client";
import { createClient as createGrpcClient } from "shoal/client/grpc";
import { until } from "../until.ts";
import { type Expected, fails, ways } from "./failures.ts";
import { startForeign } from "./foreign-grpc.ts";
import { type Answering, answerOf, goodJson, inferPath, startRaw } from "./raw-server.ts";

const x = new Float32Array(2);

function says(...parts: readonly (string | Uint8Array)[]): Answering {
  return (socket) => {
    for (const part of parts) socket.write(part);
  };
}

/** One piece after another, as long as somebody takes them. */
function endless(start: string, piece: string): Answering {
  return (socket) => {
    socket.write(start);
    const more = (): void => {
      if (socket.writable) socket.write(piece, () => setImmediate(more));
    };
    more();
  };
}

const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const size = goodJson.length.toString(16);

const good: Readonly<Record<string, Answering>> = {
  "HTTP/1.0": (socket) => socket.end(`HTTP/1.0 200 OK\r\n\r\n${goodJson}`),
  "headers behind the body": says(chunked, `${size}\r\n${goodJson}\r\n0\r\nX-A: b\r\n\r\n`),
  "an encoding in capitals": says(answerOf(200, gzipSync(goodJson), "Content-Encoding: GZIP")),
  "an encoding by its old name": says(
    answerOf(200, gzipSync(goodJson), "Content-Encoding: x-gzip"),
  ),
};

for (const name of ["constructor", "__proto__", "hasOwnProperty", "identity"]) {
  Object.assign(good, {
    [`the encoding '${name}'`]: says(answerOf(200, goodJson, `Content-Encoding: ${name}`)),
  });
}

const quick = { requestTimeoutMs: 200, maxRetries: 3 };
const manyHeaders = "X-A: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n".repeat(100);
const broken = /answer|connection/;

const bad: Readonly<Record<string, Expected & { readonly answer: Answering }>> = {
  "endless hints": {
    answer: endless("", "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"),
    kind: "timeout",
    kindByFetch: /timeout|connection/,
  },
  "endless headers": {
    answer: endless("HTTP/1.1 200 OK\r\n", manyHeaders),
    kind: "answer",
    kindByFetch: broken,
  },
  "endless headers behind the body": {
    answer: endless(`${chunked}0\r\n`, manyHeaders),
    kind: "connection",
    kindByFetch: broken,
  },
  "an endless chunk's head": {
    answer: endless(`${chunked}5;`, "x".repeat(5000)),
    kind: "connection",
    kindByFetch: /timeout|connection/,
  },
  "another protocol from now on": {
    answer: says("HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"),
    kind: "connection",
  },
  "an answer without content": {
    answer: says("HTTP/1.1 204 No Content\r\n\r\n"),
    kind: "answer",
    status: 204,
  },
  "nothing new": {
    answer: says("HTTP/1.1 304 Not Modified\r\n\r\n"),
    kind: "answer",
    status: 304,
  },
  "arrays in arrays": {
    answer: says(answerOf(200, "[".repeat(1_000_000))),
    kind: "answer",
    says: /no JSON/,
  },
  "values in arrays in arrays": {
    answer: says(answerOf(200, goodJson.replace("1,2", `${"[".repeat(1e5)}1${"]".repeat(1e5)},2`))),
    kind: "answer",
    says: /output 'y'/,
  },
  "a text without end": {
    answer: says(answerOf(200, `1234567890123456"${'\\"'.repeat(1_000_000)}`)),
    kind: "answer",
    says: /no JSON/,
  },
};

for (const [way, connect] of Object.entries(ways)) {
  for (const [name, answer] of Object.entries(good)) {
    test(`over ${way}: ${name}`, async () => {
      await using server = await startRaw(answer);
      using client = connect(server.url);
      const { y } = await client.model("m").infer({ x });
      check.deepEqual(y?.toNested(), [1, 2]);
    });
  }

  for (const [name, { answer, ...expected }] of Object.entries(bad)) {
    test(`over ${way}: ${name}`, async () => {
      await using server = await startRaw(answer);
      using client = connect(server.url, quick);
      await fails(client.model("m").infer({ x }, { totalTimeoutMs: 60_000 }), expected, way);
      check.equal(server.counts.get(inferPath), 1);
    });
  }

  test(`over ${way}: times by names that objects have`, async () => {
    const header =
      "constructor;dur=1, __proto__;dur=2, my-queue;dur=3, queue ; dur=4.5, encode;dur=6";
    await using server = await startRaw(says(answerOf(200, goodJson, `Server-Timing: ${header}`)));
    using client = connect(server.url);
    const { timing } = responseOfThis(await client.model("m").infer({ x }), way);
    check.deepEqual(timing, { queueMs: 4.5, outputMs: 6 });
  });

  test(`over ${way}: a name that no path can hold`, async () => {
    await using server = await startRaw(says(answerOf(200, goodJson)));
    using client = connect(server.url);
    const invalid = { kind: "invalid", says: /^invalid name '/ } as const;
    for (const name of ["", ".", "..", "\ud800", "a\udfff"]) {
      await fails(client.model(name).infer({ x }), invalid);
      await fails(client.model(name).metadata(), invalid);
      await fails(client.load(name), invalid);
    }
    for (const name of ["a/b", "../m", "a\r\nb: c", "?", "$&"]) {
      await fails(client.model(name).metadata(), { kind: "server", status: 404 });
      check.ok(server.counts.has(`/v2/models/${encodeURIComponent(name)}`), name);
    }
  });

  test(`over ${way}: a header is there once, however it is written`, async () => {
    const heads: string[] = [];
    await using server = await startRaw((socket, { head }) => {
      heads.push(head);
      socket.write(answerOf(200, goodJson));
    });
    const headers = { "Content-Type": "text/plain", Authorization: "a", "X-A": "1" };
    using client = connect(server.url, { headers, token: "b" });
    await client.model("m").infer({ x }, { headers: { "x-a": "2" } });
    const sent = heads[0]?.match(/^(content-type|authorization|x-a): .*(?=\r)/gm)?.sort();
    check.deepEqual(sent, [
      "authorization: bearer b",
      "content-type: application/octet-stream",
      "x-a: 2",
    ]);
  });
}

/** Each entry point has a list of its own. */
function responseOfThis(outputs: object, way: string): ReturnType<typeof responseOf> {
  return way === "fetch" ? browsers.responseOf(outputs) : responseOf(outputs);
}

const browsers = (await import(
  new URL("../../dist/client.js", import.meta.url).href
)) as typeof import("shoal/client");

const noHeaders: readonly Readonly<Record<string, string>>[] = [
  { "x-a": "secret\r\nx-b: c" },
  { "x-a": "secret\n" },
  { "x-a": "secret\u0000" },
  { "x-a": "secret \u{1f41f}" },
  { "x a": "secret" },
  { "x:a": "secret" },
  { "": "secret" },
];

test("headers and tokens that cannot be sent are told by name, and not by value", async () => {
  await using server = await startRaw(says(answerOf(200, goodJson)));
  await using foreign = await startForeign({});
  const clients = [createClient(server.url), createGrpcClient(server.url), foreign.connect()];
  for (const client of clients) {
    const isSilent = async (call: Promise<unknown>): Promise<void> => {
      await fails(call, { kind: "invalid", says: /^option 'headers' or 'token': (?!.*secret)/ });
    };
    for (const headers of noHeaders) await isSilent(client.isLive({ headers }));
    client.close();
  }
  for (const create of [createClient, createGrpcClient]) {
    using client = create(server.url, { token: () => "secret\n" });
    await fails(client.isLive(), { kind: "invalid", says: /authorization/ });
  }
});

test("names that are no text, over gRPC", async () => {
  using client = createGrpcClient("grpc://127.0.0.1:9", { maxRetries: 0 });
  const invalid = { kind: "invalid", says: /^invalid name '/ } as const;
  await fails(client.model("\ud800").infer({ x }), invalid);
  await fails(client.model("\ud800").stream({ x }).next(), invalid);
  await fails(client.unload("\ud800"), invalid);
});

/** Closes each connection behind its first answer, when the second request comes. */
async function startForgetful() {
  const seen: string[] = [];
  const server = createServer((socket) => {
    let count = 0;
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      seen.push(chunk.toString("latin1").split(" ")[1] ?? "");
      count += 1;
      if (count > 1) socket.destroy();
      else socket.write(answerOf(200, '{"name":"s"}'));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { server, seen, url: `http://127.0.0.1:${port}` };
}

test("a kept connection that is closed as a request comes: questions are asked again", async () => {
  const { server, seen, url } = await startForgetful();
  using client = createClient(url);
  await client.metadata();
  check.deepEqual(await client.metadata(), { name: "s" });
  check.equal(seen.length, 3);
  // Whatever changes something may have done it.
  await fails(client.load("m"), { kind: "connection", isRetrySafe: false });
  check.equal(seen.length, 4);
  server.close();
});

test("calls that are given up leave nothing behind", async (t) => {
  const warnings: Error[] = [];
  const warn = (warning: Error): void => void warnings.push(warning);
  process.on("warning", warn);
  t.after(() => process.off("warning", warn));
  const sockets = new Set<Socket>();
  await using server = await startRaw((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  using client = createClient(server.url);
  const model = client.model("m");
  const leaving = new AbortController();
  const { signal } = leaving;
  const cancelled = { kind: "cancelled" } as const;
  const failing = Array.from({ length: 200 }, () =>
    fails(model.infer({ x }, { signal }), cancelled),
  );
  await until(() => sockets.size === 128);
  leaving.abort();
  await Promise.all(failing);
  await until(() => sockets.size === 0);
  await server.untilOpen(0);
  const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout");
  check.deepEqual(timers, []);
  check.deepEqual(warnings, []);
});

test("limits that are no numbers", async () => {
  const limits = ["requestTimeoutMs", "totalTimeoutMs", "maxRetries"];
  using client = createClient("http://127.0.0.1:9");
  for (const name of limits) {
    const invalid = {
      kind: "invalid",
      says: new RegExp(`'${name}' must be number; got NaN`),
    } as const;
    await fails(client.isLive({ [name]: Number.NaN }), invalid);
    check.throws(() => createClient("h", { [name]: Number.NaN }), { message: invalid.says });
  }
});
