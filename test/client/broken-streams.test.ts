/** Streams over HTTP that break off, lie or do not end: what came before is kept, then the error. */
import { strict as check } from "node:assert";
import { getEventListeners } from "node:events";
import { test } from "node:test";
import { ClientError, type ClientOptions } from "shoal/client";
import { ways } from "./failures.ts";
import { type Answering, answerOf, goodJson, inferPath, startRaw } from "./raw-server.ts";

const x = new Float32Array(2);
const sse =
  "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const lines = sse.replace("text/event-stream", "application/x-ndjson");
const last = "0\r\n\r\n";

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

const event = chunk(`data: ${goodJson}\n\n`);

interface BrokenStream {
  readonly parts: readonly string[];
  /** Otherwise the connection stays open. */
  readonly isLeft?: boolean;
  readonly options?: ClientOptions;
  /** Responses before it ends. */
  readonly count: number;
  /** Kind and message; undefined: it ends well. */
  readonly error?: readonly [ClientError["kind"], RegExp];
}

const cases: Readonly<Record<string, BrokenStream>> = {
  "two events": { parts: [sse, event, event, last], count: 2 },
  "two lines": { parts: [lines, chunk(`${goodJson}\n`), chunk(`${goodJson}\n`), last], count: 2 },
  "one answer": {
    parts: [answerOf(200, goodJson, "Content-Type: application/json").toString()],
    count: 1,
  },
  nothing: { parts: [sse, last], count: 0 },
  "cut off between events": {
    parts: [sse, event],
    isLeft: true,
    count: 1,
    error: ["connection", /connection broke/],
  },
  "cut off within a chunk": {
    parts: [sse, event, event.slice(0, -20)],
    isLeft: true,
    count: 1,
    error: ["connection", /broke/],
  },
  "ended within an event": {
    parts: [sse, event, chunk("data: {"), last],
    count: 1,
    error: ["answer", /cut off within an event/],
  },
  "an error in place of a response": {
    parts: [sse, event, chunk('data: {"error":"out of memory"}\n\n'), event, last],
    count: 1,
    error: ["server", /^out of memory$/],
  },
  "an error in a line": {
    parts: [lines, chunk('{"error":"out of memory"}\n'), last],
    count: 0,
    error: ["server", /^out of memory$/],
  },
  "no JSON": { parts: [sse, chunk("data: hello\n\n")], count: 0, error: ["answer", /no JSON/] },
  "a wrong tensor": {
    parts: [sse, event, chunk(`data: ${goodJson.replace("[1,2]", "[1]")}\n\n`)],
    count: 1,
    error: ["answer", /output 'y'/],
  },
  "tensors in binary, which a text cannot have": {
    parts: [
      sse,
      chunk(`data: ${goodJson.replace('"data":[1,2]', '"parameters":{"binary_data_size":8}')}\n\n`),
    ],
    count: 0,
    error: ["answer", /cut off/],
  },
  "an event without end": {
    parts: [sse, event, chunk(`data: ${"x".repeat(2000)}`)],
    options: { maxResponseBytes: 1000 },
    count: 1,
    error: ["answer", /longer than 1000 bytes/],
  },
  "a page of a proxy": {
    parts: [answerOf(200, "<html>", "Content-Type: text/html").toString()],
    count: 0,
    error: ["answer", /no answer of an inference server: 200, text\/html/],
  },
  "a page of a proxy, 502": {
    parts: [answerOf(502, "<html>", "Content-Type: text/html").toString()],
    count: 0,
    error: ["answer", /no answer of an inference server: 502/],
  },
  "a refusal": {
    parts: [answerOf(501, '{"error":"decoupled"}').toString()],
    count: 0,
    error: ["server", /^decoupled$/],
  },
  "no response at all": {
    parts: [sse],
    options: { requestTimeoutMs: 200 },
    count: 0,
    error: ["timeout", /requestTimeoutMs/],
  },
  "no next response": {
    parts: [sse, event],
    options: { totalTimeoutMs: 1000 },
    count: 1,
    error: ["timeout", /totalTimeoutMs/],
  },
};

function answering({ parts, isLeft }: BrokenStream): Answering {
  return (socket) => {
    for (const part of parts) socket.write(part);
    if (isLeft === true) socket.end();
  };
}

for (const [way, connect] of Object.entries(ways)) {
  for (const [name, broken] of Object.entries(cases)) {
    test(`over ${way}: ${name}`, async () => {
      await using server = await startRaw(answering(broken));
      const client = connect(server.url, broken.options);
      const seen: unknown[] = [];
      const error = await (async () => {
        for await (const { y } of client.model("m").stream({ x }, { id: "s" })) {
          seen.push(y?.toNested());
        }
      })().catch((reason: unknown) => reason);
      check.deepEqual(seen, Array(broken.count).fill([1, 2]), String(error));
      if (broken.error === undefined) check.equal(error, undefined);
      else {
        check.ok(error instanceof ClientError, String(error));
        const [kind, said] = broken.error;
        check.deepEqual([error.kind, error.requestId], [kind, "s"], error.message);
        check.match(error.message, said);
      }
      check.equal(server.counts.get(inferPath), 1);
      await server.untilOpen(way === "fetch" ? 2 : 1);
      client.close();
      if (way !== "fetch") await server.untilOpen(0);
    });
  }

  test(`over ${way}: whoever stops reading closes the connection`, async () => {
    await using server = await startRaw((socket) => {
      socket.write(sse);
      const more = (): void => {
        if (socket.writable) socket.write(event, () => setImmediate(more));
      };
      more();
    });
    using client = connect(server.url);
    let count = 0;
    for await (const _ of client.model("m").stream({ x })) {
      count += 1;
      if (count === 3) break;
    }
    await server.untilOpen(0);
  });

  test(`over ${way}: whoever leaves while he waits does not wait`, async () => {
    await using server = await startRaw((socket) => {
      socket.write(sse);
      socket.write(event);
    });
    using client = connect(server.url);
    const caller = new AbortController();
    const { signal } = caller;
    const responses = client.model("m").stream({ x }, { signal });
    check.equal((await responses.next()).done, false);
    const next = responses.next();
    check.deepEqual(await responses.return(), { done: true, value: undefined });
    check.deepEqual(await next, { done: true, value: undefined });
    await server.untilOpen(way === "fetch" ? 1 : 0);
    check.deepEqual(getEventListeners(signal, "abort"), []);
    // Before it has begun, or was asked for.
    await client.model("m").stream({ x }).return();
    const early = client.model("n").stream({ x });
    const first = early.next();
    await early.return();
    check.equal((await first).done, true);
    check.equal(server.counts.get(inferPath), 1);
  });
}
