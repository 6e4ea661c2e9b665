/** Models that are loaded anew with other tensors, while a client knows the old ones. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { fp32, fp64, int32, model, type Server } from "shoal";
import { createClient } from "shoal/client";
import { startServer } from "../conformance/server.ts";
import { fails } from "./failures.ts";

const asFloats = model("m", {
  inputs: { x: fp32(2) },
  outputs: { y: fp32(2) },
  infer: ({ x }) => ({ y: x }),
});

const asWholes = model("m", {
  inputs: { x: int32(2) },
  outputs: { y: int32(2) },
  infer: ({ x }) => ({ y: x }),
});

const withAnother = model("m", {
  batching: false,
  inputs: { x: fp64(3), z: fp64(1) },
  outputs: { y: fp64(3) },
  infer: ({ x }) => ({ y: x }),
});

async function reload(server: Server, to: typeof asFloats | typeof asWholes | typeof withAnother) {
  await server.unbind("m");
  await server.bind(to);
}

const changes = ["infer", "stream"] as const;

for (const how of changes) {
  test(`${how}: what fits the new model as well is sent again as it wants it`, async () => {
    await using started = await startServer(asFloats);
    using client = createClient(started.url);
    const m = client.model("m");
    check.equal((await m.infer({ x: [[1, 2]] }))["y"]?.datatype, "FP32");
    await reload(started.server, asWholes);
    if (how === "stream") {
      // It has begun: this one fails, and the next knows.
      await fails(m.stream({ x: [[3, 4]] }).next(), { kind: "server", code: "INVALID_ARGUMENT" });
      const { value } = await m.stream({ x: [[3, 4]] }).next();
      check.deepEqual(value?.["y"]?.toNested(), [[3, 4]]);
    } else {
      const { y } = await m.infer({ x: [[3, 4]] });
      check.deepEqual([y?.datatype, y?.toNested()], ["INT32", [[3, 4]]]);
    }
  });

  test(`${how}: what fits the new one alone is sent`, async () => {
    await using started = await startServer(asFloats);
    using client = createClient(started.url);
    const m = client.model("m");
    await m.infer({ x: [[1, 2]] });
    await reload(started.server, withAnother);
    const inputs = { x: [1, 2, 3], z: [0] };
    const outputs = how === "infer" ? await m.infer(inputs) : (await m.stream(inputs).next()).value;
    check.deepEqual(outputs?.["y"]?.toNested(), [1, 2, 3]);
  });

  test(`${how}: what fits the old one alone is refused, by what is so now`, async () => {
    await using started = await startServer(asFloats);
    using client = createClient(started.url);
    const m = client.model("m");
    await m.infer({ x: [[1, 2]] });
    await reload(started.server, asWholes);
    const wrong = (): Promise<unknown> => {
      const inputs = { x: [[1.5, 2.5]] };
      return how === "infer" ? m.infer(inputs) : m.stream(inputs).next();
    };
    if (how === "stream") await fails(wrong(), { kind: "server", code: "INVALID_ARGUMENT" });
    const said = /model 'm': input 'x' 1.5 is not a value of INT32/;
    await fails(wrong(), { kind: "invalid", says: said });
  });
}

test("inferBatch and inferSample follow the new model, too", async () => {
  await using started = await startServer(asFloats);
  using client = createClient(started.url);
  const m = client.model("m");
  await m.inferBatch({ x: [[1, 2]] });
  await reload(started.server, withAnother);
  const refused = m.inferBatch({ x: [[1, 2, 3]], z: [[0]] });
  await fails(refused, { kind: "invalid", says: /does not batch/ });
  const { y } = await m.inferSample({ x: [1, 2, 3], z: 0 });
  check.deepEqual(y?.toNested(), [1, 2, 3]);
});

test("a model that is gone is the server's error, and back again it serves", async () => {
  await using started = await startServer(asFloats);
  using client = createClient(started.url, { maxRetries: 0 });
  const m = client.model("m");
  await m.infer({ x: [[1, 2]] });
  await started.server.unbind("m");
  await fails(m.infer({ x: [[1, 2]] }), { kind: "server", says: /no available versions/ });
  await started.server.bind(asFloats);
  check.deepEqual((await m.infer({ x: [[5, 6]] }))["y"]?.toNested(), [[5, 6]]);
});
