/**
 * Callers who leave while the client connects, sends, waits or reads, by a signal or by close(); and
 * servers that let nobody in, or leave between two calls.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { type AddressInfo, connect as connectRaw, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { Worker } from "node:worker_threads";
import { type Client, createClient, Tensor } from "shoal/client";
import { Program } from "../program.ts";
import { until } from "../until.ts";
import { fails, ways } from "./failures.ts";
import { startGrpc } from "./grpc-models.ts";
import { answerOf, goodJson, type RawServer, startRaw } from "./raw-server.ts";

const x = new Float32Array(2);
const cancelled = { kind: "cancelled", code: "CANCELLED" } as const;
const closed = { ...cancelled, says: /^the client was closed$/ };

/** What the server does when it is asked, and when the caller leaves. */
const moments: Readonly<Record<string, (socket: Socket) => void>> = {
  "waits for an answer": () => {},
  "reads the head": (socket) => socket.write("HTTP/1.1 200 OK\r\nContent-"),
  "reads the body": (socket) => socket.write(answerOf(200, goodJson).subarray(0, -9)),
  "reads chunks": (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n');
  },
  "reads what is compressed": (socket) => {
    socket.write(
      "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 900\r\n\r\n\x1f\x8b",
    );
  },
};

interface Started {
  readonly server: RawServer;
  /** When it has been asked, and has said its part. */
  readonly asked: Promise<void>;
  /** Those on which it was asked; `fetch` keeps others for a while. */
  readonly inUse: ReadonlySet<Socket>;
}

async function startAsked(t: TestContext, answer: (socket: Socket) => void): Promise<Started> {
  let tell = (): void => {};
  const asked = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const inUse = new Set<Socket>();
  const server = await startRaw((socket) => {
    inUse.add(socket);
    socket.on("close", () => inUse.delete(socket));
    answer(socket);
    // The caller has it as well, or will have left before.
    setImmediate(tell);
  });
  t.after(() => server[Symbol.asyncDispose]());
  return { server, asked, inUse };
}

for (const [way, connect] of Object.entries(ways)) {
  for (const [moment, answer] of Object.entries(moments)) {
    test(`over ${way}: a signal while the client ${moment}`, async (t) => {
      const { server, asked, inUse } = await startAsked(t, answer);
      using client = connect(server.url);
      const leaving = new AbortController();
      const { signal } = leaving;
      const failing = fails(client.model("m").infer({ x }, { signal }), cancelled);
      await asked;
      leaving.abort();
      await failing;
      await until(() => inUse.size === 0);
      if (way !== "fetch") await server.untilOpen(0);
    });

    test(`over ${way}: close() while the client ${moment}`, async (t) => {
      const { server, asked, inUse } = await startAsked(t, answer);
      const client = connect(server.url);
      const model = client.model("m");
      const failing = Promise.all([
        fails(model.infer({ x }), closed),
        fails(model.infer({ x }), closed),
        fails(model.stream({ x }).next(), closed),
      ]);
      await asked;
      client.close();
      await failing;
      await until(() => inUse.size === 0);
      if (way !== "fetch") await server.untilOpen(0);
      await fails(client.isLive(), closed);
      client.close();
    });
  }

  test(`over ${way}: a signal while the client sends`, async () => {
    const served = await startDeaf();
    using client = connect(served.url);
    const leaving = new AbortController();
    const large = Tensor.from("UINT8", new Uint8Array(64 * 2 ** 20));
    const sending = client.model("large").infer({ x: large }, { signal: leaving.signal });
    const failing = fails(sending, cancelled);
    await served.isDeaf;
    leaving.abort();
    await failing;
    await served.close();
  });

  test(`over ${way}: a signal while the client asks about the model`, async (t) => {
    const silent = await startSilent(t);
    using client = connect(silent.url);
    const model = client.model("m");
    const leaving = new AbortController();
    const failing = fails(model.infer({ x }, { signal: leaving.signal }), cancelled);
    const late = fails(model.infer({ x }, { requestTimeoutMs: 100 }), { kind: "timeout" });
    await until(() => silent.sockets.size > 0);
    leaving.abort();
    await failing;
    await late;
  });

  test(`over ${way}: the parts of a batch fail together`, async () => {
    await using server = await startRaw((socket, { count }) => {
      if (count === 2) socket.write(answerOf(400, '{"error":"no"}'));
      else socket.write(answerOf(200, goodJson));
    });
    using client = connect(server.url);
    await client.model("m").infer({ x });
    await fails(client.model("m").infer({ x }), { kind: "server", says: /^no$/ });
  });
}

/** Takes the head of a large request, and then reads no more. */
async function startDeaf() {
  const sockets = new Set<Socket>();
  let tell = (): void => {};
  const isDeaf = new Promise<void>((resolve) => {
    tell = resolve;
  });
  const tensor = { name: "x", datatype: "UINT8", shape: [-1] };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      const head = chunk.toString("latin1");
      const said = { name: "large", inputs: [tensor], outputs: [], max_batch_size: 0 };
      if (head.startsWith("GET")) socket.write(answerOf(200, JSON.stringify(said)));
      else {
        socket.pause();
        tell();
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    // One that does not read hears of nothing.
    for (const socket of sockets) socket.resume();
    await until(() => ![...sockets].some((socket) => socket.bytesRead > 100_000));
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, isDeaf, close };
}

/** Takes connections, and says nothing. */
async function startSilent(t: TestContext) {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    socket.resume();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, secureUrl: `https://127.0.0.1:${port}`, sockets };
}

const noConnection = {
  kind: "timeout",
  code: "DEADLINE_EXCEEDED",
  says: /no connection within 100 ms \(option 'connectTimeoutMs'\)/,
  isRetrySafe: true,
} as const;

test("a handshake that never ends is no connection", async (t) => {
  const silent = await startSilent(t);
  using client = createClient(silent.secureUrl, { connectTimeoutMs: 100, maxRetries: 1 });
  await fails(client.isLive(), noConnection);
  await until(() => silent.sockets.size === 0);
  // A server may still come.
  await fails(client.waitReady({ totalTimeoutMs: 300 }), {
    kind: "timeout",
    says: /totalTimeoutMs/,
  });
});

test("a signal, and close(), while the client connects", async (t) => {
  const silent = await startSilent(t);
  const client = createClient(silent.secureUrl);
  const leaving = new AbortController();
  const failing = fails(client.isLive({ signal: leaving.signal }), cancelled);
  await until(() => silent.sockets.size === 1);
  leaving.abort();
  await failing;
  await until(() => silent.sockets.size === 0);
  const closing = fails(client.isLive(), closed);
  await until(() => silent.sockets.size === 1);
  client.close();
  await closing;
  await until(() => silent.sockets.size === 0);
});

/** Listens, and accepts nobody: its thread stands still, and so many connections wait for it. */
const deafListener = `
  const { createServer } = require("node:net");
  const { parentPort } = require("node:worker_threads");
  const server = createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
    parentPort.postMessage(server.address().port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
`;

// Elsewhere a full queue of connections answers at once.
if (process.platform === "linux") {
  test("a server that accepts nobody is no connection", async (t) => {
    const worker = new Worker(deafListener, { eval: true });
    const [port] = (await once(worker, "message")) as [number];
    const waiting = Array.from({ length: 4 }, () => connectRaw(port, "127.0.0.1"));
    t.after(async () => {
      for (const socket of waiting) socket.destroy();
      await worker.terminate();
    });
    for (const socket of waiting) socket.on("error", () => {});
    await Promise.all(waiting.slice(0, 2).map((socket) => once(socket, "connect")));
    using client = createClient(`http://127.0.0.1:${port}`, {
      connectTimeoutMs: 100,
      maxRetries: 0,
    });
    await fails(client.isLive(), noConnection);
    const leaving = new AbortController();
    const failing = fails(client.isLive({ signal: leaving.signal }), cancelled);
    leaving.abort();
    await failing;
  });
}

async function inferTwice(client: Client, server: RawServer): Promise<void> {
  await client.model("m").infer({ x });
  await server.untilOpen(0);
  const { y } = await client.model("m").infer({ x });
  check.deepEqual(y?.toNested(), [1, 2]);
}

for (const how of ["Connection: close", "X-Half: closed"]) {
  test(`a server that closes behind its answer (${how}) is connected to anew`, async () => {
    await using server = await startRaw((socket) => {
      socket.end(answerOf(200, goodJson, how));
    });
    using client = createClient(server.url);
    await inferTwice(client, server);
  });
}

test("an answer that comes before all has been sent is the answer", async () => {
  const early = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.write(answerOf(413, '{"error":"too large"}')));
    socket.resume();
  }).listen(0, "127.0.0.1");
  await once(early, "listening");
  const { port } = early.address() as AddressInfo;
  using client = createClient(`http://127.0.0.1:${port}`);
  const files = { "1/model.onnx": new Uint8Array(2 ** 20) };
  const expected = { kind: "server", code: "RESOURCE_EXHAUSTED", status: 413 } as const;
  await fails(client.load("m", { config: {}, files }), expected);
  client.close();
  early.close();
  await once(early, "close");
});

/** All it does: it says nothing of its end. */
const idleProgram = `
  import { createClient } from "shoal/client/grpc";
  const [url, isClosed] = process.argv.slice(1);
  const client = createClient(url);
  const model = client.model("every");
  await model.metadata();
  const leaving = new AbortController();
  const { signal } = leaving;
  const failing = model.infer({}, { signal }).catch(() => {});
  leaving.abort();
  await failing;
  const responses = client.model("count").stream({ N: [3] });
  await responses.next();
  await responses.return();
  if (isClosed === "closed") client.close();
`;

test("a program ends by itself when its client is closed, or idle", async () => {
  await using on = await startGrpc();
  const ends = [on.started.url, on.url].flatMap((url) => {
    return ["closed", "idle"].map(async (state) => {
      const args = ["--input-type=module", "--eval", idleProgram, url, state];
      const program = new Program(args, { keepsPorts: true });
      const { code } = await program.ended();
      check.deepEqual([code, program.stderr], [0, ""], `${url} ${state}`);
    });
  });
  await Promise.all(ends);
});
