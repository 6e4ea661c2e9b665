/** Classified requests: what the model is given, in which order its answers come, and how they end. */
import { strict as check } from "node:assert";
import test from "node:test";
import { InferenceError } from "../protocol/errors.ts";
import type { InferRequest } from "../protocol/infer.ts";
import { unpackBytes } from "../protocol/packed-bytes.ts";
import { joinBytes } from "../protocol/sliced-bytes.ts";
import { type WireTensor, wireTensor } from "../protocol/tensor.ts";
import { inferRequest, modelConfig } from "../testing/core-fixture.ts";
import { ensembleConfig, stepConfig } from "../testing/ensemble-fixture.ts";
import { responseOf } from "../testing/response-fixture.ts";
import { VirtualClock } from "../testing/virtual-clock.ts";
import { inferClasses, labelsOf } from "./classified-request.ts";
import type { ModelConfig } from "./model-config.ts";
import type { PendingRequest, ResponseSink } from "./scheduler.ts";

const labelled = modelConfig({
  outputs: ["y", "z"].map((name) => ({ name, datatype: "FP32", dims: [-1], isOptional: false })),
});
const config: ModelConfig = {
  ...labelled,
  outputs: labelled.outputs.map((output) => {
    return output.name === "y" ? { ...output, labels: ["cat", "dog"] } : output;
  }),
};

const largeElements = 1_000_000;

/** One row. */
function floats(name: string, values: Float32Array): WireTensor {
  const shape = [1, values.length];
  return wireTensor({ name, datatype: "FP32", shape }, new Uint8Array(values.buffer));
}

/** Of its response `number`. */
function small(number: number): WireTensor {
  return floats("y", Float32Array.of(number, number + 1));
}

function large(): WireTensor {
  return floats("y", new Float32Array(largeElements));
}

/** A model that answers as the test says. */
class Scripted {
  readonly clock: VirtualClock = new VirtualClock();
  readonly heard: string[] = [];
  readonly logged: string[] = [];
  readonly config: ModelConfig = config;
  given: InferRequest | undefined = undefined;
  sink: ResponseSink | undefined = undefined;
  credits = 0;
  cancels = 0;
  atOnce: (sink: ResponseSink) => void = () => {};
  onHeard: () => void = () => {};

  infer(request: InferRequest, sink: ResponseSink): PendingRequest {
    this.given = request;
    this.sink = sink;
    this.atOnce(sink);
    const cancel = (): void => {
      this.cancels += 1;
      sink.fail(new InferenceError("CANCELLED", "Request cancelled"), "CANCELED");
    };
    const credit = (count: number): void => {
      this.credits += count;
    };
    return { cancel, credit };
  }

  ask(classes: readonly (readonly [string, number])[] = [["y", 1]]): PendingRequest {
    const note = (): void => {};
    const error = (message: string): void => void this.logged.push(message);
    return inferClasses(
      this,
      inferRequest({ classes: new Map(classes) }),
      {
        respond: ({ outputs }, isFinal) => {
          this.heard.push(outputs.map(shown).join(" ") + (isFinal ? "." : ""));
          this.onHeard();
        },
        fail: ({ message }, reason) => {
          this.heard.push(`${message} ${reason ?? ""}`.trim());
        },
        expired: () => 7,
      },
      {
        clock: this.clock,
        log: { verbose: note, info: note, warning: note, error },
        enqueue: { deadlineMs: Number.POSITIVE_INFINITY },
        configOf: () => undefined,
      },
    );
  }

  respond(outputs: readonly WireTensor[], isFinal: boolean): void {
    this.sink?.respond(responseOf(outputs), isFinal);
  }

  /** As many turns as it takes. */
  settle(): number {
    let turns = 0;
    while (this.clock.runNext()) turns += 1;
    return turns;
  }
}

function shown({ name, datatype, chunks, byteLength }: WireTensor): string {
  if (datatype !== "BYTES") return `${name} as it is`;
  const texts = unpackBytes(joinBytes(chunks, byteLength, 1));
  return texts.map((text) => Buffer.from(text).toString()).join(",");
}

const unsupported = "class result not available for output due to unsupported type 'BYTES'";

function bytes(): WireTensor {
  return wireTensor({ name: "y", datatype: "BYTES", shape: [1, 0] }, new Uint8Array());
}

test("the model is not told, and what is not asked for stays as it is", () => {
  const model = new Scripted();
  model.ask([["y", 2]]);
  check.equal(model.given?.classes, undefined);
  model.respond([small(1), floats("z", Float32Array.of(1))], true);
  check.deepEqual(model.heard, ["2.000000:1:dog,1.000000:0:cat z as it is."]);
  check.equal(model.sink?.expired?.(new InferenceError("UNAVAILABLE", "")), 7);
});

test("the responses of a stream, and their credit", () => {
  const model = new Scripted();
  const pending = model.ask();
  model.respond([small(1)], false);
  model.respond([small(2)], false);
  pending.credit(2);
  model.respond([], true);
  check.deepEqual(model.heard, ["2.000000:1:dog", "3.000000:1:dog", "."]);
  check.equal(model.credits, 2);
});

test("a large one takes several turns, and what comes behind it waits", () => {
  const model = new Scripted();
  model.ask();
  model.respond([large(), large()], false);
  model.respond([small(2)], false);
  model.sink?.fail(new InferenceError("INTERNAL", "broken"), "OTHER");
  check.deepEqual(model.heard, []);
  check.ok(model.settle() > 4);
  const zero = "0.000000:0:cat";
  check.deepEqual(model.heard, [`${zero} ${zero}`, "3.000000:1:dog", "broken OTHER"]);
});

test("whoever leaves meanwhile hears of it at once, and of nothing else", () => {
  for (const isFinal of [true, false]) {
    const model = new Scripted();
    const pending = model.ask();
    model.respond([large()], isFinal);
    pending.cancel();
    pending.cancel();
    model.settle();
    check.deepEqual(model.heard, ["Request cancelled CANCELED"]);
  }
});

test("who leaves when he hears a response hears no other", () => {
  const model = new Scripted();
  const pending = model.ask();
  model.onHeard = () => pending.cancel();
  model.respond([large()], false);
  model.respond([small(2)], false);
  model.settle();
  check.deepEqual(model.heard, ["0.000000:0:cat", "Request cancelled CANCELED"]);
  check.equal(model.cancels, 1);
});

test("what cannot be classified fails the request, and ends its stream", () => {
  const model = new Scripted();
  const pending = model.ask();
  model.respond([bytes()], false);
  model.respond([small(1)], true);
  pending.cancel();
  check.deepEqual(model.heard, [unsupported]);
  check.equal(model.cancels, 1);
});

test("the same when it comes before the model has returned", () => {
  const model = new Scripted();
  model.atOnce = (sink) => sink.respond(responseOf([bytes()]), false);
  model.ask();
  check.deepEqual(model.heard, [unsupported]);
  check.equal(model.cancels, 1);
  const last = new Scripted();
  last.atOnce = (sink) => sink.respond(responseOf([bytes()]), true);
  last.ask();
  check.deepEqual([last.heard, last.cancels], [[unsupported], 0]);
});

test("a receiver that fails is logged", () => {
  const model = new Scripted();
  model.onHeard = () => {
    throw new Error("receiver");
  };
  model.ask();
  model.respond([large()], true);
  model.settle();
  check.deepEqual(model.logged, ["the receiver of an answer failed"]);
});

test("labels of an ensemble's output are those of the model that makes it", () => {
  const steps = [
    stepConfig("before", { x: "X" }, { y: "T" }),
    stepConfig("m", { x: "T" }, { z: "U", y: "Y" }),
  ];
  const ensemble = ensembleConfig({ steps, outputs: ["Y", "U", "T"] });
  const outer = ensembleConfig({
    name: "outer",
    outputs: ["A", "B"],
    steps: [stepConfig("e", { X: "X" }, { Y: "A", U: "B" }, 3)],
  });
  const configOf = (name: string, version: unknown): ModelConfig | undefined => {
    if (name === "m") return config;
    return name === "e" && version === 3 ? ensemble : undefined;
  };
  check.deepEqual(labelsOf(outer, "A", configOf), ["cat", "dog"]);
  check.deepEqual(labelsOf(outer, "B", configOf), []);
  check.deepEqual(labelsOf(ensemble, "T", configOf), []);
  const own = { ...ensemble, outputs: ensemble.outputs.map((it) => ({ ...it, labels: ["own"] })) };
  check.deepEqual(labelsOf(own, "Y", configOf), ["own"]);
});
