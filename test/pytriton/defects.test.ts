/**
 * What is known to go wrong in PyTriton and its clients does not go wrong here. Numbered as in
 * docs/from-pytriton.md; those of clients are tested over HTTP and gRPC.
 */
import { strict as check } from "node:assert";
import { EventEmitter, once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { bytes, createServer, fp32, int32, type Model, model, type Outputs } from "shoal";
import { type Client, responseOf } from "shoal/client/grpc";
import { serveFlags } from "../../dist/cli/flag-table.js";
import { modelFolder } from "../cli/model-folder.ts";
import { freePort } from "../client/grpc-models.ts";
import { post, quietLoopback, startServer } from "../conformance/server.ts";
import { LoggedServer } from "../instances/logged-server.ts";
import { Program, shoalCommand } from "../program.ts";
import { until } from "../until.ts";
import { all, connected, errorOf, served, writerOfGrpc, writerOfHttp } from "./client-fixture.ts";
import { times } from "./guide-fixture.ts";

const folder = modelFolder({
  "m.mjs": "export const m = negative('m');",
  "my models/spaced out.mjs": "export const m = negative('m');",
});

const tensors = { inputs: { x: fp32(1) }, outputs: { y: int32(1) } } as const;

/** A model that returns what its types forbid. */
function returning(value: unknown): Model {
  return model("m", { ...tensors, infer: () => value as Outputs<typeof tensors.outputs> });
}

const one = { inputs: [{ name: "x", shape: [1, 1], datatype: "FP32", data: [1] }] };

async function answer(served: Model, body: object = one): Promise<string> {
  await using started = await startServer(served);
  const { status, text } = await post(`${started.url}/v2/models/${served.name}/infer`, body);
  return `${status} ${text}`;
}

test("1: an output that does not fit is an error, and the instance goes on", async () => {
  let isWrong = true;
  const sometimes = model("m", {
    ...tensors,
    infer: () => {
      const given = isWrong ? { y: "five" } : { y: [[5]] };
      isWrong = false;
      return given as unknown as { y: number[][] };
    },
  });
  await using started = await startServer(sometimes);
  const url = `${started.url}/v2/models/m/infer`;
  check.equal((await post(url, one)).status, 500);
  check.equal((await post(url, one)).status, 200);
});

test("1: an execution that never ends has a limit", async () => {
  const hangs = model("m", {
    ...tensors,
    limits: { executionTimeoutMs: 50 },
    infer: () => new Promise<never>(() => {}),
  });
  check.match(await answer(hangs), /^504 .*did not answer within 50 ms/);
});

test("2: nothing is cast with loss", async () => {
  check.match(await answer(returning({ y: [[1.5]] })), /^500 .*1\.5 is not a value of INT32/);
  check.match(await answer(returning({ y: [[2 ** 31]] })), /^500 .*is not a value of INT32/);
  check.match(await answer(returning({ y: Float32Array.of(1) })), /^500 .*must be a Int32Array/);
});

test("3: no stack and no path reaches a caller", async (t) => {
  const leaky = model("m", {
    ...tensors,
    infer: () => {
      throw new Error("cannot open /etc/weights");
    },
  });
  const served = await LoggedServer.start(t, leaky);
  const { text } = await served.call("m", "");
  check.equal(text, `{"error":"model 'm' failed: internal error"}`);
  await until(() => served.log.includes("cannot open /etc/weights"));
  check.match(served.log, /defects\.test/);
});

test("5: a boolean in the environment is read as one", async () => {
  const program = new Program([shoalCommand, "serve", join(folder, "m.mjs")], {
    env: { SHOAL_ALLOW_METRICS: "false" },
  });
  try {
    await program.listening(8000);
    check.equal(program.addressOf(8002), undefined);
  } finally {
    await program.stop();
  }
});

test("6: a datatype has one spelling, and any other is refused where it stands", () => {
  const wrong = { ...tensors, inputs: { x: "float32" as never }, infer: () => ({ y: [[1]] }) };
  check.throws(() => model("m", wrong), /'inputs.x' must be a tensor specification, such as fp32/);
});

/** Streams x twice; where that is 0, nothing until its caller has gone. */
const twice = model("twice", {
  inputs: { x: fp32(1) },
  outputs: { y: fp32(1) },
  async *infer({ x }, { signal }) {
    if (x.data[0] === 0 && !signal.aborted) await once(signal, "abort");
    yield { y: x.clone() };
    yield { y: x.clone() };
  },
});

test("8: a stream has a limit, and its client goes on after it, and after a mistake", async (t) => {
  const { clients } = await served(t, twice);
  for (const client of clients()) {
    const streaming = client.model("twice");
    const streamed = async (x: number) => {
      return (await all(streaming.stream({ x: [[x]] }))).map(({ y }) => y?.data[0]);
    };
    check.deepEqual(await streamed(5), [5, 5]);
    const mistakes = [
      streaming.stream({ x: [["five"]] }),
      streaming.stream({ z: [[5]] }),
      streaming.stream({ x: [[5]] }, { timeout: 5 } as object),
    ];
    for (const mistake of mistakes) check.equal((await errorOf(mistake.next())).kind, "invalid");
    const silent = streaming.stream({ x: [[0]] }, { requestTimeoutMs: 50 });
    const { kind, message } = await errorOf(silent.next());
    check.deepEqual(
      [kind, message],
      ["timeout", "no answer within 50 ms (option 'requestTimeoutMs')"],
    );
    check.deepEqual(await streamed(6), [6, 6]);
  }
});

test("9: what a model is, is asked for once", async (t) => {
  const http = await writerOfHttp(t);
  const grpc = await writerOfGrpc(t);
  const calls = async (client: Client, inputs: Readonly<Record<string, unknown>>) => {
    const models = [client.model("m"), client.model("m"), client.model("m")];
    for (const each of models) await each.infer(inputs);
    await Promise.all(models.map((each) => each.infer(inputs)));
  };
  await calls(connected(t, http.url, { format: "json" }), { x: [[1]] });
  check.deepEqual(["m", "m/config", "m/infer"].map(http.countOf), [1, 1, 6]);
  await calls(connected(t, grpc.url), {});
  check.deepEqual(["ModelMetadata", "ModelConfig", "ModelInfer"].map(grpc.countOf), [1, 1, 6]);
});

test("9: who waits asks after 50 ms, and then less and less often", async (t) => {
  const isReady = (what: string, count: number) => what !== "m/ready" || count > 8;
  const server = await writerOfHttp(t, (what, count) => (isReady(what, count) ? 200 : 400));
  const client = connected(t, server.url);
  const pauses: number[] = [];
  const limitMs = 3_600_000;
  // Its pauses are over at once; its limits are longer.
  const real = setTimeout;
  t.mock.method(globalThis, "setTimeout", ((run: () => void, ms: number) => {
    if (ms > 1000) return real(run, ms);
    pauses.push(ms);
    return real(run, 0);
  }) as typeof setTimeout);
  await client.model("m").waitReady({ requestTimeoutMs: limitMs, totalTimeoutMs: limitMs });
  check.deepEqual(pauses, [50, 100, 200, 400, 800, 1000, 1000, 1000]);
  check.equal(server.countOf("m/config"), 0);
});

test("10: an unknown model is no time-out, and neither is a server that is not there", async (t) => {
  const { server, clients } = await served(t, times(2));
  for (const [index, client] of clients().entries()) {
    const name = `late${index}`;
    for (const call of [client.model(name).infer({ x: [[1]] }), client.model(name).config()]) {
      const { kind, code } = await errorOf(call);
      check.deepEqual([kind, code], ["server", "NOT_FOUND"]);
    }
    check.equal((await errorOf(client.model("times", 9).infer({ x: [[1]] }))).code, "NOT_FOUND");
    // Who wants to wait says so.
    const waiting = client.model(name).waitReady();
    await server.bind(times(3, { name }));
    await waiting;
    check.deepEqual((await client.model(name).infer({ x: [[5]] }))["y"]?.toNested(), [[15]]);
  }
  for (const protocol of ["http", "grpc"]) {
    const client = connected(t, `${protocol}://127.0.0.1:${await freePort()}`, { maxRetries: 0 });
    const { kind, code, message } = await errorOf(client.model("m").infer({ x: [[1]] }));
    check.deepEqual([kind, code], ["connection", "UNAVAILABLE"]);
    check.match(message, /^cannot reach .*ECONNREFUSED/);
  }
});

test("11: the token is sent with every call", async (t) => {
  for (const writer of [await writerOfHttp(t), await writerOfGrpc(t)]) {
    let count = 0;
    const client = connected(t, writer.url, {
      format: "json",
      token: () => {
        count += 1;
        return `secret ${count}`;
      },
    });
    const one = client.model("m");
    const inputs = writer.url.startsWith("http") ? { x: [[1]] } : {};
    const calls = [
      client.isLive(),
      client.isReady(),
      client.metadata(),
      client.statistics(),
      client.index(),
      client.load("m"),
      client.unload("m"),
      client.logSettings(),
      client.traceSettings(),
      one.isReady(),
      one.metadata(),
      one.config(),
      one.statistics(),
      one.traceSettings(),
      one.infer(inputs),
      one.stream(inputs).next(),
    ];
    await Promise.allSettled(calls);
    const tokens = writer.asked.map(({ headers }) => headers.authorization);
    const expected = writer.asked.map((_, index) => `Bearer secret ${index + 1}`);
    check.deepEqual(tokens.sort(), expected.sort());
    check.ok(new Set(writer.asked.map(({ what }) => what)).size >= 13);
  }
});

test("12: restrictions add up, and no token stands among the arguments of a process", async (t) => {
  const { clients } = await served(t, times(2), {
    httpRestrictedApi: "metadata:key=mine",
    grpcRestrictedProtocol: "metadata:key=mine",
    security: { groups: ["model-config", "statistics"], token: "secret" },
  });
  const mine = { key: "mine", "triton-grpc-protocol-key": "mine" };
  for (const [options, metadata, others] of [
    [{}, false, false],
    [{ token: "wrong" }, false, false],
    [{ token: "secret" }, false, true],
    [{ headers: mine }, true, false],
    [{ headers: mine, token: "secret" }, true, true],
  ] as const) {
    for (const client of clients(options)) {
      check.equal(await isPermitted(client.metadata()), metadata);
      check.equal(await isPermitted(client.model("times").config()), others);
      check.equal(await isPermitted(client.statistics()), others);
      check.equal(await client.isLive(), true, "what nobody has named is open");
    }
  }
  const flags = serveFlags.map(({ flag }) => flag).filter((flag) => flag.includes("token"));
  check.deepEqual(flags, ["security-token-file"]);
});

async function isPermitted(call: Promise<unknown>): Promise<boolean> {
  return await call.then(
    () => true,
    ({ code }) => {
      check.equal(code, "PERMISSION_DENIED");
      return false;
    },
  );
}

test("13: another client of a model shares all with the first, over gRPC, too", async (t) => {
  const { clients } = await served(t, [times(2), times(3, { name: "three" })]);
  for (const client of clients({ token: "secret" })) {
    const values = Array.from({ length: 20 }, (_, index) => index);
    const answers = values.map(async (value) => {
      const [two, three] = [client.model("times"), client.model("three", 1)];
      const [one, other] = await Promise.all([
        two.inferSample({ x: [value] }),
        three.inferSample({ x: [value] }),
      ]);
      return [one["y"]?.data[0], other["y"]?.data[0]];
    });
    check.deepEqual(
      await Promise.all(answers),
      values.map((value) => [2 * value, 3 * value]),
    );
  }
});

test("14: empty texts and empty tensors", async () => {
  const echo = model("m", {
    inputs: { text: bytes(1), x: fp32(-1) },
    outputs: { text: bytes(1), x: fp32(-1) },
    infer: ({ text, x }) => ({ text, x }),
  });
  const text = { name: "text", shape: [2, 1], datatype: "BYTES", data: ["", ""] };
  const x = { name: "x", shape: [2, 0], datatype: "FP32", data: [] };
  check.match(await answer(echo, { inputs: [text, x] }), /^200 .*"data":\["",""\].*"data":\[\]/);
});

test("15: the log is written at once, and kept nowhere", async (t) => {
  const served = await LoggedServer.start(t, returning({ y: [[1]] }));
  await until(() => served.log.includes("loaded model 'm'"));
});

test("16: a start with many instances takes the time it takes", async () => {
  const events = new EventEmitter();
  const all = once(events, "all");
  let settingUp = 0;
  const many = model("m", {
    ...tensors,
    instances: 32,
    setup: async () => {
      settingUp += 1;
      if (settingUp === 32) events.emit("all");
      await all;
    },
    infer: () => ({ y: [[1]] }),
  });
  check.match(await answer(many), /^200/);
});

test("17: versions of one model stand side by side", async () => {
  const version = (number: number): Model =>
    model("m", { ...tensors, version: number, infer: () => ({ y: [[number]] }) });
  await using started = await startServer([version(1), version(3)]);
  const ask = async (path: string): Promise<unknown> => {
    const { text } = await post(`${started.url}/v2/models/m${path}/infer`, one);
    return JSON.parse(text).outputs[0].data[0];
  };
  const answers = await Promise.all([ask("/versions/1"), ask("/versions/3"), ask("")]);
  check.deepEqual(answers, [1, 3, 3]);
});

test("19: not ready before every model is", async () => {
  const events = new EventEmitter();
  const opened = once(events, "opened");
  const slow = model("slow", {
    ...tensors,
    setup: () => opened,
    infer: () => ({ y: [[1]] }),
  });
  const server = createServer([returning({ y: [[1]] }), slow], quietLoopback);
  await server.listen();
  const url = server.urls.http;
  check.equal((await fetch(`${url}/v2/health/ready`)).status, 400);
  events.emit("opened");
  await server.ready;
  check.equal((await fetch(`${url}/v2/health/ready`)).status, 200);
  await server.close();
});

test("22: bytes are exact, zeros at their end too", async () => {
  const echo = model("m", {
    inputs: { x: bytes(1, { as: "bytes" }) },
    outputs: { x: bytes(1, { as: "bytes" }) },
    infer: ({ x }) => ({ x: x.map((each) => each.slice()) }),
  });
  await using server = createServer(echo, quietLoopback);
  await server.ready;
  const given = Uint8Array.of(1, 0, 0);
  const { outputs } = await server.infer({ model: echo, inputs: { x: [[given]] } });
  check.deepEqual(outputs.x.data, [given]);
});

test("23: paths may hold spaces, and nothing is copied into a work folder", async () => {
  const program = new Program([shoalCommand, "serve", join(folder, "my models", "spaced out.mjs")]);
  try {
    const url = `http://${await program.listening(8000)}/v2/models/m/infer`;
    check.equal((await post(url, one)).status, 200);
  } finally {
    await program.stop();
  }
});

test("24: outputs, id, priority, time-out and sequence are the caller's to choose", async (t) => {
  const told: unknown[] = [];
  const tells = model("tells", {
    inputs: { x: fp32(1) },
    outputs: { y: fp32(1), z: fp32(1) },
    batching: { priorities: { levels: 2, default: 2 }, queue: { allowTimeoutOverride: true } },
    infer: ({ x }, { requests: [{ id, requestedOutputs } = {}] }) => {
      told.push([id, requestedOutputs]);
      return { y: x, z: x };
    },
  });
  const { clients } = await served(t, tells);
  for (const client of clients()) {
    const options = { outputs: ["z"], id: "a", priority: 1, timeoutMs: 60_000 };
    const outputs = await client.model("tells").infer({ x: [[5]] }, options);
    check.deepEqual([Object.keys(outputs), responseOf(outputs).id], [["z"], "a"]);
    check.deepEqual(told.splice(0), [["a", ["z"]]]);
    await client.model("tells").infer({ x: [[5]] });
    check.deepEqual(told.splice(0), [["", []]]);
  }
});

test("24: as the protocol says it", async (t) => {
  const writer = await writerOfHttp(t);
  const client = connected(t, writer.url, { format: "json" });
  const options = { outputs: ["y"], id: "a", priority: 1, timeoutMs: 0.5, parameters: { b: 1 } };
  await client.model("m").infer({ x: [[1]] }, options);
  const sequence = client.sequence(7).model("m");
  for (const isLast of [false, true]) await sequence.infer({ x: [[1]] }, { isLast });
  const bodies = writer.asked.flatMap(({ what, body }) => {
    return what === "m/infer" ? [JSON.parse(body)] : [];
  });
  check.deepEqual(
    bodies.map(({ id, outputs, parameters }) => ({ id, outputs, parameters })),
    [
      {
        id: "a",
        outputs: [{ name: "y", parameters: {} }],
        parameters: { b: 1, priority: 1, timeout: 500 },
      },
      ...[false, true].map((isEnd) => ({
        id: undefined,
        outputs: undefined,
        parameters: { sequence_id: 7, sequence_start: !isEnd, sequence_end: isEnd },
      })),
    ],
  );
});

test("25: why a start fails is said: a port, a model", async () => {
  const taken = createTcpServer().listen(0, "127.0.0.1");
  await once(taken, "listening");
  const { port } = taken.address() as AddressInfo;
  const options = { ...quietLoopback, httpPort: port };
  await check.rejects(createServer(returning({ y: [[1]] }), options).listen(), {
    message: new RegExp(`'127\\.0\\.0\\.1:${port}' already in use, for HTTP: stop what listens`),
  });
  taken.close();
  const broken = model("broken", {
    ...tensors,
    setup: () => {
      throw new Error("no weights at /models/w.bin");
    },
    infer: () => ({ y: [[1]] }),
  });
  await check.rejects(createServer(broken, quietLoopback).ready, {
    message: /setup of model 'broken' failed: no weights at \/models\/w\.bin/,
  });
});
