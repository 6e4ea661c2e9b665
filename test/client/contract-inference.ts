/** Cases of the client's contract (contract.ts): inference that goes well. */
import { type Client, responseOf, Tensor } from "shoal/client";
import {
  addSub,
  type ContractCase,
  contractCase,
  fails,
  failureOf,
  needing,
  nested,
  sixteen,
} from "./contract-case.ts";

export const inference: readonly ContractCase[] = [
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

  contractCase("infer: the most likely classes", async (client, check) => {
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
