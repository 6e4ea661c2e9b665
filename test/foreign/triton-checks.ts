/**
 * Our client against Triton, beyond the contract: what only a server of another maker can show.
 *
 * No part of `npm test`: the server is installed for it. Checks are one after another, because some
 * load and unload models.
 */
import { strict as check } from "node:assert";
import test from "node:test";
import { type Client, ClientError, responseOf, Tensor } from "shoal/client";
import { until } from "../until.ts";
import { ways } from "./foreign-clients.ts";

const ones = Tensor.from("INT32", new Int32Array(16).fill(1), [1, 16]);
/** Each value that its datatype could lose. */
const values = {
  BOOL: Uint8Array.of(0, 1, 1),
  INT8: Int8Array.of(-128, 0, 127),
  INT16: Int16Array.of(-32_768, 0, 32_767),
  INT32: Int32Array.of(-(2 ** 31), 0, 2 ** 31 - 1),
  INT64: BigInt64Array.of(-(2n ** 63n), 9_007_199_254_740_993n, 2n ** 63n - 1n),
  UINT8: Uint8Array.of(0, 1, 255),
  UINT16: Uint16Array.of(0, 1, 65_535),
  UINT32: Uint32Array.of(0, 1, 2 ** 32 - 1),
  UINT64: BigUint64Array.of(0n, 9_007_199_254_740_993n, 2n ** 64n - 1n),
  FP32: Float32Array.of(-1.5, 3.4e38, 1e-38),
  FP64: Float64Array.of(-0.1, 1e300, Number.EPSILON),
} as const;

for (const [way, connect] of Object.entries(ways)) {
  const client = connect();
  test(`sends what is larger than the model takes in parts: ${way}`, async () => {
    const rows = 70;
    const given = Int32Array.from({ length: 16 * rows }, (_, index) => index);
    const INPUT0 = Tensor.from("INT32", given, [rows, 16]);
    const outputs = await client.model("add_sub").inferBatch({ INPUT0, INPUT1: INPUT0 });
    check.deepEqual(outputs["OUTPUT0"]?.shape, [rows, 16]);
    check.deepEqual(
      intsOf(outputs["OUTPUT0"]),
      given.map((value) => 2 * value),
    );
  });

  for (const [datatype, given] of Object.entries(values)) {
    test(`${datatype} comes back as it was: ${way}`, async () => {
      const tensor = Tensor.from(datatype as "FP32", given as Float32Array);
      const inputs = { [datatype]: tensor };
      const outputs = await client.model("types").infer(inputs, { outputs: [datatype] });
      const output = outputs[datatype];
      check.equal(output?.datatype, datatype);
      check.deepEqual(output?.data, tensor.data);
    });
  }

  test(`FP16 is bits, and has no form in JSON: ${way}`, async () => {
    const bits = Tensor.from("FP16", Uint16Array.of(0x3c00, 0xc000));
    const infer = () => client.model("types").infer({ FP16: bits });
    if (way.includes("JSON")) await rejects({ kind: "invalid" }, /FP16/, infer);
    else check.deepEqual((await infer())["FP16"]?.data, bits.data);
  });

  test(`a tensor of 400 kB: ${way}`, async () => {
    const given = Float32Array.from({ length: 100_000 }, (_, index) => index / 7);
    const { FP32 } = await client.model("types").infer({ FP32: given });
    check.deepEqual(FP32?.data, given);
  });

  test(`keeps sequences apart: ${way}`, async () => {
    const [one, other] = [client.sequence(), client.sequence()].map((each) => each.model("total"));
    const totals: number[] = [];
    for (const [model, value] of [
      [one, 1],
      [other, 10],
      [one, 2],
      [other, 20],
    ] as const) {
      const { y } = (await model?.inferSample({ x: [value] })) ?? {};
      totals.push(...intsOf(y));
    }
    const last = await one?.inferSample({ x: [3] }, { isLast: true });
    check.deepEqual([...totals, ...intsOf(last?.["y"])], [1, 10, 3, 30, 6]);
    await other?.inferSample({ x: [0] }, { isLast: true });
  });

  test(`streams: ${way}`, async () => {
    const model = client.model("counting");
    const indices: number[] = [];
    for await (const outputs of model.stream({ COUNT: [3] }, { id: "s" })) {
      indices.push(...intsOf(outputs["INDEX"]));
      check.deepEqual(outputs["PAIR"]?.shape, [1, 2]);
      check.equal(outputs["PAIR"]?.datatype, "FP32");
      check.equal(responseOf(outputs).id, "s");
    }
    check.deepEqual(indices, [0, 1, 2]);
  });

  test(`streams chosen outputs: ${way}`, async () => {
    const model = client.model("counting");
    for await (const outputs of model.stream({ COUNT: [2] }, { outputs: ["PAIR"] })) {
      check.deepEqual(Object.keys(outputs), ["PAIR"]);
    }
  });

  test(`who stops reading a stream, ends it: ${way}`, async () => {
    const model = client.model("counting");
    for await (const outputs of model.stream({ COUNT: [1_000_000] })) {
      if (intsOf(outputs["INDEX"])[0] === 2) break;
    }
    // The model runs one at a time: this one waits until that one has stopped.
    for await (const outputs of model.stream({ COUNT: [1] })) {
      check.deepEqual([...intsOf(outputs["INDEX"])], [0]);
    }
  });

  test(`streams the one response of a model that does not: ${way}`, async () => {
    for await (const { TEXT } of client.model("strings").stream({ TEXT: [["a"]] })) {
      check.deepEqual(TEXT?.data, ["a!"]);
    }
  });

  test(`a model that fails: ${way}`, async () => {
    const model = client.model("failing");
    const internal = { kind: "server", code: "INTERNAL" } as const;
    await rejects(internal, /no luck today/, () => model.infer({ x: [1] }));
    // An error of a gRPC stream has no code.
    await rejects({ kind: "server" }, /no luck today/, () => model.stream({ x: [1] }).next());
  });

  test(`counts: ${way}`, async () => {
    const inferences = async (): Promise<number> => {
      const { model_stats } = await client.model("add_sub").statistics();
      return Number((model_stats as readonly { inference_count: number }[])[0]?.inference_count);
    };
    const before = await inferences();
    await client.model("add_sub").infer({ INPUT0: ones, INPUT1: ones });
    // It counts when it has answered.
    await until(async () => (await inferences()) > before);
    check.equal(await inferences(), before + 1);
    const all = (await client.statistics())["model_stats"] as readonly unknown[];
    check.equal(all.length, (await client.index()).length);
  });

  test(`loads and unloads: ${way}`, async () => {
    const model = client.model("slow");
    await client.unload("slow");
    await untilUnloaded(client, "slow");
    check.equal(await model.isReady(), false);
    await rejects({ kind: "server", code: "NOT_FOUND" }, /slow/, () => model.infer({ x: [[1]] }));
    const config = { ...(await repositoryConfig(client)), parameters: secondsOf("0.01") };
    await client.load("slow", { config });
    check.deepEqual((await model.config())["parameters"], secondsOf("0.01"));
    check.deepEqual((await model.infer({ x: [[2]] }))["y"]?.data, Float32Array.of(2));
    // Loaded again, it would keep what it was loaded with.
    await client.unload("slow");
    await untilUnloaded(client, "slow");
    await client.load("slow");
    check.deepEqual((await model.config())["parameters"], secondsOf("0.5"));
    await rejects({ kind: "server" }, /nope/, () => client.load("nope"));
  });

  test(`settings of its log and its traces: ${way}`, async () => {
    const before = await client.logSettings();
    check.equal((await client.logSettings({ log_verbose_level: 1 }))["log_verbose_level"], 1);
    check.deepEqual(await client.logSettings({ log_verbose_level: 0 }), before);
    const changed = await client.traceSettings({ trace_rate: "7" });
    check.equal(changed["trace_rate"], "7");
    await client.traceSettings({ trace_rate: "1000" });
    const model = client.model("add_sub");
    check.equal((await model.traceSettings({ trace_rate: "9" }))["trace_rate"], "9");
    check.equal((await model.traceSettings({ trace_rate: null }))["trace_rate"], "1000");
  });

  test(`ends: ${way}`, () => client.close());
}

function intsOf(tensor: { readonly data: unknown } | undefined): Int32Array {
  check.ok(tensor?.data instanceof Int32Array);
  return tensor.data;
}

function secondsOf(text: string): object {
  return { seconds: { string_value: text } };
}

/** As the server completes it. */
async function repositoryConfig(client: Client): Promise<object> {
  await client.load("slow");
  return await client.model("slow").config();
}

/** An unload is answered before it has happened. */
async function untilUnloaded(client: Client, name: string): Promise<void> {
  for (let state: string | undefined = "UNLOADING"; state === "UNLOADING"; ) {
    state = (await client.index()).find((entry) => entry.name === name)?.state;
  }
}

async function rejects(
  expected: Partial<Pick<ClientError, "kind" | "code">>,
  message: RegExp,
  act: () => Promise<unknown>,
): Promise<void> {
  await check.rejects(act, (error) => {
    check.ok(error instanceof ClientError, String(error));
    const { kind, code } = error;
    check.deepEqual({ kind, code, ...expected }, { kind, code });
    check.match(error.message, message);
    return true;
  });
}
