/** Forms of infer: objects keep their `this`, helpers know their model, and generators show. */
import { strict as check } from "node:assert";
import { test } from "node:test";
import { runBatch } from "../testing/helper-batch.ts";
import { eachRequest } from "./helpers/each-request.ts";
import { fillOptionals } from "./helpers/fill-optionals.ts";
import { groupByValues } from "./helpers/group-by-values.ts";
import type { InferFunction } from "./helpers/helper-types.ts";
import { padBatch } from "./helpers/pad-batch.ts";
import { sample } from "./helpers/sample.ts";
import { type Inputs, model } from "./model.ts";
import { fp32, optional } from "./specifications.ts";
import { Tensor } from "./tensor.ts";

const tensors = {
  inputs: { x: fp32(1), scale: optional(fp32(1)) },
  outputs: { y: fp32(1) },
} as const;
const x = Tensor.from("FP32", [[1], [2]]);
const requests = [{ rows: 1 }, { rows: 1 }];

type Given = Inputs<typeof tensors.inputs>;

class Scaling {
  readonly #factor: number;

  constructor(factor: number) {
    this.#factor = factor;
  }

  infer(given: Given) {
    return { y: given.x.map((value) => value * this.#factor) };
  }
}

class Later extends Scaling {
  async *stream(given: Given) {
    yield await Promise.resolve(this.infer(given));
  }
}

test("an object keeps its this, also within helpers", async () => {
  const plain = model("m", { ...tensors, infer: new Scaling(10) });
  const wrapped = model("m", { ...tensors, infer: padBatch(eachRequest(new Scaling(10))) });
  for (const built of [plain, wrapped]) {
    check.equal(built.isDecoupled, false);
    check.deepEqual((await runBatch(built, { x }, requests)).outputs, { y: [[10], [20]] });
  }
});

test("a method may be a generator, and a function may have fields", async () => {
  const object = new Later(3);
  const streams = model("m", {
    ...tensors,
    infer: { infer: (given) => object.stream(given) },
    decoupled: true,
  });
  const turns = model("m", {
    ...tensors,
    infer: padBatch({
      *infer(given: Given) {
        yield { y: given.x };
      },
    }),
  });
  check.deepEqual([streams.isDecoupled, turns.isDecoupled], [true, true]);
  check.deepEqual((await runBatch(streams, { x }, requests)).told, [
    [undefined, { y: [[3], [6]] }],
  ]);
  const callable = Object.assign((given: Given) => ({ y: given.x }), { infer: 5 });
  check.deepEqual(
    (await runBatch(model("m", { ...tensors, infer: callable }), { x }, requests)).outputs,
    { y: [[1], [2]] },
  );
});

test("a generator shows through helpers; one that says otherwise is refused", () => {
  const define = (definition: object) =>
    model("m", {
      ...tensors,
      ...definition,
      infer: fillOptionals(
        { scale: [1] },
        groupByValues(
          ["scale"],
          sample(async function* (given) {
            yield await Promise.resolve({ y: given.x });
          }),
        ),
      ),
    });
  check.equal(define({}).isDecoupled, true);
  check.throws(() => define({ decoupled: false }), {
    message: "model 'm': 'decoupled' must be true or left out: a generator streams; got false",
  });
});

/** A helper of the user's: what it wraps is hidden from `model()`. */
function counted<In, State, Returned>(
  fn: InferFunction<In, State, Returned>,
): { readonly infer: InferFunction<In, State, Returned>; readonly counts: number[] } {
  const counts: number[] = [];
  return {
    counts,
    infer: (inputs, context) => {
      counts.push(context.rows);
      return fn(inputs, context);
    },
  };
}

test("a helper within a function of the user's knows the model by its context", async () => {
  const sizes: number[] = [];
  const inside = counted(
    padBatch((given: Given, { rows }) => {
      sizes.push(rows);
      return { y: given.x };
    }),
  );
  const built = model("m", { ...tensors, maxBatchSize: 4, infer: inside.infer });
  const other = model("other", { ...tensors, maxBatchSize: 8, infer: inside.infer });
  for (const each of [built, other, built]) {
    check.deepEqual((await runBatch(each, { x }, requests)).outputs, { y: [[1], [2]] });
  }
  check.deepEqual(
    [inside.counts, sizes],
    [
      [2, 2, 2],
      [4, 8, 4],
    ],
  );
});

test("the same within sample: there it has no batch", async () => {
  const inside = counted(
    fillOptionals({ scale: [3] }, (given: Given) => ({ y: given.scale ?? [0] })) as InferFunction<
      Given,
      undefined,
      { y: Tensor<"FP32"> }
    >,
  );
  const built = model("m", { ...tensors, infer: sample(inside.infer) });
  check.deepEqual((await runBatch(built, { x }, requests)).outputs, { y: [[3], [3]] });
});

test("one helper serves several models, each in its own way", async () => {
  const seen: number[] = [];
  const infer = padBatch((given: Given, { rows }) => {
    seen.push(rows);
    return { y: given.x };
  });
  for (const maxBatchSize of [4, 8]) {
    await runBatch(model("m", { ...tensors, maxBatchSize, infer }), { x }, requests);
  }
  check.deepEqual(seen, [4, 8]);
});

test("the context has what the model says of itself", async () => {
  let seen: unknown;
  const built = model("m", {
    ...tensors,
    version: 2,
    maxBatchSize: 4,
    infer: (given, context) => {
      seen = { ...context.model };
      return { y: given.x };
    },
  });
  await runBatch(built, { x }, requests);
  const about = { name: "m", version: 2, options: { maxBatchSize: 4 }, isDecoupled: false };
  check.deepEqual(seen, { ...about, ...tensors });
});
