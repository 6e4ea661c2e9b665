/** What calls of one model share, and what not: over a connection that the test plays. */
import { strict as check } from "node:assert";
import test from "node:test";
import { Calls } from "./calls.ts";
import { Client } from "./client.ts";
import { ClientError } from "./client-error.ts";
import type { Connection, Question, Sent, WireAnswer, WireRequest } from "./connection.ts";

interface Played {
  readonly ask?: (question: Question) => Promise<unknown>;
  readonly infer?: (request: WireRequest, sent: Sent) => Promise<WireAnswer>;
  readonly stream?: Connection["stream"];
}

const tensor = { name: "x", datatype: "INT8", shape: [-1, 1] };
const metadata = { name: "m", versions: ["1"], inputs: [tensor], outputs: [tensor] };

function said({ route }: Question): Promise<unknown> {
  return Promise.resolve(route.endsWith("/config") ? { max_batch_size: 2 } : metadata);
}

function start(played: Played): Client {
  const unasked = (): never => check.fail("nobody asks for it");
  const connection = { ask: said, infer: unasked, stream: unasked, close: () => {}, ...played };
  const limits = { requestTimeoutMs: 60_000, totalTimeoutMs: 60_000, maxRetries: 0 };
  return new Client({
    connection,
    calls: new Calls({ maxInFlight: 9, maxWaiting: 9, headers: () => ({}) }),
    models: new Map(),
    limitsOf: ({ signal }) => ({ ...limits, signal }),
  });
}

function failureOf(promise: Promise<unknown>): Promise<ClientError> {
  return promise.then(
    () => check.fail("it went well"),
    (error: ClientError) => error,
  );
}

test("when one part of a batch fails the others are cancelled, and their ends are heard", async () => {
  const cancelled: unknown[] = [];
  let count = 0;
  const client = start({
    infer: (_, { signal }) => {
      count += 1;
      if (count === 3) return Promise.reject(new ClientError("server", "third"));
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => {
          cancelled.push(signal.reason);
          reject(signal.reason);
        });
      });
    },
  });
  const x = Int8Array.from({ length: 8 }, (_, index) => index);
  const error = await failureOf(client.model("m").infer({ x }, { id: "i" }));
  check.deepEqual([error.message, error.requestId, count], ["third", "i", 4]);
  check.equal(cancelled.length, 3);
});

test("the caller's signal ends all parts of a batch", async () => {
  const leaving = new AbortController();
  let count = 0;
  const client = start({
    infer: (_, { signal }) => {
      count += 1;
      if (count === 4) setImmediate(() => leaving.abort());
      return new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    },
  });
  const { signal } = leaving;
  const error = await failureOf(client.model("m").infer({ x: new Int8Array(8) }, { signal }));
  check.deepEqual([error.kind, count], ["cancelled", 4]);
});

test("calls that wait for the same question have errors of their own", async () => {
  let asked = 0;
  const cause = new Error("why");
  const client = start({
    ask: () => {
      asked += 1;
      const options = { status: 503, retryAfterMs: 5, cause };
      return Promise.reject(new ClientError("refused", "full", options));
    },
  });
  const calls = ["a", "b", undefined].map((id) => {
    const options = id === undefined ? {} : { id };
    return failureOf(client.model("m").infer({ x: [[1]] }, options));
  });
  const errors = await Promise.all(calls);
  check.equal(asked, 2, "metadata and configuration, once");
  check.deepEqual(
    errors.map(({ requestId }) => requestId),
    ["a", "b", ""],
  );
  for (const error of errors) {
    check.ok(error instanceof ClientError);
    const { kind, code, status, isRetrySafe, retryAfterMs, message } = error;
    check.deepEqual(
      { kind, code, status, isRetrySafe, retryAfterMs, message, cause: error.cause },
      {
        kind: "refused",
        code: "UNAVAILABLE",
        status: 503,
        isRetrySafe: true,
        retryAfterMs: 5,
        message: "full",
        cause,
      },
    );
  }
});

test("after an error within a stream, which has no code, the model is asked about anew", async () => {
  let asked = 0;
  const client = start({
    ask: (question) => {
      asked += 1;
      return said(question);
    },
    async *stream() {
      yield* [];
      throw new ClientError("server", "unexpected datatype", { status: 0 });
    },
  });
  const model = client.model("m");
  for (const expected of [2, 4]) {
    const { code } = await failureOf(model.stream({ x: [[1]] }).next());
    check.deepEqual([code, asked], ["UNKNOWN", expected]);
  }
});
