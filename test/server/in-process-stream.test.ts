/** `stream()` in process: responses one by one, with all that can go wrong. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { createServer, InferenceError, int32, model, type Server } from "shoal";
import { testServer } from "shoal/testing";
import { quietLoopback } from "../conformance/server.ts";

const seen = { pulled: 0, hasEnded: false };

const counts = model("counts", {
  inputs: { n: int32(1) },
  outputs: { k: int32(1) },
  batching: false,
  async *infer({ n }) {
    seen.pulled = 0;
    seen.hasEnded = false;
    const [count = 0] = n.data;
    try {
      for (let k = 0; k < count; k += 1) {
        seen.pulled += 1;
        yield await Promise.resolve({ k: [k] });
      }
      if (count === 3) throw new InferenceError("UNAVAILABLE", "three are enough");
    } finally {
      seen.hasEnded = true;
    }
  },
});

const square = model("square", {
  inputs: { x: int32(1) },
  outputs: { y: int32(1) },
  infer: ({ x }) => ({ y: x.map((value) => value * value) }),
});

async function serving(): Promise<Server> {
  const server = createServer([counts, square], quietLoopback);
  await server.ready;
  return server;
}

test("all responses, typed", async () => {
  await using server = await serving();
  const got: number[] = [];
  for await (const { outputs, id } of server.stream({
    model: counts,
    inputs: { n: [5] },
    id: "one",
  })) {
    check.equal(id, "one");
    got.push(...outputs.k.data);
  }
  check.deepEqual(got, [0, 1, 2, 3, 4]);
});

test("no response", async () => {
  await using server = await serving();
  for await (const _ of server.stream({ model: counts, inputs: { n: [0] } })) check.fail();
});

test("a model that answers once is a stream of one", async () => {
  await using server = await serving();
  const got: number[] = [];
  for await (const { outputs } of server.stream({ model: square, inputs: { x: [[3]] } })) {
    got.push(...outputs.y.data);
  }
  check.deepEqual(got, [9]);
});

test("an error comes after the responses before it", async () => {
  await using server = await serving();
  const got: number[] = [];
  const reading = async (): Promise<void> => {
    for await (const { outputs } of server.stream({ model: counts, inputs: { n: [3] } })) {
      got.push(...outputs.k.data);
    }
  };
  await check.rejects(reading, { code: "UNAVAILABLE", message: "three are enough" });
  check.deepEqual(got, [0, 1, 2]);
});

test("who leaves the loop ends the generator", async () => {
  await using server = await serving();
  for await (const _ of server.stream({ model: counts, inputs: { n: [1_000_000] } })) break;
  await server.close();
  check.ok(seen.hasEnded);
  check.ok(seen.pulled < 100, `${seen.pulled} were pulled`);
});

test("a signal ends it", async () => {
  await using server = await serving();
  const controller = new AbortController();
  const stream = server.stream(
    { model: counts, inputs: { n: [1_000_000] } },
    { signal: controller.signal },
  );
  await stream.next();
  controller.abort();
  const rest = async (): Promise<void> => {
    for await (const _ of stream);
  };
  await check.rejects(rest, { code: "CANCELLED" });
});

test("what is wrong with the call is told when the first response is asked for", async () => {
  await using server = await serving();
  const stream = server.stream({ model: "nobody", inputs: {} });
  await check.rejects(stream.next(), { code: "NOT_FOUND" });
  const wrong = server.stream({ model: counts, inputs: { n: [1] }, idd: "" } as never);
  await check.rejects(wrong.next(), { message: /^stream\(\): unknown option 'request\.idd'/ });
});

test("infer() does not take one of many responses", async () => {
  await using server = await serving();
  const why = "model 'counts' streams: it has any number of responses; use stream()";
  await check.rejects(server.infer({ model: counts, inputs: { n: [5] } }), { message: why });
});

test("on a test server", async () => {
  await using server = await testServer(counts);
  const got: number[] = [];
  for await (const { outputs } of server.stream({ model: counts, inputs: { n: [100] } })) {
    got.push(...outputs.k.data);
  }
  check.equal(got.length, 100);
  const [{ success, responses } = check.fail()] = server.statistics();
  check.deepEqual([success.count, responses.length], [1, 101]);
});
