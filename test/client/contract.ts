/**
 * Contract of the client: one table of cases, whatever the transport, the environment and the
 * server program.
 *
 * A case gets a client of a server that serves the models of contract-models.ts under these names,
 * and says what it sees through `check`, of which node:assert is one. Nothing of Node is used here:
 * browsers run it too. Whoever runs the table brings a time limit for each case.
 *
 * What a case needs beyond the protocol's core: contract-case.ts.
 */
import { type Client, responseOf, type Tensor } from "shoal/client";
import {
  addSub,
  type ContractCase,
  contractCase,
  type Expected,
  fails,
  failureOf,
  needing,
  sixteen,
} from "./contract-case.ts";
import { inference } from "./contract-inference.ts";

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
