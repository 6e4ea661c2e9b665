/**
 * The client's bad days: servers and proxies that break off, lie, say nothing or too much. Each ends
 * with the right error, in time, and leaves no connection behind. A rejection that nobody handles
 * fails the test in which it comes.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { deflateSync, gzipSync } from "node:zlib";
import type { ClientOptions } from "shoal/client";
import { type Expected, fails, ways } from "./failures.ts";
import { type Answering, answerOf, goodJson, inferPath, startRaw } from "./raw-server.ts";

interface BadDay extends Expected {
  readonly answer: Answering;
  readonly options?: ClientOptions;
}

const x = new Float32Array(2);

/** Written, and then nothing more. */
function says(...parts: readonly (string | Uint8Array)[]): Answering {
  return (socket) => {
    for (const part of parts) socket.write(part);
  };
}

/** Written, and then the connection is closed. */
function saysAndLeaves(...parts: readonly (string | Uint8Array)[]): Answering {
  return (socket) => {
    for (const part of parts) socket.write(part);
    socket.end(() => socket.destroy());
  };
}

/** With the header that says how long the JSON before the tensors is. */
function binary(jsonBytes: number | string, body: string): Buffer {
  return answerOf(
    200,
    Buffer.from(body, "latin1"),
    `Inference-Header-Content-Length: ${jsonBytes}`,
  );
}

function outputJson(fields: string): string {
  return `{"model_name":"m","outputs":[{"name":"y","datatype":"FP32",${fields}}]}`;
}

const binaryJson = outputJson('"shape":[2],"parameters":{"binary_data_size":8}');
const html = "<html><h1>Bad Gateway</h1></html>";
const htmlType = "Content-Type: text/html";
const chunkedHead = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const gzipHead = "Content-Encoding: gzip";
const broken = { kind: "connection", code: "UNAVAILABLE" } as const;
const wrong = { kind: "answer", code: "INTERNAL" } as const;
const small = { maxResponseBytes: 1000 };
const tooLong = { ...wrong, says: /longer than 1000 bytes \(option 'maxResponseBytes'\)/ };
const late = { kind: "timeout", code: "DEADLINE_EXCEEDED" } as const;
const quick = { requestTimeoutMs: 100 };

const badDays: Readonly<Record<string, BadDay>> = {
  "closed without a byte": { answer: (socket) => socket.destroy(), ...broken },
  "reset without a byte": { answer: (socket) => socket.resetAndDestroy(), ...broken },
  "half-closed without a byte": { answer: (socket) => socket.end(), ...broken },
  "closed within the head": { answer: saysAndLeaves("HTTP/1.1 200 O"), ...broken },
  "closed within a body of known length": {
    answer: saysAndLeaves(answerOf(200, goodJson).subarray(0, -5)),
    ...broken,
    says: /connection broke/,
  },
  "closed within a chunk": {
    answer: saysAndLeaves(chunkedHead, `${goodJson.length.toString(16)}\r\n{"model`),
    ...broken,
  },
  "closed without the last chunk": {
    answer: saysAndLeaves(chunkedHead, `${goodJson.length.toString(16)}\r\n${goodJson}\r\n`),
    ...broken,
  },
  "reset within the body": {
    answer: (socket) => {
      socket.write(answerOf(200, goodJson).subarray(0, -5), () => socket.resetAndDestroy());
    },
    ...broken,
  },
  "another protocol": {
    answer: saysAndLeaves("SSH-2.0-OpenSSH_9.6\r\n"),
    ...wrong,
    kindByFetch: /connection/,
    says: /no HTTP/,
  },
  "a negative Content-Length": {
    answer: saysAndLeaves(`HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n${goodJson}`),
    ...wrong,
    kindByFetch: /connection/,
  },
  "two lengths that differ": {
    answer: saysAndLeaves(`HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\n{}`),
    ...wrong,
    kindByFetch: /connection/,
  },
  "tensors cut off": {
    answer: says(binary(binaryJson.length, `${binaryJson}1234`)),
    ...wrong,
    says: /output 'y': the answer is cut off: 4 bytes of 8 came/,
  },
  "tensors with too many bytes": {
    answer: says(binary(binaryJson.length, `${binaryJson}123456789`)),
    ...wrong,
    says: /1 bytes that belong to no output/,
  },
  "tensors of another size than their shape": {
    answer: says(binary(binaryJson.length - 3 + 3, `${binaryJson.replace("[2]", "[3]")}12345678`)),
    ...wrong,
    says: /output 'y': 8 bytes are no FP32 of shape \[3\]/,
  },
  "a size beyond all": {
    answer: says(answerOf(200, outputJson('"shape":[2],"parameters":{"binary_data_size":1e300}'))),
    ...wrong,
    says: /cut off/,
  },
  "a header longer than the body": {
    answer: says(binary(5000, binaryJson)),
    ...wrong,
    says: new RegExp(`cut off: ${binaryJson.length} bytes of 5000 came`),
  },
  "JSON that is cut off": { answer: says(answerOf(200, goodJson.slice(0, -3))), ...wrong },
  "an empty body": { answer: says(answerOf(200, "")), ...wrong },
  "no outputs of this protocol": { answer: says(answerOf(200, '{"outputs":5}')), ...wrong },
  "a page of a proxy, 502": {
    answer: says(answerOf(502, html, htmlType)),
    kind: "answer",
    code: "UNAVAILABLE",
    status: 502,
    says: /no answer of an inference server: 502, text\/html/,
  },
  "a page of a proxy, 200": {
    answer: says(answerOf(200, html, htmlType)),
    ...wrong,
    says: /<html>/,
  },
  "a page of a proxy that is too long": {
    answer: says(answerOf(502, "x".repeat(2000), htmlType)),
    options: small,
    ...tooLong,
  },
  "no head at all": { answer: says(), options: quick, ...late, says: /requestTimeoutMs/ },
  "half a head": { answer: says("HTTP/1.1 200 OK\r\nA: b"), options: quick, ...late },
  "half a body": { answer: says(answerOf(200, goodJson).subarray(0, -9)), options: quick, ...late },
  "no time for all of it": {
    answer: says(),
    options: { totalTimeoutMs: 100 },
    ...late,
    says: /totalTimeoutMs/,
  },
  "too long by its length": {
    answer: says(answerOf(200, "x".repeat(2000))),
    options: small,
    ...tooLong,
  },
  "too long, and without end": {
    answer: (socket) => {
      socket.write(chunkedHead);
      const more = (): void => {
        if (socket.writable)
          socket.write(`400\r\n${"x".repeat(1024)}\r\n`, () => setImmediate(more));
      };
      more();
    },
    options: small,
    ...tooLong,
  },
  "a bomb": {
    answer: says(answerOf(200, gzipSync(Buffer.alloc(5_000_000)), gzipHead)),
    options: { maxResponseBytes: 10_000 },
    ...wrong,
    says: /longer than 10000 bytes/,
  },
  "what does not decompress": {
    answer: says(answerOf(200, "this is no gzip", gzipHead)),
    ...wrong,
    kindByFetch: /connection/,
    says: /does not decompress/,
  },
  "what does not decompress to its end": {
    answer: says(answerOf(200, gzipSync(goodJson).subarray(0, -12), gzipHead)),
    ...wrong,
    kindByFetch: /answer|connection/,
  },
  "deflate that is none, and more of it to come": {
    answer: says(
      "HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 9999\r\n\r\n",
      "none of it",
    ),
    ...wrong,
    kindByFetch: /connection/,
  },
  "compressed, and cut off": {
    answer: saysAndLeaves(
      answerOf(200, deflateSync(goodJson), "Content-Encoding: deflate").subarray(0, -9),
    ),
    ...broken,
  },
};

for (const length of ["-5", "1e3", "99999999999999999999", "0x10", "5, 5", "NaN"]) {
  Object.assign(badDays, {
    [`a header of ${length} bytes`]: {
      answer: says(binary(length, binaryJson)),
      ...wrong,
      says: /inference-header-content-length is /,
    },
  });
}

for (const status of [301, 302, 307, 308]) {
  Object.assign(badDays, {
    [`a redirect, ${status}`]: {
      answer: says(answerOf(status, "", "Location: https://elsewhere.example/")),
      kind: "answer",
      status,
      says: /go to https:\/\/elsewhere.example/,
    },
  });
}

for (const [way, connect] of Object.entries(ways)) {
  for (const [name, { answer, options, ...expected }] of Object.entries(badDays)) {
    test(`over ${way}: ${name}`, async () => {
      await using server = await startRaw(answer);
      // Nothing of this may be tried again.
      const client = connect(server.url, { maxRetries: 3, ...options });
      await fails(client.model("m").infer({ x }), expected, way);
      check.equal(server.counts.get(inferPath), 1);
      // Its connection is closed, or used again: none is left behind.
      check.equal(await client.isLive({ requestTimeoutMs: 60_000, totalTimeoutMs: 60_000 }), true);
      // By fetch a moment later, when the next has one of its own.
      await server.untilOpen(way === "fetch" ? 2 : 1);
      client.close();
      if (way !== "fetch") await server.untilOpen(0);
    });
  }
}
