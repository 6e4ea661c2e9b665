/**
 * Streams of parts whose requests have rows in several of them: who waits for whom, and what ends
 * when something goes wrong. Parts here are groups by `g`.
 */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { InferenceError } from "../../protocol/errors.ts";
import { runBatch, type Told } from "../../testing/helper-batch.ts";
import { model } from "../model.ts";
import { fp32, uint8 } from "../specifications.ts";
import { Tensor } from "../tensor.ts";
import { UnrecoverableError } from "../unrecoverable-error.ts";
import { eachRequest } from "./each-request.ts";
import { groupByValues } from "./group-by-values.ts";
import { sample } from "./sample.ts";

const tensors = { inputs: { x: fp32(1), g: uint8(1) }, outputs: { y: fp32(1) } } as const;

/** Request 0 is in groups 1 and 2, request 1 in group 2, request 2 in group 3. */
const x = Tensor.from("FP32", [[1], [2], [3], [4]]);
const g = Tensor.from("UINT8", [[1], [2], [2], [3]]);
const requests = [{ rows: 2 }, { rows: 1 }, { rows: 1 }];

function toldTo(told: readonly Told[], index: number): unknown[] {
  return told.flatMap(([request, what]) => {
    if (request !== index) return [];
    return [what instanceof Error ? what.message : what === "end" ? what : what["y"]];
  });
}

test("an error of one part fails the requests in it, and holds up no other", async () => {
  const ended: number[] = [];
  const built = model("m", {
    ...tensors,
    infer: groupByValues(["g"], async function* (given) {
      const [group = 0] = given.g.data;
      try {
        yield await Promise.resolve({ y: given.x });
        if (group === 1) throw new InferenceError("INVALID_ARGUMENT", "group 1 is guilty");
        yield { y: given.x };
        yield { y: given.x };
      } finally {
        ended.push(group);
      }
    }),
  });
  const { told } = await runBatch(built, { x, g }, requests);
  check.deepEqual(toldTo(told, 0), [[[1], [2]], "group 1 is guilty"]);
  check.deepEqual(toldTo(told, 1), [[[3]], [[3]], [[3]], "end"]);
  check.deepEqual(toldTo(told, 2), [[[4]], [[4]], [[4]], "end"]);
  check.deepEqual(ended.sort(), [1, 2, 3]);
});

test("a part that ends early fails the requests that go on elsewhere", async () => {
  const built = model("m", {
    ...tensors,
    infer: groupByValues(["g"], function* (given) {
      const [group = 0] = given.g.data;
      for (let k = 0; k < group; k += 1) yield { y: given.x };
    }),
  });
  const { told } = await runBatch(built, { x, g }, requests);
  const why =
    "model 'm': groupByValues: the rows of a request must get equally many responses: " +
    "some have ended, others have not";
  check.deepEqual(toldTo(told, 0), [[[1], [2]], why]);
  check.deepEqual(toldTo(told, 1), [[[3]], [[3]], "end"]);
  check.deepEqual(toldTo(told, 2), [[[4]], [[4]], [[4]], "end"]);
});

test("a wrong response fails its requests, with the helper's name", async () => {
  const built = model("m", {
    ...tensors,
    infer: groupByValues(["g"], function* (given) {
      yield { y: given.g.data[0] === 3 ? x : given.x };
    }),
  });
  const { told } = await runBatch(built, { x, g }, requests);
  check.deepEqual(toldTo(told, 1), [[[3]], "end"]);
  check.deepEqual(toldTo(told, 2), [
    "model 'm': groupByValues: output 'y' must be of shape [1,1]; got [4,1]",
  ]);
});

test("a function that sends: each part to its requests, and its errors to them alone", async () => {
  const built = model("m", {
    ...tensors,
    decoupled: true,
    infer: groupByValues(["g"], async (given, { send, fail, requests: own, rows }) => {
      const [group = 0] = given.g.data;
      if (group === 3) throw new InferenceError("UNAVAILABLE", "group 3 is tired");
      check.equal(rows, given.x.rows);
      for (const [index, { firstRow, rows: count }] of own.entries()) {
        await send(index, { y: given.x.slice(firstRow, firstRow + count) });
        if (own.length === 2 && index === 1) fail(index, new InferenceError("UNKNOWN", "enough"));
      }
    }),
  });
  const { told } = await runBatch(built, { x, g }, requests);
  check.deepEqual(toldTo(told, 0), [[[1], [2]], "end"]);
  check.deepEqual(toldTo(told, 1), [[[3]], "enough"]);
  check.deepEqual(toldTo(told, 2), ["group 3 is tired"]);
});

test("what is sent and not awaited may go wrong: its request learns of it", async () => {
  const built = model("m", {
    ...tensors,
    decoupled: true,
    infer: eachRequest(({ x: own }, { send }) => {
      void send(0, { y: own.rows === 2 ? x : own }, { isFinal: true });
      void send(7, { y: own });
    }),
  });
  const { told } = await runBatch(built, { x, g }, requests);
  check.deepEqual(toldTo(told, 0), [
    "model 'm': eachRequest: output 'y' must be of shape [2,1]; got [4,1]",
  ]);
  check.deepEqual(toldTo(told, 1), [[[3]], "end"]);
});

test("one that cannot go on ends all, though others wait for it", async () => {
  const built = model("m", {
    ...tensors,
    infer: groupByValues(["g"], function* (given) {
      if (given.g.data[0] === 2) throw new UnrecoverableError("no device");
      yield { y: given.x };
    }),
  });
  await check.rejects(runBatch(built, { x, g }, requests), /cannot go on and is out of service/);
});

test("neither a generator nor nothing: told as by the batch itself", async () => {
  const built = model("m", {
    ...tensors,
    decoupled: true,
    infer: sample(async () => await Promise.resolve(5 as never)),
  });
  const { told } = await runBatch(built, { x, g }, requests);
  const why = "infer of a model that streams must be a generator, or return nothing; got number";
  check.deepEqual(toldTo(told, 0), [`model 'm': ${why}`]);
});
