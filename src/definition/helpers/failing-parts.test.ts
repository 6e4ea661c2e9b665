/** A part of a batch that fails: whose it is, who else is called, and what the others get. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { InferenceError } from "../../protocol/errors.ts";
import { failuresOf, runBatch } from "../../testing/helper-batch.ts";
import { model } from "../model.ts";
import { bytes, fp32 } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { UnrecoverableError } from "../unrecoverable-error.ts";
import { eachRequest } from "./each-request.ts";
import { groupByValues } from "./group-by-values.ts";
import { sample } from "./sample.ts";

const tensors = {
  inputs: { x: fp32(1) },
  outputs: { y: fp32(-1), text: bytes(2) },
} as const;
const x = Tensor.from("FP32", [[1], [2], [3], [4]]);
const requests = [{ rows: 1 }, { rows: 2 }, { rows: 1 }];

interface Given {
  readonly x: Tensor<"FP32">;
}

function echo({ x: given }: Given) {
  return { y: given, text: Array.from(given.data, (value) => [`${value}`, "!"]) };
}

const guilty = new InferenceError("INVALID_ARGUMENT", "2 is guilty");

for (const concurrency of [0, 1, 2, 3]) {
  const how = concurrency === 0 ? "sync" : `async, ${concurrency} at a time`;
  test(`eachRequest, ${how}: one that fails is answered alone, and each is called once`, async () => {
    const called: number[] = [];
    const infer = (given: Given) => {
      const [first = 0] = given.x.data;
      called.push(first);
      if (first === 2) throw guilty;
      return echo(given);
    };
    const later = async (given: Given) => {
      await Promise.resolve();
      return infer(given);
    };
    const built =
      concurrency === 0
        ? model("m", { ...tensors, infer: eachRequest(infer) })
        : model("m", { ...tensors, infer: eachRequest({ concurrency }, later) });
    const { outputs, told } = await runBatch(built, { x }, requests);
    check.deepEqual(failuresOf(told), [[1, "INVALID_ARGUMENT", "2 is guilty"]]);
    check.deepEqual(called.sort(), [1, 2, 4]);
    check.deepEqual(outputs, {
      y: [[1], [0], [0], [4]],
      text: [
        ["1", "!"],
        ["", ""],
        ["", ""],
        ["4", "!"],
      ],
    });
  });
}

test("an error that is not for callers stays with the model", async () => {
  const infer = eachRequest((given: Given) => {
    if (given.x.rows === 2) throw new Error("/secret/path");
    return echo(given);
  });
  const { told } = await runBatch(model("m", { ...tensors, infer }), { x }, requests);
  check.deepEqual(failuresOf(told), [[1, "INTERNAL", "model 'm' failed: internal error"]]);
});

test("all fail: each has its own error, and there is a batch all the same", async () => {
  const infer = eachRequest((given: Given) => {
    throw new InferenceError("NOT_FOUND", `no ${given.x.data[0]}`);
  });
  const { outputs, told } = await runBatch(model("m", { ...tensors, infer }), { x }, requests);
  check.deepEqual(failuresOf(told), [
    [0, "NOT_FOUND", "no 1"],
    [1, "NOT_FOUND", "no 2"],
    [2, "NOT_FOUND", "no 4"],
  ]);
  check.deepEqual(outputs["y"], [[], [], [], []]);
});

test("a request that the function has failed itself needs no outputs", async () => {
  const infer = eachRequest((given: Given, { fail }) => {
    if (given.x.rows === 2) fail(0, guilty);
    return given.x.rows === 2 ? ({} as never) : echo(given);
  });
  const { told } = await runBatch(model("m", { ...tensors, infer }), { x }, requests);
  check.deepEqual(failuresOf(told), [[1, "INVALID_ARGUMENT", "2 is guilty"]]);
});

test("the only request of a batch fails the batch", async () => {
  for (const helper of [eachRequest, sample]) {
    const infer = helper((): never => {
      throw guilty;
    });
    const built = model("m", { ...tensors, infer });
    await check.rejects(runBatch(built, { x }, [{ rows: 4 }]), { message: "2 is guilty" });
  }
});

test("one that cannot go on takes all with it", async () => {
  const infer = eachRequest((): never => {
    throw new UnrecoverableError("no device");
  });
  const built = model("m", { ...tensors, infer });
  await check.rejects(runBatch(built, { x }, requests), /cannot go on/);
});

test("sample: the other rows of a request that has failed are not computed", async () => {
  const called: number[] = [];
  const infer = sample((given: Given) => {
    const [first = 0] = given.x.data;
    called.push(first);
    if (first === 2) throw guilty;
    return { y: given.x, text: ["a", "b"] };
  });
  const { outputs, told } = await runBatch(model("m", { ...tensors, infer }), { x }, requests);
  check.deepEqual(failuresOf(told), [[1, "INVALID_ARGUMENT", "2 is guilty"]]);
  check.deepEqual(called, [1, 2, 4]);
  check.deepEqual(outputs["y"], [[1], [0], [0], [4]]);
});

test("groupByValues: a group of one request fails it, a larger one the batch", async () => {
  const built = model("m", {
    ...tensors,
    infer: groupByValues(["x"], (given) => {
      if (given.x.data[0] === 2) throw guilty;
      return echo(given);
    }),
  });
  const { outputs, told } = await runBatch(built, { x }, requests);
  check.deepEqual(failuresOf(told), [[1, "INVALID_ARGUMENT", "2 is guilty"]]);
  check.deepEqual(outputs["y"], [[1], [0], [0], [4]]);
  const shared = Tensor.from("FP32", [[1], [2], [2], [2]]);
  const alone = [{ rows: 1 }, { rows: 1 }, { rows: 1 }, { rows: 1 }];
  await check.rejects(runBatch(built, { x: shared }, alone), { message: "2 is guilty" });
});

test("whoever has gone is not computed for", async () => {
  const called: string[] = [];
  const infer = eachRequest((given: Given, { requests: [request] }) => {
    called.push(request?.id ?? "");
    return echo(given);
  });
  const gone = requests.map((each, index) => ({ ...each, hasGone: () => index === 1 }));
  const { told } = await runBatch(model("m", { ...tensors, infer }), { x }, gone);
  check.deepEqual([called, told], [["0", "2"], []]);
});
