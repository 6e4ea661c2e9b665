/**
 * Contract of the client: one table of cases, whatever the transport, the environment and the
 * server program.
 *
 * A case gets a client of a server that serves the models of contract-models.ts under these names,
 * and says what it sees through `check`, of which node:assert is one. Nothing of Node is used here:
 * browsers run it too. Whoever runs the table brings a time limit for each case.
 *
 * What a case needs beyond the protocol's core:
 *   streams  decoupled models over this transport, which Triton has over gRPC only
 *   halves   tensors in binary: floats of 16 bits have no form in JSON
 *   classes  classification of outputs, which ours does not have
 *   shoal    what our server does, and others may not
 */
import { type Client, type ClientError, responseOf, Tensor } from "shoal/client";

export interface Check {
  equal(actual: unknown, expected: unknown, message?: string): void;
  deepEqual(actual: unknown, expected: unknown, message?: string): void;
  ok(value: unknown, message?: string): void;
}

export interface ContractCase {
  readonly name: string;
  readonly needs?: "streams" | "halves" | "classes" | "shoal";
  readonly run: (client: Client, check: Check) => Promise<void>;
}

type Run = ContractCase["run"];

function contractCase(name: string, run: Run): ContractCase {
  return { name, run };
}

function needing(needs: NonNullable<ContractCase["needs"]>, name: string, run: Run): ContractCase {
  return { name, needs, run };
}

/** What it rejects with; anything but a ClientError is a failure of the case. */
async function failureOf(promise: Promise<unknown>, check: Check): Promise<ClientError> {
  const outcome = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  const isOurs = outcome instanceof Error && outcome.name === "ClientError";
  check.ok(isOurs, `expected a ClientError; got ${String(outcome)}`);
  return outcome as ClientError;
}

interface Expected {
  readonly kind: ClientError["kind"];
  readonly code?: ClientError["code"];
  readonly says?: RegExp;
}

async function fails(promise: Promise<unknown>, expected: Expected, check: Check): Promise<void> {
  const error = await failureOf(promise, check);
  check.equal(error.kind, expected.kind, `${error.kind}: ${error.message}`);
  if (expected.code !== undefined) check.equal(error.code, expected.code, error.message);
  if (expected.says !== undefined) check.ok(expected.says.test(error.message), error.message);
}

const sixteen = Array.from({ length: 16 }, (_, index) => index);
const addSub = { INPUT0: [sixteen], INPUT1: [sixteen.map(() => 1)] };

function nested(tensor: Tensor | undefined): unknown {
  return tensor?.toNested();
}

const inference: readonly ContractCase[] = [
  contractCase("infer: a batch of one", async (client, check) => {
    const outputs = await client.model("add_sub").infer(addSub);
    check.deepEqual(nested(outputs["OUTPUT0"]), [sixteen.map((value) => value + 1)]);
    check.deepEqual(nested(outputs["OUTPUT1"]), [sixteen.map((value) => value - 1)]);
    check.deepEqual(outputs["OUTPUT0"]?.shape, [1, 16]);
    check.ok(outputs["OUTPUT0"]?.data instanceof Int32Array);
  }),

  contractCase("infer: flat typed arrays have the rows that they hold", async (client, check) => {
    const INPUT0 = Int32Array.from({ length: 48 }, (_, index) => index);
    const { OUTPUT0 } = await client.model("add_sub").infer({ INPUT0, INPUT1: INPUT0 });
    check.deepEqual(OUTPUT0?.shape, [3, 16]);
    check.deepEqual(
      Array.from(OUTPUT0?.data as Int32Array),
      [...INPUT0].map((value) => 2 * value),
    );
  }),

  contractCase("infer: tensors", async (client, check) => {
    const INPUT0 = Tensor.from("INT32", [sixteen]);
    const outputs = await client.model("add_sub").infer({ INPUT0, INPUT1: INPUT0 });
    check.deepEqual(nested(outputs["OUTPUT1"]), [sixteen.map(() => 0)]);
  }),

  contractCase("infer: many at a time, each with its own answer", async (client, check) => {
    const model = client.model("add_sub");
    const answers = sixteen.map(async (value) => {
      const { OUTPUT0 } = await model.infer({
        INPUT0: [sixteen.map(() => value)],
        INPUT1: [sixteen.map(() => 100)],
      });
      return OUTPUT0?.data[0];
    });
    check.deepEqual(
      await Promise.all(answers),
      sixteen.map((value) => value + 100),
    );
  }),

  contractCase("inferSample: without the batch dimension, both ways", async (client, check) => {
    const model = client.model("add_sub");
    const { OUTPUT0 } = await model.inferSample({ INPUT0: sixteen, INPUT1: sixteen });
    check.deepEqual(OUTPUT0?.shape, [16]);
    check.deepEqual(
      nested(OUTPUT0),
      sixteen.map((value) => 2 * value),
    );
    const { TEXT } = await client.model("strings").inferSample({ TEXT: ["a", "bc"] });
    check.deepEqual(nested(TEXT), ["a!", "bc!"]);
  }),

  contractCase("inferBatch: refused where a model does not batch", async (client, check) => {
    const { OUTPUT0 } = await client.model("add_sub").inferBatch(addSub);
    check.deepEqual(OUTPUT0?.shape, [1, 16]);
    const refused = client.model("maybe").inferBatch({ a: [1] });
    await fails(refused, { kind: "invalid", says: /'maybe' does not batch/ }, check);
  }),

  contractCase("infer: texts of any kind", async (client, check) => {
    const texts = ["", "a", "ü€🐟", "\u0000", '"\\', "12345678901234567890", "x".repeat(70_000)];
    const { TEXT } = await client.model("strings").infer({ TEXT: [texts] });
    check.deepEqual(TEXT?.shape, [1, texts.length]);
    check.deepEqual(nested(TEXT), [texts.map((text) => `${text}!`)]);
  }),

  contractCase("infer: every datatype, to its ends", async (client, check) => {
    const inputs = {
      BOOL: [true, false],
      UINT8: [0, 255],
      UINT16: [0, 65_535],
      UINT32: [0, 4_294_967_295],
      UINT64: [0n, 18_446_744_073_709_551_615n],
      INT8: [-128, 127],
      INT16: [-32_768, 32_767],
      INT32: [-2_147_483_648, 2_147_483_647],
      INT64: [-9_223_372_036_854_775_808n, 9_223_372_036_854_775_807n],
      FP32: [1.5, -0.25],
      FP64: [0.1, -1.5e300],
      BYTES: ["a", "ü"],
    };
    const outputs = await client.model("types").infer(inputs);
    for (const [name, values] of Object.entries(inputs)) {
      check.deepEqual(nested(outputs[name]), values, name);
      check.equal(outputs[name]?.datatype, name);
    }
  }),

  needing("halves", "infer: floats of 16 bits", async (client, check) => {
    const outputs = await client.model("halves").infer({ FP16: [0.5, -2], BF16: [1.5, -256] });
    check.deepEqual(nested(outputs["FP16"]), [0.5, -2]);
    check.deepEqual(nested(outputs["BF16"]), [1.5, -256]);
  }),

  contractCase("infer: integers beyond 2^53 are exact", async (client, check) => {
    const big = [2n ** 53n + 1n, -(2n ** 62n) - 1n];
    const inputs = await everyType(client, { INT64: big, UINT64: [2n ** 63n + 1n, 1n] });
    check.deepEqual(nested(inputs["INT64"]), big);
    check.deepEqual(nested(inputs["UINT64"]), [2n ** 63n + 1n, 1n]);
  }),

  contractCase("infer: floats that are no numbers, and large ones", async (client, check) => {
    const floats = { FP32: [Number.NaN, Number.POSITIVE_INFINITY], FP64: [1e17, -1 / 0] };
    const outputs = await everyType(client, floats);
    check.deepEqual(nested(outputs["FP32"]), floats.FP32);
    check.deepEqual(nested(outputs["FP64"]), floats.FP64);
  }),

  contractCase("infer: a batch larger than the model takes", async (client, check) => {
    const rows = Array.from({ length: 11 }, (_, index) => [index, index + 0.5, -1 - index]);
    const outputs = await client.model("four").infer({ x: rows });
    check.deepEqual(
      nested(outputs["y"]),
      rows.map((row) => row.map((value) => 2 * value)),
    );
    check.equal(responseOf(outputs).modelName, "four");
  }),

  contractCase("infer: optional inputs", async (client, check) => {
    const model = client.model("maybe");
    check.deepEqual(nested((await model.infer({ a: [1], b: [2] }))["sum"]), [3]);
    check.deepEqual(nested((await model.infer({ a: [1] }))["sum"]), [1]);
  }),

  contractCase("infer: outputs by name", async (client, check) => {
    const model = client.model("add_sub");
    const one = await model.infer(addSub, { outputs: ["OUTPUT1"] });
    check.deepEqual(Object.keys(one), ["OUTPUT1"]);
    const unknown = model.infer(addSub, { outputs: ["OUTPUT9"] });
    await fails(unknown, { kind: "server", code: "INVALID_ARGUMENT", says: /OUTPUT9/ }, check);
  }),

  needing("classes", "infer: the most likely classes", async (client, check) => {
    const outputs = [{ name: "y", classes: 2 }];
    const { y } = await client.model("four").infer({ x: [[1, 5, 3]] }, { outputs });
    check.deepEqual(y?.shape, [1, 2]);
    check.deepEqual(
      (nested(y) as readonly (readonly string[])[])
        .flat()
        .map((text) => text.split(":").slice(0, 2)),
      [
        ["10.000000", "1"],
        ["6.000000", "2"],
      ],
    );
  }),

  contractCase("infer: a request's id comes back, in errors too", async (client, check) => {
    const model = client.model("add_sub");
    check.equal(responseOf(await model.infer(addSub, { id: "r-1" })).id, "r-1");
    check.equal(responseOf(await model.infer(addSub)).id, "");
    const error = await failureOf(model.infer({ INPUT0: [sixteen] }, { id: "r-2" }), check);
    check.equal(error.requestId, "r-2");
  }),

  contractCase("infer: what the response says of itself", async (client, check) => {
    const { modelName, modelVersion } = responseOf(await client.model("add_sub").infer(addSub));
    check.deepEqual([modelName, modelVersion], ["add_sub", "1"]);
  }),

  needing("shoal", "infer: parameters reach the model", async (client, check) => {
    const parameters = { text: "a", flag: true, count: 7, big: 2n ** 60n };
    const { JSON: text } = await client.model("parameters").infer({ ignored: [0] }, { parameters });
    check.deepEqual(JSON.parse(String(text?.data[0])), { ...parameters, big: `${2n ** 60n}n` });
  }),

  contractCase("infer: a priority and a time in the queue are taken", async (client, check) => {
    const options = { priority: 1, timeoutMs: 60_000 };
    const { OUTPUT0 } = await client.model("add_sub").infer(addSub, options);
    check.deepEqual(OUTPUT0?.shape, [1, 16]);
  }),

  needing("shoal", "infer: tensors and batches without an element", async (client, check) => {
    const { TEXT } = await client.model("strings").infer({ TEXT: Tensor.from("BYTES", [[]]) });
    check.deepEqual([TEXT?.shape, TEXT?.size], [[1, 0], 0]);
    const none = Tensor.from("FP32", [], [0, 3]);
    await fails(client.model("four").infer({ x: none }), { kind: "server" }, check);
  }),

  needing("shoal", "infer: by version", async (client, check) => {
    const answer = async (version?: number): Promise<unknown> => {
      const outputs = await client.model("versions", version).infer({ x: [[0]] });
      return [nested(outputs["y"]), responseOf(outputs).modelVersion];
    };
    check.deepEqual(await answer(1), [[[1]], "1"]);
    check.deepEqual(await answer(3), [[[3]], "3"]);
    check.deepEqual(await answer(), [[[3]], "3"]);
  }),
];

/** The others are 0. */
async function everyType(
  client: Client,
  given: Readonly<Record<string, readonly (bigint | number)[]>>,
): Promise<Readonly<Record<string, Tensor>>> {
  const zeros = {
    ...{ BOOL: [false, false], UINT8: [0, 0], UINT16: [0, 0], UINT32: [0, 0], UINT64: [0, 0] },
    ...{ INT8: [0, 0], INT16: [0, 0], INT32: [0, 0], INT64: [0, 0], FP32: [0, 0], FP64: [0, 0] },
    BYTES: ["", ""],
  };
  return await client.model("types").infer({ ...zeros, ...given });
}

const mistakes: readonly ContractCase[] = [
  contractCase("an unknown model, and an unknown version", async (client, check) => {
    const missing = [client.model("nobody"), client.model("add_sub", 99)];
    for (const model of missing) {
      const error = await failureOf(model.infer(addSub), check);
      // By Triton of old: 400, and "unknown model" is all it says.
      check.ok(["NOT_FOUND", "INVALID_ARGUMENT"].includes(error.code), error.message);
      check.equal(error.kind, "server");
      check.equal(await model.isReady(), false);
    }
  }),

  contractCase("an unknown input, and one that is missing", async (client, check) => {
    const model = client.model("add_sub");
    const unknown = model.infer({ ...addSub, INPUT7: [[1]] });
    const said = /'add_sub' has no input 'INPUT7': it has INPUT0, INPUT1/;
    await fails(unknown, { kind: "invalid", says: said }, check);
    const missing = model.infer({ INPUT0: [sixteen] });
    await fails(missing, { kind: "invalid", says: /input 'INPUT1' is missing/ }, check);
  }),

  contractCase("a wrong shape, datatype or value", async (client, check) => {
    const model = client.model("add_sub");
    const wrong = [[1, 2, 3], new Float32Array(16), [sixteen.map(() => 1.5)], "text", null];
    for (const INPUT0 of wrong) {
      const refused = model.infer({ ...addSub, INPUT0 });
      await fails(
        refused,
        { kind: "invalid", says: /'add_sub': input 'INPUT0' must|is no/ },
        check,
      );
    }
  }),

  contractCase("inputs that differ in rows are the server's to refuse", async (client, check) => {
    const refused = client.model("add_sub").infer({ ...addSub, INPUT1: [sixteen, sixteen] });
    await fails(refused, { kind: "server", code: "INVALID_ARGUMENT" }, check);
  }),

  contractCase("an option that nobody knows", async (client, check) => {
    const options = { timeout: 5 } as object;
    const refused = client.model("add_sub").infer(addSub, options);
    await fails(refused, { kind: "invalid", says: /there is no option 'timeout'/ }, check);
  }),

  needing("shoal", "a model that refuses, and one that breaks", async (client, check) => {
    const model = client.model("failing");
    const refused = { kind: "server", code: "INVALID_ARGUMENT", says: /must not be negative/ };
    await fails(model.infer({ x: [-1] }), refused as Expected, check);
    const error = await failureOf(model.infer({ x: [1] }), check);
    check.deepEqual([error.kind, error.isRetrySafe], ["server", false]);
    check.ok(!error.message.includes("/etc/model"), error.message);
  }),
];

const questions: readonly ContractCase[] = [
  contractCase("live, ready, and waiting until ready", async (client, check) => {
    check.deepEqual([await client.isLive(), await client.isReady()], [true, true]);
    check.equal(await client.model("add_sub").isReady(), true);
    check.equal(await client.model("add_sub", 1).isReady(), true);
    await client.waitReady();
    await client.model("add_sub").waitReady();
  }),

  contractCase("waiting for what does not become ready", async (client, check) => {
    const waiting = client.model("nobody").waitReady({ totalTimeoutMs: 1 });
    await fails(waiting, { kind: "timeout", code: "DEADLINE_EXCEEDED" }, check);
  }),

  contractCase("metadata of the server and of a model", async (client, check) => {
    const { name, version, extensions } = await client.metadata();
    check.ok(name.length > 0 && version.length > 0 && Array.isArray(extensions));
    const model = await client.model("add_sub").metadata();
    check.deepEqual(model.inputs, [
      { name: "INPUT0", datatype: "INT32", shape: [-1, 16] },
      { name: "INPUT1", datatype: "INT32", shape: [-1, 16] },
    ]);
    check.deepEqual([model.name, [...model.versions]], ["add_sub", ["1"]]);
    const missing = await failureOf(client.model("nobody").metadata(), check);
    check.equal(missing.kind, "server");
  }),

  contractCase("the configuration of a model", async (client, check) => {
    const config = await client.model("add_sub").config();
    check.deepEqual([config["name"], config["max_batch_size"]], ["add_sub", 32]);
    check.ok(Array.isArray(config["input"]));
  }),

  contractCase("statistics of a model, and of all", async (client, check) => {
    await client.model("add_sub").infer(addSub);
    const [own] = statisticsIn(await client.model("add_sub").statistics());
    check.equal(own?.["name"], "add_sub");
    check.ok(Number(own?.["inference_count"]) >= 1);
    const all = statisticsIn(await client.statistics());
    check.ok(all.some(({ name }) => name === "four"));
  }),

  contractCase("the index of the repository", async (client, check) => {
    const index = await client.index();
    const found = index.find(({ name }) => name === "add_sub");
    check.deepEqual([found?.version, found?.state], ["1", "READY"]);
    check.ok((await client.index({ isReadyOnly: true })).length > 0);
  }),
];

type Fields = Readonly<Record<string, unknown>>;

function statisticsIn(answer: Fields): readonly Fields[] {
  return answer["model_stats"] as readonly Fields[];
}

async function indicesOf(responses: AsyncIterable<Readonly<Record<string, Tensor>>>) {
  const indices: unknown[] = [];
  for await (const { INDEX } of responses) indices.push(INDEX?.data[0]);
  return indices;
}

const streams: readonly ContractCase[] = [
  needing("streams", "stream: response by response", async (client, check) => {
    const model = client.model("counting");
    check.deepEqual(await indicesOf(model.stream({ COUNT: [5] })), [0, 1, 2, 3, 4]);
    check.deepEqual(await indicesOf(model.stream({ COUNT: [0] })), []);
    for await (const outputs of model.stream({ COUNT: [1] }, { id: "s-1" })) {
      const { id, modelName } = responseOf(outputs);
      check.deepEqual([id, modelName], ["s-1", "counting"]);
    }
  }),

  needing("streams", "stream: several at a time", async (client, check) => {
    const model = client.model("counting");
    const counts = [3, 1, 40, 0, 7];
    const all = counts.map(async (count) => await indicesOf(model.stream({ COUNT: [count] })));
    check.deepEqual(
      (await Promise.all(all)).map((indices) => indices.length),
      counts,
    );
  }),

  needing("shoal", "stream: a model that answers once", async (client, check) => {
    const answers: unknown[] = [];
    for await (const { OUTPUT0 } of client.model("add_sub").stream(addSub)) {
      answers.push(OUTPUT0?.data[15]);
    }
    check.deepEqual(answers, [16]);
  }),

  needing("streams", "stream: an error behind responses", async (client, check) => {
    const responses = client.model("breaking").stream({ COUNT: [1] }, { id: "s-2" });
    const [first, second] = [await responses.next(), await responses.next()];
    check.deepEqual([first.done, second.done], [false, false]);
    const error = await failureOf(responses.next(), check);
    check.deepEqual([error.kind, error.requestId], ["server", "s-2"]);
    check.ok(error.message.includes("enough of it"), error.message);
    check.equal((await responses.next()).done, true);
  }),

  needing("streams", "stream: a mistake is refused before it begins", async (client, check) => {
    const wrong = client.model("counting").stream({ COUNT: ["five"] });
    await fails(wrong.next(), { kind: "invalid", says: /'counting': input 'COUNT'/ }, check);
    const missing = client.model("nobody").stream({ COUNT: [1] });
    await fails(missing.next(), { kind: "server" }, check);
  }),

  needing("shoal", "stream: whoever stops reading cancels it", async (client, check) => {
    const before = await counts(client);
    for await (const { INDEX } of client.model("endless").stream({ COUNT: [1] })) {
      check.equal(INDEX?.data[0], 0);
      break;
    }
    await untilCancelled(client, before);
  }),

  needing("shoal", "stream: a signal cancels it", async (client, check) => {
    const before = await counts(client);
    const leaving = new AbortController();
    const { signal } = leaving;
    const responses = client.model("endless").stream({ COUNT: [1] }, { signal });
    await responses.next();
    leaving.abort();
    await fails(responses.next(), { kind: "cancelled", code: "CANCELLED" }, check);
    await untilCancelled(client, before);
  }),

  needing("shoal", "stream: the longest wait for the next response", async (client, check) => {
    const before = await counts(client);
    const responses = client.model("endless").stream({ COUNT: [1] }, { requestTimeoutMs: 1000 });
    await responses.next();
    await fails(responses.next(), { kind: "timeout", code: "DEADLINE_EXCEEDED" }, check);
    await untilCancelled(client, before);
  }),
];

interface Counts {
  readonly started: number;
  readonly cancelled: number;
}

async function counts(client: Client): Promise<Counts> {
  const { started, cancelled } = await client.model("counts").infer({ ignored: [0] });
  return { started: Number(started?.data[0]), cancelled: Number(cancelled?.data[0]) };
}

/** The server hears of it a moment later. */
async function untilCancelled(client: Client, before: Counts): Promise<void> {
  while ((await counts(client)).cancelled === before.cancelled);
}

const endings: readonly ContractCase[] = [
  contractCase("a signal that is over already sends nothing", async (client, check) => {
    const options = { signal: AbortSignal.abort() };
    const cancelled: Expected = { kind: "cancelled", code: "CANCELLED" };
    await fails(client.model("slow").infer({ x: [[1]] }, options), cancelled, check);
    await fails(client.isLive(options), cancelled, check);
    await fails(
      client
        .model("slow")
        .stream({ x: [[1]] }, options)
        .next(),
      cancelled,
      check,
    );
  }),

  contractCase("a deadline", async (client, check) => {
    const model = client.model("slow");
    const late: Expected = { kind: "timeout", code: "DEADLINE_EXCEEDED" };
    await fails(model.infer({ x: [[1]] }, { requestTimeoutMs: 100 }), late, check);
    await fails(model.infer({ x: [[1]] }, { totalTimeoutMs: 100 }), late, check);
  }),

  needing("shoal", "a signal ends a request, in the server too", async (client, check) => {
    const before = await counts(client);
    const leaving = new AbortController();
    const options = { signal: leaving.signal, id: "gone" };
    const failing = failureOf(client.model("slow").infer({ x: [[1]] }, options), check);
    while ((await counts(client)).started === before.started);
    leaving.abort();
    const error = await failing;
    check.deepEqual([error.kind, error.code, error.requestId], ["cancelled", "CANCELLED", "gone"]);
    await untilCancelled(client, before);
  }),
];

export const contract: readonly ContractCase[] = [
  ...inference,
  ...mistakes,
  ...questions,
  ...streams,
  ...endings,
];
