/** A request's way through the steps of an ensemble, whose models say what the test tells them. */
import { strict as check } from "node:assert";
import test from "node:test";
import { InferenceError } from "../protocol/errors.ts";
import { inferRequest } from "../testing/core-fixture.ts";
import { Caller, chain, chained, Fixture, streaming } from "../testing/ensemble-calls.ts";
import { ensembleConfig, stepConfig, stepModel } from "../testing/ensemble-fixture.ts";
import { HeldModel, tensor } from "../testing/step-models.ts";
import { checkedEnsemble, letGoOf } from "./ensemble-scheduler.ts";

const sequenceParameters = { sequence_id: 0, sequence_start: false, sequence_end: false };
const broken = new InferenceError("INTERNAL", "model 'a' failed", { reason: "BACKEND" });

test("a step gets what the one before it gave, the same bytes under another name", () => {
  const fixture = chained();
  const { caller } = fixture.send({ id: "7", parameters: { k: 1 }, priority: 2, timeoutMs: 9 }, 40);
  const { request, options } = fixture.model("a").last;
  check.deepEqual(fixture.model("a").last.inputs, { x: [5] });
  check.deepEqual(
    [request.id, request.parameters, request.priority, request.timeoutMs],
    ["7", { k: 1 }, 2, 9],
  );
  check.deepEqual([request.modelName, request.modelVersion], ["a", 1]);
  check.deepEqual(options, { deadlineMs: 40, isInternal: true, held: undefined });
  check.equal(fixture.model("b").calls.length, 0);
  const between = tensor("y", [6]);
  fixture.model("a").last.respondWith([between]);
  check.equal(fixture.model("b").last.request.inputs[0]?.chunks, between.chunks);
  fixture.model("b").last.respond({ y: 7 });
  check.deepEqual(caller.heard, [[{ Y: [7] }, "final"]]);
  const [response] = caller.responses;
  check.deepEqual([response?.modelName, response?.modelVersion, response?.id], ["e", 1, "7"]);
  check.deepEqual(response?.parameters, sequenceParameters);
  check.equal(response?.isShared, undefined);
  check.deepEqual(fixture.holdCounts, [0, 0]);
  check.equal(fixture.scheduler.isIdle, true);
});

test("steps that need nothing of each other run side by side", () => {
  const models = ["a", "b", "c"].map((name) =>
    stepModel({ name, inputs: name === "c" ? ["x", "w"] : ["x"] }),
  );
  const fixture = new Fixture(models, {
    steps: [
      stepConfig("c", { x: "T", w: "U" }, { y: "Y" }),
      stepConfig("a", { x: "X" }, { y: "T" }),
      stepConfig("b", { x: "X" }, { y: "U" }),
    ],
  });
  const { caller } = fixture.send();
  check.deepEqual([fixture.model("a").calls.length, fixture.model("b").calls.length], [1, 1]);
  fixture.model("b").last.respond({ y: 2 }, { computeMs: 3 });
  check.equal(fixture.model("c").calls.length, 0);
  fixture.model("a").last.respond({ y: 1 }, { computeMs: 4 });
  check.deepEqual(fixture.model("c").last.inputs, { x: [1], w: [2] });
  fixture.clock.advance(5);
  fixture.model("c").last.respond({ y: 3 });
  check.deepEqual(caller.heard, [[{ Y: [3] }, "final"]]);
  const { success, queue, computeInput, computeInfer, executionCount, batches } =
    fixture.snapshot();
  check.deepEqual(
    [success, queue],
    [
      { count: 1, ns: 5e6 },
      { count: 1, ns: 0 },
    ],
  );
  check.deepEqual([computeInput.ns, computeInfer.ns], [1.5e6, 8e6]);
  check.deepEqual([executionCount, batches.length], [1, 1]);
});

test("what two read is marked, so that neither writes to it", () => {
  const steps = [...chain, stepConfig("b", { x: "T" }, { y: "Z" })];
  const fixture = chained({ steps, outputs: ["Y", "Z", "T"] });
  const { caller } = fixture.send();
  check.equal(fixture.model("a").last.request.inputs[0]?.isShared, undefined);
  fixture.model("a").last.respond({ y: 6 });
  const [one, other] = fixture.model("b").calls;
  check.deepEqual(
    [one?.request.inputs[0]?.isShared, other?.request.inputs[0]?.isShared],
    [true, true],
  );
  one?.respondWith([{ ...one.request.inputs[0]!, name: "y" }]);
  other?.respond({ y: 8 });
  check.deepEqual(caller.heard, [[{ Y: [6], Z: [8], T: [6] }, "final"]]);
  check.equal(caller.responses[0]?.isShared, true);
});

test("a cached answer of a step stays everybody's, also where it is handed on", () => {
  const fixture = chained();
  const { caller } = fixture.send();
  fixture.model("a").last.respond({ y: 6 }, { isShared: true });
  const { request } = fixture.model("b").last;
  check.equal(request.inputs[0]?.isShared, true);
  fixture.model("b").last.respondWith([{ ...request.inputs[0]!, name: "y" }]);
  check.equal(caller.responses[0]?.isShared, true);
});

test("only what is asked for comes back; every step runs", () => {
  const fixture = chained({ outputs: ["T", "Y"] });
  const { caller } = fixture.send({ requestedOutputs: ["T"] });
  fixture.model("a").last.respond({ y: 6 });
  check.deepEqual(caller.heard, []);
  fixture.model("b").last.respond({ y: 7 });
  check.deepEqual(caller.heard, [[{ T: [6] }, "final"]]);
});

test("an absent tensor is left out: of a step's request, and of the response", () => {
  const optional = stepModel({
    name: "b",
    inputs: ["x", "w"],
    optional: ["x"],
    outputs: ["y", "z"],
  });
  const steps = [
    stepConfig("a", { x: "X", w: "W" }, { y: "T" }),
    stepConfig("b", { x: "T", w: "X" }, { y: "Y", z: "Z" }),
  ];
  const first = stepModel({ name: "a", inputs: ["x", "w"], optional: ["w"] });
  const inputs = { inputs: ["X", "W"], optional: ["W"], outputs: ["Y", "Z"] };
  const fixture = new Fixture([first, optional], { steps, ...inputs });
  const { caller } = fixture.send();
  check.deepEqual(fixture.model("a").last.inputs, { x: [5] });
  fixture.model("a").last.respond({});
  check.deepEqual(fixture.model("b").last.inputs, { w: [5] });
  fixture.model("b").last.respond({ z: 1 });
  check.deepEqual(caller.heard, [[{ Z: [1] }, "final"]]);
});

test("a batch dimension of one row comes and goes, if the rest fits", () => {
  const models = [
    stepModel({ name: "a", maxBatchSize: 4, dims: [2] }),
    stepModel({ name: "b", dims: [2] }),
  ];
  const fixture = new Fixture(models, { steps: chain, maxBatchSize: 4, dims: [2] });
  const { caller } = fixture.send({ inputs: [tensor("X", [1, 2], [1, 2])] });
  fixture.model("a").last.respondWith([tensor("y", [3, 4], [1, 2])]);
  check.deepEqual(fixture.model("b").last.request.inputs[0]?.shape, [2]);
  fixture.model("b").last.respondWith([tensor("y", [5, 6], [2])]);
  check.deepEqual(caller.responses[0]?.outputs[0]?.shape, [1, 2]);
});

test("more rows are left as they are, for the model to refuse", () => {
  const models = [
    stepModel({ name: "a", maxBatchSize: 4, dims: [2] }),
    stepModel({ name: "b", dims: [2] }),
  ];
  const fixture = new Fixture(models, { steps: chain, maxBatchSize: 4, dims: [2] });
  fixture.send({ inputs: [tensor("X", [1, 2, 3, 4], [2, 2])] });
  fixture.model("a").last.respondWith([tensor("y", [1, 2, 3, 4], [2, 2])]);
  check.deepEqual(fixture.model("b").last.request.inputs[0]?.shape, [2, 2]);
});

test("the sequence is handed on, until a step names another one for those after it", () => {
  const steps = [...chain, stepConfig("b", { x: "X" }, { y: "Z" })];
  const fixture = chained({ steps, outputs: ["Y", "Z"] });
  const sequence = { id: 3n, isStart: true, isEnd: false };
  const { caller } = fixture.send({ sequence });
  check.deepEqual(fixture.model("a").last.request.sequence, sequence);
  check.deepEqual(fixture.model("b").last.request.sequence, sequence);
  const parameters = { sequence_id: 8, sequence_start: false, sequence_end: true };
  fixture.model("a").last.respond({ y: 1 }, { parameters });
  const changed = { id: 8n, isStart: false, isEnd: true };
  check.deepEqual(fixture.model("b").last.request.sequence, changed);
  for (const call of fixture.model("b").calls) call.respond({ y: 2 });
  const told = { sequence_id: 3n, sequence_start: true, sequence_end: false };
  check.deepEqual(caller.responses[0]?.parameters, told);
});

test("an error starts nothing new, waits for what runs, and names the ensemble", () => {
  const steps = [...chain, stepConfig("b", { x: "X" }, { y: "Z" })];
  const fixture = chained({ steps, outputs: ["Y", "Z"] });
  const { caller } = fixture.send();
  fixture.model("a").last.fail(broken);
  check.deepEqual(caller.heard, []);
  check.equal(fixture.model("b").last.isCancelled, false);
  fixture.model("b").last.fail(new InferenceError("UNAVAILABLE", "later"));
  check.deepEqual(caller.heard, [["INTERNAL", "in ensemble 'e', model 'a' failed", "OTHER"]]);
  check.equal(fixture.model("b").calls.length, 1);
  check.deepEqual(fixture.snapshot().failures, { REJECTED: 0, CANCELED: 0, BACKEND: 0, OTHER: 1 });
  check.deepEqual(fixture.holdCounts, [0, 0]);
});

test("what a step's model refuses at once is an error like any other", () => {
  const fixture = chained();
  fixture.model("b").onCall = () => {
    throw new InferenceError("INVALID_ARGUMENT", "unexpected shape");
  };
  const { caller } = fixture.send();
  fixture.model("a").last.respond({ y: 6 });
  const text = "in ensemble 'e', unexpected shape";
  check.deepEqual(caller.heard, [["INVALID_ARGUMENT", text, "OTHER"]]);
});

test("models that answer within the call", () => {
  const fixture = chained();
  for (const name of ["a", "b"]) fixture.model(name).onCall = (call) => call.respond({ y: 1 });
  check.deepEqual(fixture.send().caller.heard, [[{ Y: [1] }, "final"]]);
});

test("a caller who leaves takes all steps with him, once", () => {
  const steps = [...chain, stepConfig("b", { x: "X" }, { y: "Z" })];
  const fixture = chained({ steps, outputs: ["Y", "Z"] });
  const { caller, pending } = fixture.send();
  pending.cancel();
  pending.cancel();
  check.deepEqual(caller.heard, [["CANCELLED", "Request cancelled", "CANCELED"]]);
  check.deepEqual(
    [fixture.model("a").last.isCancelled, fixture.model("b").last.isCancelled],
    [true, true],
  );
  check.deepEqual(fixture.snapshot().failures.CANCELED, 1);
  check.deepEqual(fixture.holdCounts, [0, 0]);
});

test("a caller who leaves while a step is being called", () => {
  const fixture = chained();
  const { caller, pending } = fixture.send();
  fixture.model("b").onCall = () => pending.cancel();
  fixture.model("a").last.respond({ y: 6 });
  check.deepEqual(caller.heard, [["CANCELLED", "Request cancelled", "CANCELED"]]);
  check.equal(fixture.model("b").last.isCancelled, true);
});

test("each response of a stream goes its own way, and is sent when it has arrived", () => {
  const fixture = streaming();
  const { caller } = fixture.send();
  const { last: stream } = fixture.model("a");
  stream.respond({ y: 1 }, { isFinal: false });
  stream.respond({ y: 2 }, { isFinal: false });
  const [one, two] = fixture.model("b").calls;
  two?.respond({ y: 20 });
  one?.respond({ y: 10 });
  check.deepEqual(caller.heard, [
    [{ Y: [20] }, "more"],
    [{ Y: [10] }, "more"],
  ]);
  stream.respond({});
  check.deepEqual(caller.heard.at(-1), [{}, "final"]);
  const { responses, success } = fixture.snapshot();
  check.equal(success.count, 1);
  check.deepEqual(
    responses.map((place) => [place.success.count, place.emptyResponse.count]),
    [
      [1, 0],
      [1, 0],
      [0, 1],
    ],
  );
});

test("the last response is the end, if it is known to be the last", () => {
  const fixture = streaming();
  const { caller } = fixture.send();
  fixture.model("a").last.respond({ y: 1 });
  fixture.model("b").last.respond({ y: 2 });
  check.deepEqual(caller.heard, [[{ Y: [2] }, "final"]]);
});

test("of two that are there at once, only the last one is the end", () => {
  const fixture = streaming();
  fixture.model("a").onCall = (call) => {
    call.respond({ y: 1 }, { isFinal: false });
    call.respond({ y: 2 });
  };
  fixture.model("b").onCall = (call) => call.respond({ y: 10 });
  check.deepEqual(fixture.send().caller.heard, [
    [{ Y: [10] }, "more"],
    [{ Y: [10] }, "final"],
  ]);
});

test("a response without outputs starts nothing, and is taken at once", () => {
  const fixture = streaming();
  fixture.send();
  const { last: stream } = fixture.model("a");
  stream.respond({}, { isFinal: false });
  check.equal(fixture.model("b").calls.length, 0);
  check.equal(stream.creditCount, 1);
  // Also by whoever says so before the call has returned.
  fixture.model("a").onCall = (call) => call.respond({}, { isFinal: false });
  fixture.send();
  check.equal(fixture.model("a").last.creditCount, 1);
});

test("what is taken before the stream's call has returned is told when it has", () => {
  const fixture = streaming();
  const { caller, pending } = fixture.send();
  caller.onHeard = () => pending.credit(1);
  fixture.model("b").onCall = (call) => call.respond({ y: 10 });
  const { last: stream } = fixture.model("a");
  stream.respond({ y: 1 }, { isFinal: false });
  check.equal(stream.creditCount, 1);
  // Inside a stream, whose call has not returned yet.
  const models = [stepModel({ name: "a" }), stepModel({ name: "b", isDecoupled: true })];
  const inner = new Fixture(models, { steps: chain });
  const reader = inner.send();
  reader.caller.onHeard = () => reader.pending.credit(1);
  inner.model("b").onCall = (call) => call.respond({ y: 10 }, { isFinal: false });
  inner.model("a").last.respond({ y: 1 });
  check.equal(inner.model("b").last.creditCount, 1);
});

test("a stream may be empty", () => {
  const fixture = streaming();
  const { caller } = fixture.send();
  fixture.model("a").last.respond({});
  check.deepEqual(caller.heard, [[{}, "final"]]);
  check.equal(fixture.model("b").calls.length, 0);
});

test("a stream goes on when its reader has taken what came of a response", () => {
  const fixture = streaming();
  const { pending } = fixture.send();
  const { last: stream } = fixture.model("a");
  stream.respond({ y: 1 }, { isFinal: false });
  stream.respond({ y: 2 }, { isFinal: false });
  pending.credit(1);
  check.equal(stream.creditCount, 0);
  for (const call of fixture.model("b").calls) call.respond({ y: 3 });
  check.equal(stream.creditCount, 0);
  pending.credit(1);
  check.equal(stream.creditCount, 1);
  pending.credit(5);
  check.equal(stream.creditCount, 2);
});

test("a stream inside a stream holds it up until it has ended and was taken", () => {
  const stream = { isDecoupled: true };
  const models = [stepModel({ name: "a", ...stream }), stepModel({ name: "b", ...stream })];
  const fixture = new Fixture(models, { steps: chain });
  const { caller, pending } = fixture.send();
  const { last: outer } = fixture.model("a");
  outer.respond({ y: 1 }, { isFinal: false });
  const { last: inner } = fixture.model("b");
  inner.respond({ y: 10 }, { isFinal: false });
  inner.respond({ y: 11 }, { isFinal: false });
  pending.credit(2);
  check.deepEqual([outer.creditCount, inner.creditCount], [0, 2]);
  inner.respond({});
  check.equal(outer.creditCount, 1);
  outer.respond({});
  check.equal(caller.heard.length, 3);
  check.deepEqual(caller.heard.at(-1), [{}, "final"]);
});

test("an error cancels the streams before it, and drops what they still say", () => {
  const fixture = streaming();
  const { caller } = fixture.send();
  const { last: stream } = fixture.model("a");
  stream.respond({ y: 1 }, { isFinal: false });
  stream.respond({ y: 2 }, { isFinal: false });
  fixture.model("b").calls[0]?.fail(broken);
  check.equal(stream.isCancelled, true);
  check.deepEqual(caller.heard, []);
  fixture.model("b").calls[1]?.respond({ y: 3 });
  check.deepEqual(caller.heard, [["INTERNAL", "in ensemble 'e', model 'a' failed", "OTHER"]]);
});

test("after an error nothing that waits is run", () => {
  const fixture = streaming({ maxInflightRequests: 2 });
  const { caller } = fixture.send();
  const { last: stream } = fixture.model("a");
  for (let value = 0; value < 4; value += 1) stream.respond({ y: value }, { isFinal: false });
  const { calls } = fixture.model("b");
  calls[0]?.fail(broken);
  calls[1]?.respond({ y: 10 });
  check.equal(calls.length, 2);
  check.equal(caller.heard.length, 1);
});

test("after an error no step is run with what others still give", () => {
  const models = ["a", "b", "c"].map((name) => stepModel({ name }));
  const steps = [...chain, stepConfig("c", { x: "X" }, { y: "Z" })];
  const fixture = new Fixture(models, { steps, outputs: ["Y", "Z"] });
  const { caller } = fixture.send();
  fixture.model("c").last.fail(broken);
  fixture.model("a").last.respond({ y: 6 });
  check.equal(fixture.model("b").calls.length, 0);
  check.equal(caller.heard.length, 1);
});

test("what the ensemble gives while a step still reads it is marked", () => {
  const steps = [chain[0]!, stepConfig("b", { x: "T" }, { y: "Y" })];
  const models = [stepModel({ name: "a", isDecoupled: true }), stepModel({ name: "b" })];
  const fixture = new Fixture(models, { steps, outputs: ["T", "Y"] });
  const { caller } = fixture.send({ requestedOutputs: ["T"] });
  fixture.model("a").last.respond({ y: 1 }, { isFinal: false });
  check.equal(caller.responses[0]?.isShared, true);
});

test("a reader who leaves from inside a response", () => {
  const fixture = streaming();
  const { caller, pending } = fixture.send();
  caller.onHeard = () => pending.cancel();
  const { last: stream } = fixture.model("a");
  stream.respond({ y: 1 }, { isFinal: false });
  fixture.model("b").last.respond({ y: 2 });
  check.deepEqual(caller.heard, [
    [{ Y: [2] }, "more"],
    ["CANCELLED", "Request cancelled", "CANCELED"],
  ]);
  check.equal(stream.isCancelled, true);
});

test("maxInflightRequests: what is too much for a step waits, and comes in its order", () => {
  const fixture = streaming({ maxInflightRequests: 2 });
  const { caller, pending } = fixture.send();
  const { last: stream } = fixture.model("a");
  for (let value = 0; value < 4; value += 1) stream.respond({ y: value }, { isFinal: false });
  const { calls } = fixture.model("b");
  check.equal(calls.length, 2);
  stream.respond({});
  calls[1]?.respond({ y: 10 });
  check.deepEqual(
    calls.map(({ inputs }) => inputs["x"]),
    [[0], [1], [2]],
  );
  calls[0]?.respond({ y: 11 });
  calls[2]?.respond({ y: 12 });
  check.equal(calls.length, 4);
  pending.credit(3);
  calls[3]?.respond({ y: 13 });
  check.deepEqual(caller.heard.at(-1), [{ Y: [13] }, "final"]);
});

test("a sink that throws is told of in the log, and harms nobody", () => {
  const fixture = chained();
  const { caller } = fixture.send();
  caller.onHeard = () => {
    throw new Error("the caller fails");
  };
  fixture.model("a").last.respond({ y: 6 });
  fixture.model("b").last.respond({ y: 7 });
  check.deepEqual(fixture.logged, ["the receiver of an answer failed"]);
  check.equal(fixture.scheduler.isIdle, true);
});

test("without one of its models it is down, and up again with it", () => {
  const fixture = chained();
  check.equal(fixture.scheduler.isReady, true);
  fixture.missing = "b";
  check.equal(fixture.scheduler.isReady, false);
  check.equal(fixture.scheduler.whyDown?.message, "no b");
  check.deepEqual(fixture.send().caller.heard, [["NOT_FOUND", "no b", undefined]]);
  fixture.missing = "";
  check.equal(fixture.scheduler.whyDown, undefined);
  check.equal(fixture.snapshot().fail.count, 0);
});

test("it is ready while its models are", () => {
  const fixture = chained();
  Object.assign(fixture.model("b"), { isReady: () => false });
  check.equal(fixture.scheduler.isReady, false);
});

test("a model that cannot be held leaves none of the others held", () => {
  const fixture = chained();
  Object.assign(fixture.model("b"), {
    hold: () => {
      throw new InferenceError("NOT_FOUND", "no b");
    },
  });
  check.deepEqual(fixture.send().caller.heard, [["NOT_FOUND", "no b", undefined]]);
  check.deepEqual(fixture.holdCounts, [0, 0]);
});

test("what streams is never shared", () => {
  const { models } = streaming();
  const find = (name: string): HeldModel => models[name]!;
  const config = { ...ensembleConfig({ steps: chain }), singleFlight: true };
  check.equal(checkedEnsemble(config, find).singleFlight, false);
  const message =
    "Response Cache does not currently support model e with 'decoupled' transaction policy. " +
    "Please disable the response cache.";
  check.throws(() => checkedEnsemble({ ...config, cache: { maxBytes: 1 } }, find), { message });
});

test("what it began with a model, it ends with it", () => {
  const fixture = chained();
  const { caller } = fixture.send();
  check.deepEqual(fixture.holdCounts, [1, 1]);
  fixture.missing = "b";
  fixture.model("a").last.respond({ y: 6 });
  fixture.model("b").last.respond({ y: 7 });
  check.deepEqual(caller.heard, [[{ Y: [7] }, "final"]]);
  check.deepEqual(fixture.holdCounts, [0, 0]);
});

test("who holds the ensemble holds its models, and is served by them", () => {
  const fixture = chained();
  const held = fixture.scheduler.hold();
  check.deepEqual(fixture.holdCounts, [1, 1]);
  fixture.missing = "b";
  const caller = new Caller();
  const request = inferRequest({ modelName: "e", inputs: [tensor("X", [5])] });
  fixture.scheduler.enqueue(request, caller, { deadlineMs: Infinity, isInternal: true, held });
  letGoOf(held.models);
  check.deepEqual(fixture.holdCounts, [1, 1]);
  fixture.model("a").last.respond({ y: 6 });
  fixture.model("b").last.respond({ y: 7 });
  check.deepEqual(caller.heard, [[{ Y: [7] }, "final"]]);
  check.deepEqual(fixture.holdCounts, [0, 0]);
});

test("a model that has changed is checked anew", () => {
  const fixture = chained();
  fixture.send();
  const { config } = fixture.model("b");
  Object.assign(fixture.models, { b: new HeldModel(stepModel({ name: "b", dims: [3] })) });
  check.match(fixture.scheduler.whyDown?.message ?? "", /inconsistent shape/);
  Object.assign(fixture.models, { b: new HeldModel(stepModel({ name: "b", isDecoupled: true })) });
  check.equal(
    fixture.scheduler.whyDown?.message,
    "ensemble 'e' streams now, as its models do: it must be loaded again",
  );
  Object.assign(fixture.models, { b: new HeldModel(config) });
  check.equal(fixture.scheduler.whyDown, undefined);
});

test("a scheduler that drains refuses what is new, and ends what is not", async () => {
  const fixture = chained();
  const { caller } = fixture.send();
  const drained = fixture.scheduler.drain();
  const refusal =
    "[request id: 1] Server is stopping, scheduler for model has stopped accepting new inference requests";
  check.deepEqual(fixture.send({ id: "1" }).caller.heard, [["UNAVAILABLE", refusal, undefined]]);
  fixture.model("a").last.respond({ y: 6 });
  fixture.model("b").last.respond({ y: 7 });
  await drained;
  check.deepEqual(caller.heard, [[{ Y: [7] }, "final"]]);
  fixture.scheduler.close();
  const late = new Caller();
  fixture.scheduler.enqueue(inferRequest(), late, { deadlineMs: Infinity, isInternal: true });
  check.equal(late.heard.length, 1);
});

test("failAll ends what runs", () => {
  const fixture = chained();
  const { caller } = fixture.send();
  fixture.scheduler.failAll(new InferenceError("UNAVAILABLE", "over"));
  check.deepEqual(caller.heard, [["UNAVAILABLE", "over", "OTHER"]]);
  check.equal(fixture.model("a").last.isCancelled, true);
});
