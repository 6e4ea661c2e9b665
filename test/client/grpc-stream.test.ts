/**
 * Streams of the client over gRPC: many requests on one, each with its own end, whatever the server
 * does; foreign servers are played.
 */
import { strict as check } from "node:assert";
import { once } from "node:events";
import { test } from "node:test";
import { responseOf, type Tensor } from "shoal/client/grpc";
import { until } from "../until.ts";
import { type ForeignStream, type Request, respond, startForeign, status } from "./foreign-grpc.ts";
import { errorOf, startGrpc } from "./grpc-models.ts";

type Outputs = AsyncGenerator<Readonly<Record<string, Tensor>>, void, undefined>;

async function valuesOf(outputs: Outputs): Promise<readonly unknown[]> {
  const values: unknown[] = [];
  for await (const output of outputs) values.push(Object.values(output)[0]?.toNested());
  return values;
}

/** A foreign stream: the requests of it, one by one as they come. */
class Requests {
  readonly calls: ForeignStream[] = [];
  readonly #waiting: ((request: Request) => void)[] = [];
  readonly #come: Request[] = [];
  readonly cancelled: number[] = [];
  readonly ended: number[] = [];

  readonly take = (call: ForeignStream): void => {
    const index = this.calls.push(call) - 1;
    call.on("data", (request: Request) => {
      const next = this.#waiting.shift();
      if (next === undefined) this.#come.push(request);
      else next(request);
    });
    call.on("cancelled", () => this.cancelled.push(index));
    call.on("end", () => {
      this.ended.push(index);
      call.end();
    });
  };

  next(): Promise<Request> {
    const request = this.#come.shift();
    if (request !== undefined) return Promise.resolve(request);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }
}

test("a stream of responses, and a request that has one", async () => {
  await using on = await startGrpc();
  using client = on.connect();
  const count = client.model("count");
  check.deepEqual(await valuesOf(count.stream({ N: [3] })), [[0], [1], [2]]);
  check.deepEqual(await valuesOf(count.stream({ N: [0] })), []);
  const told = client.model("told").stream({ X: [1] }, { id: "mine" });
  const { value } = await told.next();
  check.equal(responseOf(value ?? {}).id, "mine");
  check.deepEqual(value?.["TOLD"]?.toNested(), ["mine"]);
  check.equal((await told.next()).done, true);
});

test("an error of one request is in the stream, behind its responses", async () => {
  await using on = await startGrpc();
  using client = on.connect();
  const count = client.model("count");
  const [good, bad, none] = [
    valuesOf(count.stream({ N: [20] }, { id: "same" })),
    count.stream({ N: [-2] }, { id: "same" }),
    errorOf(
      client
        .model("nobody")
        .stream({ N: [1] })
        .next(),
    ),
  ];
  check.deepEqual((await bad.next()).value?.["I"]?.toNested(), [0]);
  check.deepEqual((await bad.next()).value?.["I"]?.toNested(), [1]);
  const error = await errorOf(bad.next());
  check.deepEqual([error.kind, error.code, error.requestId], ["server", "UNKNOWN", "same"]);
  check.match(error.message, /N must not be negative/);
  check.equal((await good).length, 20);
  check.equal((await none).code, "NOT_FOUND");
});

test("one cancels, the others go on; when none is left the server is told", async () => {
  await using on = await startGrpc();
  using client = on.connect();
  const count = client.model("count");
  const controller = new AbortController();
  const first = count.stream({ N: [1000] }, { id: "first", signal: controller.signal });
  const second = count.stream({ N: [1000] }, { id: "second" });
  await first.next();
  await second.next();
  const waiting = errorOf(first.next());
  controller.abort(new Error("enough"));
  check.deepEqual((await waiting).kind, "cancelled");
  check.deepEqual(await valuesOf(count.stream({ N: [2] }, { id: "first" })), [[0], [1]]);
  check.deepEqual(on.cancelled, []);
  await second.return();
  await until(() => on.cancelled.length === 2);
  check.deepEqual(on.cancelled.sort(), ["first", "second"]);
});

test("requests share a stream, which ends when nobody needs it; ids are unique", async () => {
  const requests = new Requests();
  await using foreign = await startForeign({ stream: requests.take });
  using client = foreign.connect();
  const one = client.model("m").stream({ X: [1] }, { id: "a" });
  const two = client.model("m").stream({ X: [2] }, { id: "a" });
  const [first, second] = [one.next(), two.next()];
  const [{ id: idOfOne, parameters }, { id: idOfTwo }] = [
    await requests.next(),
    await requests.next(),
  ];
  check.equal(idOfOne, "a");
  check.notEqual(idOfTwo, "a");
  check.equal(parameters["triton_enable_empty_final_response"]?.boolParam, true);
  check.equal(requests.calls.length, 1);
  const [call] = requests.calls;
  call?.write(respond(idOfTwo, 2, true));
  call?.write(respond(idOfOne, 1, false));
  const answer = (await second).value;
  check.deepEqual(answer?.["Y"]?.toNested(), [2]);
  check.equal(responseOf(answer ?? {}).id, "a");
  check.deepEqual(responseOf(answer ?? {}).parameters, {});
  check.deepEqual((await first).value?.["Y"]?.toNested(), [1]);
  check.equal((await two.next()).done, true);
  check.deepEqual(requests.ended, []);
  call?.write({
    inferResponse: { id: idOfOne, parameters: { triton_final_response: { boolParam: true } } },
  });
  check.equal((await one.next()).done, true);
  await until(() => requests.ended.length === 1);
  const later = client.model("m").stream({ X: [1] });
  const next = later.next();
  const { id } = await requests.next();
  check.equal(requests.calls.length, 2);
  requests.calls[1]?.write(respond(id, 3, true));
  check.deepEqual((await next).value?.["Y"]?.toNested(), [3]);
  await later.return();
});

test("errors are whose id they name: in the message, or in its text; else everybody's", async () => {
  const requests = new Requests();
  await using foreign = await startForeign({ stream: requests.take });
  using client = foreign.connect();
  const results = ["a", "b", "c", "d"].map((id) => {
    return errorOf(
      client
        .model("m")
        .stream({ X: [1] }, { id })
        .next(),
    );
  });
  for (const _ of results) await requests.next();
  const [call] = requests.calls;
  call?.write({ errorMessage: "by id", inferResponse: { id: "a" } });
  call?.write({ errorMessage: "[request id: b] by text" });
  call?.write({ errorMessage: "of an old one", inferResponse: { id: "a" } });
  check.equal((await results[0])?.message, "by id");
  check.equal((await results[1])?.message, "[request id: b] by text");
  call?.write({ errorMessage: "of all" });
  for (const result of results.slice(2)) check.equal((await result).message, "of all");
  await until(() => requests.cancelled.length === 1);
  const single = errorOf(
    client
      .model("m")
      .stream({ X: [1] })
      .next(),
  );
  await requests.next();
  requests.calls[1]?.write({ errorMessage: "of the only one" });
  check.equal((await single).message, "of the only one");
});

test("responses that come behind an error are nobody's", async () => {
  const requests = new Requests();
  await using foreign = await startForeign({ stream: requests.take });
  using client = foreign.connect();
  const failing = errorOf(
    client
      .model("m")
      .stream({ X: [1] }, { id: "f" })
      .next(),
  );
  const other = client.model("m").stream({ X: [1] }, { id: "o" });
  const first = other.next();
  await requests.next();
  await requests.next();
  const [call] = requests.calls;
  const goesOn = { triton_final_response: { boolParam: false } };
  call?.write({ errorMessage: "once", inferResponse: { id: "f", parameters: goesOn } });
  call?.write(respond("f", 1, false));
  call?.write(respond("f", 1, true));
  call?.write(respond("o", 2, true));
  check.equal((await failing).message, "once");
  check.deepEqual((await first).value?.["Y"]?.toNested(), [2]);
  check.equal((await other.next()).done, true);
});

test("a server that marks no response as final", async () => {
  const requests = new Requests();
  await using foreign = await startForeign({ stream: requests.take });
  using client = foreign.connect();
  const values = valuesOf(client.model("m").stream({ X: [1] }));
  const { id } = await requests.next();
  requests.calls[0]?.write(respond(id, 1));
  check.deepEqual(await values, [[1]]);
});

test("a stream that ends, or breaks, before its requests do", async () => {
  const requests = new Requests();
  await using foreign = await startForeign({ stream: requests.take });
  using client = foreign.connect({ maxRetries: 0 });
  const early = client.model("m").stream({ X: [1] });
  const first = early.next();
  const { id } = await requests.next();
  requests.calls[0]?.write(respond(id, 1, false));
  requests.calls[0]?.end();
  await first;
  const error = await errorOf(early.next());
  check.deepEqual(
    [error.kind, error.message],
    ["answer", "the server ended the stream before the last response"],
  );
  const refused = errorOf(
    client
      .model("m")
      .stream({ X: [1] })
      .next(),
  );
  await requests.next();
  requests.calls[1]?.emit("error", { code: status.UNAVAILABLE, details: "full" });
  const { kind, code, message } = await refused;
  check.deepEqual([kind, code, message], ["refused", "UNAVAILABLE", "full"]);
  const broken = errorOf(
    client
      .model("m")
      .stream({ X: [1] })
      .next(),
  );
  await requests.next();
  foreign.server.forceShutdown();
  check.deepEqual([(await broken).kind, (await broken).isRetrySafe], ["connection", false]);
});

test("what is wrong with one response ends its request alone; no message at all, everybody's", async () => {
  const requests = new Requests();
  await using foreign = await startForeign({ stream: requests.take });
  using client = foreign.connect();
  const bad = errorOf(
    client
      .model("m")
      .stream({ X: [1] }, { id: "bad" })
      .next(),
  );
  const good = client.model("m").stream({ X: [1] }, { id: "good" });
  const first = good.next();
  await requests.next();
  await requests.next();
  const [call] = requests.calls;
  const outputs = [{ name: "Y", datatype: "FP32", shape: [3] }];
  call?.write({ inferResponse: { id: "bad", outputs, rawOutputContents: [new Uint8Array(4)] } });
  check.equal((await bad).message, "output 'Y': 4 bytes are no FP32 of shape [3]");
  call?.write(respond("good", 1, false));
  check.deepEqual((await first).value?.["Y"]?.toNested(), [1]);
  call?.write({});
  check.equal((await errorOf(good.next())).message, "a message of the stream is empty");
});

test("what a slow reader has not read is bounded, and nothing is lost", async () => {
  const requests = new Requests();
  await using foreign = await startForeign({ stream: requests.take });
  using client = foreign.connect();
  const slow = client.model("m").stream({ X: [1] });
  const first = slow.next();
  const { id } = await requests.next();
  const [call] = requests.calls;
  const outputs = [{ name: "Y", datatype: "FP32", shape: [10_000] }];
  const many = 800;
  let writtenCount = 0;
  const write = async (): Promise<void> => {
    for (let index = 0; index < many; index += 1) {
      const rawOutputContents = [new Uint8Array(new Float32Array(10_000).fill(index).buffer)];
      const parameters = { triton_final_response: { boolParam: index === many - 1 } };
      const room = call?.write({ inferResponse: { id, parameters, outputs, rawOutputContents } });
      writtenCount += 1;
      if (room === false && call !== undefined) await once(call, "drain");
    }
  };
  const writing = write();
  await first;
  // The server has no room any more: 32 MB would have come, and did not.
  await until(() => writtenCount > 70);
  let before = 0;
  for (let calm = 0; calm < 200; calm = writtenCount === before ? calm + 1 : 0) {
    before = writtenCount;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  check.ok(writtenCount < 600, `${writtenCount} were taken`);
  let expected = 1;
  for await (const { Y } of slow) {
    check.equal(Y?.data[0], expected);
    expected += 1;
  }
  check.equal(expected, many);
  await writing;
});

test("whoever wants codes within streams gets them, and takes nobody's stream with his", async () => {
  await using on = await startGrpc();
  using client = on.connect({ headers: { Triton_Grpc_Error: "true" } });
  const count = client.model("count");
  const good = count.stream({ N: [20] });
  check.deepEqual((await good.next()).value?.["I"]?.toNested(), [0]);
  const bad = count.stream({ N: [-2] }, { id: "b" });
  const seen: unknown[] = [];
  const error = await errorOf(
    (async () => {
      for await (const { I } of bad) seen.push(I?.toNested());
    })(),
  );
  check.deepEqual(seen, [[0], [1]]);
  check.deepEqual([error.kind, error.code, error.requestId], ["server", "INVALID_ARGUMENT", "b"]);
  check.match(error.message, /N must not be negative/);
  check.equal((await valuesOf(good)).length, 19);
});

test("whoever leaves while he waits does not wait, and the server is told", async () => {
  await using on = await startGrpc();
  using client = on.connect();
  const responses = client.model("count").stream({ N: [1000] }, { id: "w" });
  await responses.next();
  const next = responses.next();
  await responses.return();
  check.equal((await next).done, true);
  await until(() => on.cancelled.includes("w"));
});
